// How much processor time a process used, and where the rest of its core's time went. Linux only.

import { readdirSync, readFileSync } from "node:fs";
import { coresIn } from "./core-list.ts";

/** Times since some moment in the past, in ms. NaN if the system does not say. */
export interface ProcessorTime {
  /** Used by each thread of the process. */
  threads: ReadonlyMap<string, number>;
  /** Used by all programs on its core, if the process is bound to one. */
  programs: number;
  /** Idle time of that core. */
  idle: number;
  /** Time that other machines of the same hypervisor took while that core had work to do. */
  stolen: number;
}

/** The time of a core since boot, in ms. */
export type CoreTime = Omit<ProcessorTime, "threads">;

const unknown: CoreTime = { programs: Number.NaN, idle: Number.NaN, stolen: Number.NaN };
// The unit of /proc/stat is USER_HZ, a hundredth of a second on every processor that Node runs on.
const tickMs = 10;

/** Reads what a process and its core have done so far. */
export function processorTime(pid: number): ProcessorTime {
  const core = coreOf(pid);
  return { threads: threadTimes(pid), ...(core === undefined ? unknown : coreTime(core)) };
}

/** Reads what a core has done so far. */
export function coreTime(core: number): CoreTime {
  return readCoreTime(readText("/proc/stat"), core);
}

/**
 * Parses the content of /proc/stat. Time spent in interrupts, including those of the network, counts neither as
 * idle nor as any program's. On loopback, interrupts take a fifth of the time that a server keeps its core busy.
 */
export function readCoreTime(stat: string, core: number): CoreTime {
  const line = stat.split("\n").find((each) => each.startsWith(`cpu${core} `));
  if (line === undefined) return unknown;
  // proc_stat(5): user nice system idle iowait irq softirq steal. The guest times are contained in user and nice.
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, , , steal = 0] = line
    .split(" ")
    .slice(1)
    .map((ticks) => Number(ticks) * tickMs);
  return { programs: user + nice + system, idle: idle + iowait, stolen: steal };
}

// The core that a process is bound to, or nothing if it may choose.
function coreOf(pid: number): number | undefined {
  const [, list = ""] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readText(`/proc/${pid}/status`)) ?? [];
  const [core, ...more] = coresIn(list);
  return more.length === 0 ? core : undefined;
}

/**
 * Returns what the threads of a process used between two looks, in ms, or NaN if the system does not say. A thread
 * that ended takes its account with it. Runtimes end helper threads that have been idle for a while, so nothing is
 * missing, but what those threads used before must not count against the others.
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
