// `pnpm bench --generator`: is the load generator fast enough? Compares it with one in C and with itself on Node.

import { spawn } from "node:child_process";
import { type Candidate, compile } from "./candidates.ts";
import { type Generator, nodeGenerator, ownGenerator, startGenerator } from "./generator.ts";
import type { EchoJob } from "./generator-job.ts";
import { type Machine, onCore } from "./machine.ts";
import { MeasuredServer } from "./measured-server.ts";
import { bold, tell } from "./print.ts";
import { estimate, median } from "./statistics.ts";
import { interval, number, percent } from "./words.ts";

/** Runs one echo job. */
export type Echo = (job: EchoJob) => Promise<{ count: number; ms: number; generatorBusy: number }>;
type EchoLoad = Pick<EchoJob, "size" | "depth" | "connections">;

/** The servers and loads to compare, and how long to measure. */
export interface GeneratorComparison {
  servers: readonly Candidate[];
  loads: readonly EchoLoad[];
  pairs: number;
  warmupMs: number;
  measureMs: number;
  firstWarmupMs: number;
  machine: Machine;
  signal: AbortSignal;
}

/** Prints the ratio of messages per second for each server and load. The generators run one right after the other. */
export async function compareGenerators(comparison: GeneratorComparison): Promise<void> {
  const { machine, servers, loads, signal } = comparison;
  const core = machine.pinned?.generator;
  const own = startGenerator(core, signal, ownGenerator);
  const node = startGenerator(core, signal, nodeGenerator);
  const echoes = [runner(own), inC(core, signal), runner(node)];
  try {
    for (const server of servers) {
      console.log(`\n${bold(server.title)}`);
      for (const load of loads) console.log(`  ${await compared(comparison, server, load, echoes)}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    for (const generator of [own, node]) generator.end();
  }
}

async function compared(
  comparison: GeneratorComparison,
  candidate: Candidate,
  load: EchoLoad,
  echoes: Echo[],
): Promise<string> {
  const { pairs, warmupMs, measureMs, firstWarmupMs, machine, signal } = comparison;
  const { size, depth, connections } = load;
  const what = `${size.toLocaleString("en")} bytes, ${depth} under way on each of ${connections}`;
  const server = await MeasuredServer.start(candidate, machine.pinned?.server);
  const job: EchoJob = { kind: "echo", peer: server.peer, dialect: "bytes", ...load, warmupMs, measureMs };
  const rounds: number[][] = [];
  const busy: number[] = [];
  try {
    for (const echo of echoes) await echo({ ...job, warmupMs: firstWarmupMs, measureMs: 1 });
    for (let round = 0; round < pairs; round++) {
      signal.throwIfAborted();
      tell(`${what}, ${round + 1} of ${pairs}`);
      const slices = await inTurn(echoes, job, round);
      rounds.push(slices.map(({ count, ms }) => (count / ms) * 1_000));
      busy.push(slices[0]?.generatorBusy ?? Number.NaN);
    }
  } finally {
    tell("");
    await server.stop();
  }
  return `${what.padEnd(48)} ${verdictOf(rounds, busy)}`;
}

// Every other round goes in reverse order.
async function inTurn(echoes: readonly Echo[], job: EchoJob, round: number) {
  const slices: Awaited<ReturnType<Echo>>[] = [];
  const order = [...echoes.keys()];
  for (const index of round % 2 === 0 ? order : order.toReversed()) {
    slices[index] = await (echoes[index] as Echo)(job);
  }
  return slices;
}

function verdictOf(rounds: readonly number[][], busy: readonly number[]): string {
  const beside = (index: number) =>
    interval(estimate(rounds.map((round) => (round[index] ?? Number.NaN) / (round[1] ?? Number.NaN))));
  const rates = rounds.map(([own]) => own ?? Number.NaN);
  const own = `${number(median(rates))}/s, ${percent(median(busy))} busy`;
  return `${beside(0)} of C (${own}); on Node ${beside(2)} of C`;
}

function runner(generator: Generator): Echo {
  return (job) => generator.run(job);
}

/**
 * Returns the generator in C as a function that runs one job on this core. Throws if there is no C compiler to build it
 * with.
 */
export function inC(core: number | undefined, signal: AbortSignal): Echo {
  const binary = compile("generator");
  if (binary === undefined) throw new Error("there is no C compiler to build references/generator.c with");
  return async ({ peer, connections, depth, size, warmupMs, measureMs }) => {
    const numbers = [connections, depth, size, warmupMs, measureMs].map(String);
    const [command = "", ...args] = onCore(core, [binary, String(peer.port), peer.path ?? "-", ...numbers]);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], detached: true, signal });
    // If the compiler failed, the missing output file shows it.
    child.on("error", () => {});
    const text = Buffer.concat(await child.stdout.toArray()).toString();
    if (text === "") throw new Error("the generator in C has ended");
    return JSON.parse(text) as Awaited<ReturnType<Echo>>;
  };
}
