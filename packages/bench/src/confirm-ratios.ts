// `pnpm bench <server> --generator`: does another load generator, the one in C, find the same differences?

import type { Candidate } from "./candidates.ts";
import { type Echo, inC } from "./compare-generators.ts";
import type { EchoJob } from "./generator-job.ts";
import type { Machine } from "./machine.ts";
import { MeasuredServer } from "./measured-server.ts";
import { bold, tell } from "./print.ts";
import { processorTime, runningTime } from "./processor.ts";
import { estimate } from "./statistics.ts";
import { interval } from "./words.ts";

/** The servers to compare with their controls, and how. */
export interface Confirmation {
  servers: readonly Candidate[];
  everybody: readonly Candidate[];
  load: Pick<EchoJob, "size" | "depth" | "connections">;
  pairs: number;
  /** Milliseconds of full load before the first pair. */
  firstWarmupMs: number;
  /** Milliseconds of each slice. The handshakes count, too, so it should be long. */
  measureMs: number;
  machine: Machine;
  signal: AbortSignal;
}

interface MeasuredSlice {
  rate: number;
  /** Microseconds of processor time per message. */
  cost: number;
}

/** Prints, for each server, how its processor time per message and its throughput compare with its control's. */
export async function confirmRatios(confirmation: Confirmation): Promise<void> {
  const { servers, everybody, load, machine, signal } = confirmation;
  const echo = inC(machine.pinned?.generator, signal);
  const what = `${load.size} bytes, ${load.depth} under way on each of ${load.connections} connections`;
  console.log(bold(`${what}, by references/generator.c`));
  try {
    for (const server of servers) {
      const control = everybody.find(({ id }) => id === server.control);
      if (control) console.log(`  ${await confirmed(confirmation, echo, server, control)}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function confirmed(
  { load, pairs, machine, signal, firstWarmupMs, measureMs }: Confirmation,
  echo: Echo,
  own: Candidate,
  control: Candidate,
): Promise<string> {
  const slice = ({ peer }: MeasuredServer, measureMs: number): Promise<MeasuredSlice> =>
    sliceOf(echo, { kind: "echo", peer, dialect: "bytes", ...load, warmupMs: 0, measureMs });
  const running = [
    await MeasuredServer.start(own, machine.pinned?.server),
    await MeasuredServer.start(control, machine.pinned?.server),
  ] as const;
  const found: [own: MeasuredSlice, control: MeasuredSlice][] = [];
  try {
    for (const server of running) await slice(server, firstWarmupMs);
    for (let pair = 0; pair < pairs; pair++) {
      signal.throwIfAborted();
      tell(`${own.title}, ${pair + 1} of ${pairs}`);
      const [first, second] = pair % 2 === 0 ? running : running.toReversed();
      const slices = [await slice(first, measureMs), await slice(second, measureMs)];
      found.push((pair % 2 === 0 ? slices : slices.toReversed()) as [MeasuredSlice, MeasuredSlice]);
    }
  } finally {
    tell("");
    for (const server of running) await server.stop();
  }
  const ratio = (of: keyof MeasuredSlice) =>
    interval(estimate(found.map(([one, other]) => one[of] / other[of])));
  return `${own.title.padEnd(30)} ${ratio("cost")} the processor time of ${control.title} per message, ${ratio("rate")} its messages/s`;
}

async function sliceOf(echo: Echo, job: EchoJob): Promise<MeasuredSlice> {
  const { pid } = job.peer;
  const before = processorTime(pid);
  const { count, ms } = await echo(job);
  const used = runningTime(before, processorTime(pid));
  return { rate: (count / ms) * 1_000, cost: (used * 1_000) / count };
}
