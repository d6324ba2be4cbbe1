// How much processor time a process has had, and what became of the rest of its core: Linux only.

import { readdirSync, readFileSync } from "node:fs";
import { listOf } from "./words.ts";

/** What was used since some moment in the past, in ms; NaN where the system does not say. */
export interface ProcessorTime {
  /** By the process, all threads together. */
  running: number;
  /** By all programs on its core, if it is bound to one. */
  programs: number;
  /** By nobody, on that core. */
  idle: number;
  /** By other machines of the same hypervisor, when that core had something to do. */
  stolen: number;
}

/** What a core did since the machine began, in ms. */
export type CoreTime = Omit<ProcessorTime, "running">;

const unknown: CoreTime = { programs: Number.NaN, idle: Number.NaN, stolen: Number.NaN };
// The unit of /proc/stat is a hundredth of a second: USER_HZ, the same on all processors that Node runs on.
const tickMs = 10;

/** What a process and its core have done so far. */
export function processorTime(pid: number): ProcessorTime {
  const core = coreOf(pid);
  return { running: runningTime(pid), ...(core === undefined ? unknown : coreTime(core)) };
}

/** What a core has done so far. */
export function coreTime(core: number): CoreTime {
  return readCoreTime(readText("/proc/stat"), core);
}

/**
 * Reads the content of /proc/stat. What interrupts used, the network's among them, is neither idle nor any program's:
 * on loopback a fifth of what a server makes its core do.
 */
export function readCoreTime(stat: string, core: number): CoreTime {
  const line = stat.split("\n").find((each) => each.startsWith(`cpu${core} `));
  if (line === undefined) return unknown;
  // proc_stat(5): user nice system idle iowait irq softirq steal; guests are contained in user and nice.
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, , , steal = 0] = line
    .split(" ")
    .slice(1)
    .map((ticks) => Number(ticks) * tickMs);
  return { programs: user + nice + system, idle: idle + iowait, stolen: steal };
}

// The core that a process is bound to; nothing if it may choose.
function coreOf(pid: number): number | undefined {
  const [, list = ""] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readText(`/proc/${pid}/status`)) ?? [];
  const [core, ...more] = listOf(list);
  return more.length === 0 ? core : undefined;
}

// The first number of schedstat is the time spent on a processor, in ns (proc_pid_schedstat(5)).
function runningTime(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    // One that has ended between the two looks has no text.
    const times = threads.map((thread) =>
      Number(readText(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]),
    );
    return times.reduce((sum, time) => sum + time, 0) / 1e6;
  } catch {
    return Number.NaN;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
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
