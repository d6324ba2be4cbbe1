import type { Slice } from "../job.ts";
import { type ProcessorTime, processorTime } from "../processor.ts";
import type { Trouble } from "./trouble.ts";

/** What is read at the beginning and at the end of what is measured. */
export interface Look {
  at: number;
  count: number;
  server: ProcessorTime;
  generator: ProcessorTime;
}

export function look(pid: number, count: number): Look {
  return { at: performance.now(), count, server: timeOf(pid), generator: timeOf(process.pid) };
}

function timeOf(pid: number): ProcessorTime {
  return processorTime(pid) ?? { running: Number.NaN, waiting: Number.NaN };
}

/** What happened between two looks. */
export function between(before: Look, after: Look): Slice {
  const ms = after.at - before.at;
  return {
    count: after.count - before.count,
    ms,
    serverBusy: (after.server.running - before.server.running) / ms,
    serverWaited: (after.server.waiting - before.server.waiting) / ms,
    generatorBusy: (after.generator.running - before.generator.running) / ms,
    generatorWaited: (after.generator.waiting - before.generator.waiting) / ms,
  };
}

/** Looks, lets the time pass, looks again; rejects as soon as there is trouble. */
export async function watch(
  { peer, warmupMs, measureMs }: { peer: { pid: number }; warmupMs: number; measureMs: number },
  count: () => number,
  trouble: Trouble,
  begin: () => void = () => {},
): Promise<Slice> {
  await trouble.orEnd(pause(warmupMs));
  const before = look(peer.pid, count());
  begin();
  await trouble.orEnd(pause(measureMs));
  return between(before, look(peer.pid, count()));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const settleMs = 5_000;

/** Gives what is under way a while to come; whoever waits looks afterwards whether it did. */
export async function settled(done: () => boolean, patienceMs = settleMs): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!done() && performance.now() < deadline) await pause(1);
}
