// How much processor time a process has had, and what became of the rest of its core: Linux only.

import { readdirSync, readFileSync } from "node:fs";
import { listOf } from "./words.ts";

/** What was used since some moment in the past, in ms; NaN where the system does not say. */
export interface ProcessorTime {
  /** By each thread of the process. */
  threads: ReadonlyMap<string, number>;
  /** By all programs on its core, if it is bound to one. */
  programs: number;
  /** By nobody, on that core. */
  idle: number;
  /** By other machines of the same hypervisor, when that core had something to do. */
  stolen: number;
}

/** What a core did since the machine began, in ms. */
export type CoreTime = Omit<ProcessorTime, "threads">;

const unknown: CoreTime = { programs: Number.NaN, idle: Number.NaN, stolen: Number.NaN };
// The unit of /proc/stat is a hundredth of a second: USER_HZ, the same on all processors that Node runs on.
const tickMs = 10;

/** What a process and its core have done so far. */
export function processorTime(pid: number): ProcessorTime {
  const core = coreOf(pid);
  return { threads: threadTimes(pid), ...(core === undefined ? unknown : coreTime(core)) };
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

/**
 * What the threads of a process used between two looks, in ms; NaN where the system does not say. A thread that has
 * ended took its account with it: a runtime ends its helpers when they have had nothing to do for a while, so that
 * nothing is missing, but what they used before must not count against the others.
 */
export function runningTime(before: ProcessorTime, after: ProcessorTime): number {
  if (after.threads.size === 0) return Number.NaN;
  return [...after.threads].reduce((sum, [thread, ms]) => sum + ms - (before.threads.get(thread) ?? 0), 0);
}

// The first number of schedstat is the time spent on a processor, in ns (proc_pid_schedstat(5)).
function threadTimes(pid: number): Map<string, number> {
  const times = new Map<string, number>();
  for (const thread of threadsOf(pid)) {
    const [ns = ""] = readText(`/proc/${pid}/task/${thread}/schedstat`).split(" ");
    if (ns !== "") times.set(thread, Number(ns) / 1e6);
  }
  return times;
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
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
