// Describes the machine, and picks the cores for server and generator.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { coresIn } from "./core-list.ts";
import { coreTime } from "./processor.ts";

/** The machine, stored with every run. */
export interface Machine {
  platform: string;
  cpu: string;
  cores: number;
  memoryBytes: number;
  /** How the processor chooses its frequency, if the system says. */
  governor: string | undefined;
  /** The load average of the last minute before the run: other programs at work. */
  load: number;
  /** The cores of the server and the generator. Nothing if a process cannot be bound to a core. */
  pinned: { server: number; generator: number } | undefined;
}

/** Two cores. */
export type Cores = NonNullable<Machine["pinned"]>;

/** Describes this machine. `cores` overrides the choice of the first two. */
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

/**
 * Returns how long the hypervisor has kept the two cores from this machine since boot, in ms. NaN if the system does
 * not say.
 */
export function stolenTime({ pinned }: Machine): number {
  return pinned ? coreTime(pinned.server).stolen + coreTime(pinned.generator).stolen : Number.NaN;
}

/** Returns the command bound to one core, where that is possible. */
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

/**
 * Returns the first core, and the first other one that is not a thread of the same core: two threads share one core's
 * capacity.
 */
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
  return coresIn(readLine(`/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`) ?? "");
}

/** Returns the cores that this process may use. Empty if the system does not say. */
export function allowedCores(): number[] {
  const [, list = ""] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readLine("/proc/self/status") ?? "") ?? [];
  return coresIn(list);
}

function readLine(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}
