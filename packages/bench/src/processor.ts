// How much processor time a process has had: Linux only, in nanoseconds for each of its threads.

import { readdirSync, readFileSync } from "node:fs";

/** What a process had of its cores since it began, all threads together, in ms. */
export interface ProcessorTime {
  running: number;
  /** Ready to run, while others had the core. */
  waiting: number;
}

/** Nothing where the system does not say. */
export function processorTime(pid: number): ProcessorTime | undefined {
  try {
    const total = { running: 0, waiting: 0 };
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const { running, waiting } = threadTime(pid, thread);
      total.running += running;
      total.waiting += waiting;
    }
    return total;
  } catch {
    return undefined;
  }
}

// The first numbers of schedstat are the times spent on a processor and in its queue, in ns (proc_pid_schedstat(5)).
function threadTime(pid: number, thread: string): ProcessorTime {
  try {
    const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
    const [running = 0, waiting = 0] = text.split(" ").map(Number);
    return { running: running / 1e6, waiting: waiting / 1e6 };
  } catch {
    // The thread has ended between the two looks.
    return { running: 0, waiting: 0 };
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
