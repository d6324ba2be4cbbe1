// `pnpm bench --load`: does a server bear this load on one core of this machine?

import type { Candidate } from "./candidates.ts";
import { GeneratorEnded, startGenerator } from "./generator.ts";
import type { LoadJob, Slice } from "./generator-job.ts";
import { lateness } from "./judge-slices.ts";
import type { LoadOrder } from "./load-order.ts";
import type { Machine } from "./machine.ts";
import { MeasuredServer } from "./measured-server.ts";
import { bold, dim } from "./print.ts";
import { application } from "./scenarios.ts";
import { type Estimate, estimate } from "./statistics.ts";
import { number, percent } from "./words.ts";

/** 99 of 100 deliveries must come within this time of when they were due, in ms. */
const patienceMs = 1_000;

/** Puts the load on one server after the other and prints a line for each. */
export async function askLoad(
  order: LoadOrder,
  servers: readonly Candidate[],
  { pinned }: Machine,
  signal: AbortSignal,
): Promise<void> {
  console.log(
    bold(`${order.conns} connections in rooms of ${order.fanout} + 1, ${order.rate} messages/s in all`),
  );
  const generator = startGenerator(pinned?.generator, signal);
  try {
    for (const candidate of servers) {
      signal.throwIfAborted();
      const slice = await ask(order, candidate, pinned?.server, (job) => generator.run(job));
      signal.throwIfAborted();
      console.log(`${candidate.title.padEnd(30)} ${answerOf(slice)}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    generator.end();
  }
}

async function ask(
  { conns, rate, size, fanout }: LoadOrder,
  candidate: Candidate,
  core: number | undefined,
  run: (job: LoadJob) => Promise<Slice>,
): Promise<Slice | Error> {
  const time = { warmupMs: 2_000, measureMs: 1_000, parts: 10 };
  let server: MeasuredServer | undefined;
  try {
    server = await MeasuredServer.start(candidate, core, { MAX_ROOMS: "100000" });
    const peer = application(server.peer);
    return await run({ kind: "load", peer, connections: conns, rate, size, fanout, ...time });
  } catch (error) {
    if (error instanceof GeneratorEnded) throw error;
    return error as Error;
  } finally {
    await server?.stop();
  }
}

/** Returns a line that says whether the load holds, and at what cost. */
export function answerOf(slice: Slice | Error): string {
  if (slice instanceof Error) return `${bold("does not hold")}: ${slice.message}`;
  const { parts = [], latency, missing = 0 } = slice;
  const objection = lateness(parts);
  if (objection && objection.verdict !== "refused")
    return `${bold("nothing can be said")}, ${objection.verdict}: ${objection.why}`;
  const worst = (latency?.p99 ?? Number.NaN) / 1_000;
  const late = `99 in 100 came within ${number(worst)} ms`;
  const cost = costOf(parts);
  if (objection) return `${bold("does not hold")}: ${objection.why}; ${cost}`;
  if (missing > 0)
    return `${bold("does not hold")}: ${missing.toLocaleString("en")} deliveries did not come; ${cost}`;
  if (!(worst <= patienceMs)) return `${bold("does not hold")}: ${late}; ${cost}`;
  return `${bold("holds")}: ${cost}; ${dim(late)}`;
}

function costOf(parts: readonly Slice[]): string {
  const busy = estimate(parts.map(({ serverMs, ms }) => serverMs / ms));
  const memory = estimate(parts.map(({ residentBytes = Number.NaN }) => residentBytes / 2 ** 20));
  return `${within(busy, percent)} of a core, ${within(memory, number)} MiB in RAM`;
}

function within({ value, low, high }: Estimate, say: (value: number) => string): string {
  return `${say(value)} [${say(low)}–${say(high)}]`;
}
