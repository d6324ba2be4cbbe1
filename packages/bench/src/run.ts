// A whole run: correctness first, then one measure after the other, with everything written down.

import type { Candidate } from "./candidates.ts";
import { findWrong } from "./correctness.ts";
import { GeneratorEnded, startGenerator } from "./generator.ts";
import { type Machine, stolenTime } from "./machine.ts";
import { Measurement } from "./measure.ts";
import { settings } from "./measured-server.ts";
import type { Bench, Method } from "./method-session.ts";
import { bold, printMeasure, printSelfComparison, tell, yellow } from "./print.ts";
import { type BenchResults, type Measure, titlesIn } from "./results.ts";
import { noises } from "./self-comparison.ts";
import { ServerPool } from "./server-pool.ts";
import type { Noise } from "./statistics.ts";
import { readCommit, readVersions } from "./versions.ts";

/** An order to run the bench. */
export interface Order {
  methods: readonly Method[];
  candidates: readonly Candidate[];
  everybody: readonly Candidate[];
  machine: Machine;
  /** How many rounds the pairs of every measure are spread over. Each round starts its own processes. */
  rounds: number;
  quick: boolean;
  signal: AbortSignal;
}

/** Runs the measures. When `signal` interrupts, the result is what was measured until then. */
export async function run(order: Order): Promise<BenchResults> {
  const { candidates, everybody, machine, signal } = order;
  const generator = startGenerator(machine.pinned?.generator, signal);
  const core = machine.pinned?.server;
  const pool = new ServerPool(core);
  const bench = { generator, candidates, everybody, core, pool, tell, signal };
  const results = begun(order);
  const before = { at: performance.now(), stolen: stolenTime(machine) };
  try {
    const refused = await findWrong(bench);
    tell("");
    for (const [id, why] of refused) console.log(`${yellow("refused")} ${id}: ${why}`);
    const fit = { ...bench, refused };
    await measure(order, fit, results);
    results.complete = true;
  } catch (error) {
    if (!signal.aborted && !(error instanceof GeneratorEnded)) throw error;
    if (!signal.aborted) fail((error as Error).message);
  } finally {
    tell("");
    generator.end();
    await pool.stop();
  }
  const stolen = (stolenTime(machine) - before.stolen) / (2 * (performance.now() - before.at));
  if (Number.isFinite(stolen)) results.stolen = stolen;
  return { ...results, measures: results.measures.filter(({ rows }) => rows.length > 0) };
}

// Ends the run. Complete results are kept.
function fail(why: string): void {
  console.error(yellow(`${why}: the run stops here`));
  process.exitCode = 1;
}

// First the same server twice, before any servers are compared.
async function equals(
  methods: readonly Method[],
  bench: Bench,
  { selfComparisons, candidates }: BenchResults,
): Promise<ReadonlyMap<Method, Noise>> {
  if (methods.every(({ pairs }) => pairs < 2)) return new Map();
  console.log(`\n${bold("noise")} the same server twice`);
  return await noises(methods, bench, (each) => {
    selfComparisons.push(each);
    tell("");
    console.log(printSelfComparison(each, titlesIn(candidates)));
  });
}

// Every measure runs in each round, so its pairs are minutes apart and come from several processes. A bad moment of
// the machine, or an unlucky process, is outvoted. Where rounds disagree, the interval is wide.
async function measure(order: Order, bench: Bench & { pool: ServerPool }, results: BenchResults) {
  const { methods } = order;
  const rounds = Math.min(order.rounds, Math.max(...methods.map(({ pairs }) => pairs)));
  const noiseIn = await equals(methods, bench, results);
  const measurements = methods.map((method) => new Measurement(method, bench, noiseIn.get(method)));
  results.measures = measurements.map((each) => each.measure);
  results.rounds = { done: 0, wanted: rounds };
  const untold = new Set(results.measures);
  try {
    for (let round = 1; round <= rounds; round++) {
      if (rounds > 1) console.log(`\n${bold(`round ${round} of ${rounds}`)}`);
      for (const [index, { pairs }] of methods.entries()) {
        const measurement = measurements[index] as Measurement;
        await measurement.fill(Math.ceil((pairs * round) / rounds));
        if (round < rounds) continue;
        print(measurement.measure, results);
        untold.delete(measurement.measure);
      }
      await bench.pool.stop();
      results.rounds.done = round;
    }
  } finally {
    for (const each of untold) if (each.rows.length > 0) print(each, results);
  }
}

function print(measure: Measure, { candidates }: BenchResults): void {
  tell("");
  console.log(`\n${bold(measure.scenario)} ${measure.title}\n${printMeasure(measure, titlesIn(candidates))}`);
}

function begun({ everybody, machine, quick }: Order): BenchResults {
  return {
    ...{ date: new Date().toISOString(), commit: readCommit(), quick, complete: false, machine },
    versions: readVersions(),
    settings,
    candidates: everybody.map(({ id, title, kind, control }) => ({
      id,
      title,
      kind,
      ...(control && { control }),
    })),
    selfComparisons: [],
    measures: [],
  };
}
