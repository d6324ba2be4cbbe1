// How much processor time a process has had: Linux only, in nanoseconds for each of its threads.

import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds on a processor since the process began, all threads together; nothing where the system does not say. */
export function processorMs(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + threadMs(pid, thread), 0);
  } catch {
    return undefined;
  }
}

// The first number of schedstat is the time spent on a processor, in ns (proc_pid_schedstat(5)).
function threadMs(pid: number, thread: string): number {
  try {
    const [running = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return Number(running) / 1e6;
  } catch {
    // The thread has ended between the two looks.
    return 0;
  }
}

/** Bytes of memory that a process has in RAM, shared pages included. */
export function residentBytes(pid: number): number | undefined {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}
