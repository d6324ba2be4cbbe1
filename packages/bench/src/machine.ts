// What the figures were measured on, and which core is whose.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";

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

/** The command on one core, where that can be had. */
export function onCore(core: number | undefined, command: readonly string[]): string[] {
  return core === undefined ? [...command] : ["taskset", "-c", String(core), ...command];
}

function pinning(asked: Cores | undefined): Cores | undefined {
  if (platform() !== "linux" || availableParallelism() < 2) return undefined;
  const [server, generator] = asked ? [asked.server, asked.generator] : allowedCores();
  if (server === undefined || generator === undefined) return undefined;
  const works = [server, generator].every(
    (core) => spawnSync("taskset", ["-c", String(core), "true"]).status === 0,
  );
  return works ? { server, generator } : undefined;
}

// Those that this process may use: `0-3,6`.
function allowedCores(): number[] {
  const [, list = ""] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return list.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

function readLine(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}
