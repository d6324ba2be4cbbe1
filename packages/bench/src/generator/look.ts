import type { Slice } from "../generator-job.ts";
import { type ProcessorTime, processorTime, runningTime } from "../processor.ts";
import { countCalls } from "./system-calls.ts";
import type { Trouble } from "./trouble.ts";

/** The readings at the beginning and at the end of a measurement. */
export interface Look {
  at: number;
  count: number;
  server: ProcessorTime;
  generator: ProcessorTime;
}

export function look(pid: number, count: number): Look {
  return { at: performance.now(), count, server: processorTime(pid), generator: processorTime(process.pid) };
}

/** Returns what happened between two looks. */
export function between(before: Look, after: Look): Slice {
  const ms = after.at - before.at;
  const server = useOf(before.server, after.server, ms);
  const generator = useOf(before.generator, after.generator, ms);
  return {
    count: after.count - before.count,
    ms,
    ...{ serverMs: server.runningMs, serverBusy: server.busy, serverTaken: server.taken },
    ...{ generatorBusy: generator.busy, generatorTaken: generator.taken },
  };
}

function useOf(before: ProcessorTime, after: ProcessorTime, ms: number) {
  const runningMs = runningTime(before, after);
  const idle = (after.idle - before.idle) / ms;
  const others = after.programs + after.stolen - before.programs - before.stolen - runningMs;
  // A process that is not bound to a core has no core that could be idle.
  const busy = Number.isNaN(idle) ? runningMs / ms : 1 - idle;
  // The two clocks may differ by a tick.
  return { runningMs, busy: Math.max(0, busy), taken: Math.max(0, others / ms) };
}

interface WatchOptions {
  peer: { pid: number };
  warmupMs: number;
  measureMs: number;
  /** See `EchoJob.countsCalls`. */
  countsCalls?: boolean;
}

/** Takes a look, lets the time pass, and takes another. Rejects as soon as there is trouble. */
export async function watch(
  { peer, warmupMs, measureMs, countsCalls = false }: WatchOptions,
  count: () => number,
  trouble: Trouble,
  begin: () => void = () => {},
): Promise<Slice> {
  await trouble.orEnd(pause(warmupMs));
  const endCount = countsCalls ? await trouble.orEnd(countCalls(peer.pid)) : undefined;
  const before = look(peer.pid, count());
  begin();
  await trouble.orEnd(pause(measureMs));
  const slice = between(before, look(peer.pid, count()));
  return endCount ? { ...slice, calls: await endCount() } : slice;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const settleMs = 5_000;

/** Gives messages under way some time to arrive. The caller checks afterwards whether they did. */
export async function settled(done: () => boolean, patienceMs = settleMs): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!done() && performance.now() < deadline) await pause(1);
}
