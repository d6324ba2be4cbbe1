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

// Those that this process may use.
function allowedCores(): number[] {
  const [, list = ""] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return listOf(list);
}

/** Reads the kernel's lists of cores: `0-3,6`. */
export function listOf(text: string): number[] {
  if (text === "") return [];
  return text.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** How long cores have been there, and for how much of it not for us. */
export interface CoreTime {
  total: number;
  /** A hypervisor ran other machines on the core while this one had work for it: proc_stat(5). */
  stolen: number;
}

/** The time of some cores since the machine began, in the system's ticks; of all cores where none is given. */
export function coreTime(cores?: Cores): CoreTime {
  return readCoreTime(readText("/proc/stat") ?? "", cores);
}

/** Reads the content of /proc/stat. */
export function readCoreTime(stat: string, cores?: Cores): CoreTime {
  const names = cores ? [`cpu${cores.server}`, `cpu${cores.generator}`] : ["cpu"];
  const lines = stat.split("\n").map((line) => line.split(/\s+/));
  const times = lines.flatMap(([name = "", ...ticks]) => (names.includes(name) ? [ticks.map(Number)] : []));
  // user nice system idle iowait irq softirq steal; what follows is contained in the first two.
  return {
    total: times.reduce((sum, ticks) => sum + ticks.slice(0, 8).reduce((a, b) => a + b, 0), 0),
    stolen: times.reduce((sum, [, , , , , , , steal = 0]) => sum + steal, 0),
  };
}

function readLine(file: string): string | undefined {
  return readText(file)?.trim();
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
