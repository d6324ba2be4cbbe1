// What the figures were measured on, and which core is whose.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { coreTime } from "./processor.ts";
import { listOf } from "./words.ts";

/** The machine, stored with every run. */
export interface Machine {
  platform: string;
  cpu: string;
  cores: number;
  memoryBytes: number;
  /** How the processor chooses its frequency, if the system says. */
  governor: string | undefined;
  /** The load of the last minute when the run began: others at work. */
  load: number;
  /** Which core the server has and which the generator; nothing where a process cannot be bound to one. */
  pinned: { server: number; generator: number } | undefined;
}

/** Two cores. */
export type Cores = NonNullable<Machine["pinned"]>;

/** Reads what there is to know; `cores` are taken instead of the first two. */
export function readMachine(cores?: Cores): Machine {
  const [first] = cpus();
  return {
    platform: `${platform()} ${release()}`,
    cpu: first?.model ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    governor: readLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    pinned: pinning(cores),
  };
}

/** How long a hypervisor has kept the two cores from this machine, in ms since it began; NaN where nobody says. */
export function stolenTime({ pinned }: Machine): number {
  return pinned ? coreTime(pinned.server).stolen + coreTime(pinned.generator).stolen : Number.NaN;
}

/** The command on one core, where that can be had. */
export function onCore(core: number | undefined, command: readonly string[]): string[] {
  return core === undefined ? [...command] : ["taskset", "-c", String(core), ...command];
}

function pinning(asked: Cores | undefined): Cores | undefined {
  if (platform() !== "linux" || availableParallelism() < 2) return undefined;
  const [server, generator] = asked ? [asked.server, asked.generator] : twoCores(allowedCores(), siblingsOf);
  if (server === undefined || generator === undefined) return undefined;
  const works = [server, generator].every(
    (core) => spawnSync("taskset", ["-c", String(core), "true"]).status === 0,
  );
  return works ? { server, generator } : undefined;
}

/** The first core and the first other that is not a thread of the same one: two threads share what a core can do. */
export function twoCores(
  allowed: readonly number[],
  siblings: (core: number) => readonly number[],
): [server?: number, generator?: number] {
  const [first, second] = allowed;
  if (first === undefined || second === undefined) return [];
  const shared = siblings(first);
  return [first, allowed.find((core) => core !== first && !shared.includes(core)) ?? second];
}

function siblingsOf(core: number): number[] {
  return listOf(readLine(`/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`) ?? "");
}

/** The cores that this process may use; none where the system does not say. */
export function allowedCores(): number[] {
  const [, list = ""] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readLine("/proc/self/status") ?? "") ?? [];
  return listOf(list);
}

function readLine(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}
