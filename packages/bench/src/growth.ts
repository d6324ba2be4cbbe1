// `pnpm bench --growth`: does an operation cost more, the more a server has to keep in mind?

import type { Candidate } from "./candidates.ts";
import { type Generator, GeneratorEnded, startGenerator } from "./generator.ts";
import type { GrowthJob, Slice } from "./generator-job.ts";
import { fairest, type GrowthPoint, slopeOf, verdictOf } from "./growth-curve.ts";
import type { Machine } from "./machine.ts";
import { MeasuredServer } from "./measured-server.ts";
import { bold, tell } from "./print.ts";
import { application } from "./scenarios.ts";
import { number } from "./words.ts";

/** A curve: what grows, how far it grows, and which operation is measured beside it. */
interface Curve {
  of: GrowthJob["of"];
  operation: string;
  sizes: readonly number[];
}

// A server remembers 10,000 clients, so that in the last step each new one needs the place of another.
const curves: readonly Curve[] = [
  { of: "connections", operation: "an arrival beside open connections", sizes: [100, 1_000, 10_000] },
  { of: "clients", operation: "an arrival after clients that left", sizes: [100, 1_000, 12_000] },
  { of: "rooms", operation: "a publication in one of many rooms", sizes: [100, 1_000, 10_000] },
  { of: "members", operation: "a delivery to one of many members", sizes: [10, 100, 1_000, 8_000] },
];

const time = { warmupMs: 200, measureMs: 400, parts: 5 };
/** Milliseconds of full load before the first point of a curve, because the compiler optimizes code that has run. */
const firstWarmupMs = 1_500;

/** Prints a line for each curve of each server. */
export async function measureGrowth(
  servers: readonly Candidate[],
  { pinned }: Machine,
  signal: AbortSignal,
): Promise<void> {
  const generator = startGenerator(pinned?.generator, signal);
  try {
    for (const candidate of servers) {
      console.log(`\n${bold(candidate.title)}`);
      for (const curve of curves) {
        signal.throwIfAborted();
        tell(`${candidate.title}: ${curve.operation}`);
        const points = await pointsOf(curve, candidate, pinned?.server, generator);
        tell("");
        console.log(
          `  ${curve.operation.padEnd(38)} ${points instanceof Error ? points.message : told(points)}`,
        );
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    generator.end();
  }
}

// Each point has a process of its own, so that nothing is left of the point before.
async function pointsOf(
  { of, sizes }: Curve,
  candidate: Candidate,
  core: number | undefined,
  generator: Generator,
): Promise<GrowthPoint[] | Error> {
  const points: GrowthPoint[] = [];
  for (const size of sizes) {
    let server: MeasuredServer | undefined;
    try {
      server = await MeasuredServer.start(candidate, core, { MAX_ROOMS: "100000" });
      const job: GrowthJob = { kind: "growth", peer: application(server.peer), of, size, ...time };
      const first = Math.min(size, 100);
      await generator.run({ ...job, size: first, warmupMs: firstWarmupMs, measureMs: 1, parts: 1 });
      const { parts = [] } = await generator.run(job);
      points.push({ size, cost: fairest(parts.map(microseconds)) });
    } catch (error) {
      if (error instanceof GeneratorEnded) throw error;
      return error as Error;
    } finally {
      await server?.stop();
    }
  }
  return points;
}

function microseconds({ serverMs, count }: Slice): number {
  return (serverMs * 1_000) / count;
}

function told(points: readonly GrowthPoint[]): string {
  const steps = points.map(({ size, cost }) => `${size.toLocaleString("en")}: ${number(cost)} µs`).join(", ");
  return `${steps}; ${verdictOf(points)} (slope ${slopeOf(points).toFixed(2)})`;
}
