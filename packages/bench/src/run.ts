// A whole run: correctness first, then one measure after the other, and everything written down.

import type { Candidate } from "./candidates.ts";
import { findWrong } from "./correctness.ts";
import { GeneratorEnded, startGenerator } from "./generator.ts";
import { type Machine, stolenTime } from "./machine.ts";
import { fill, newMeasure } from "./measure.ts";
import { ServerPool } from "./pool.ts";
import { bold, printMeasure, printTwins, tell, yellow } from "./print.ts";
import { type BenchResults, titlesIn } from "./results.ts";
import { settings } from "./server.ts";
import type { Bench, Method } from "./session.ts";
import type { Noise } from "./statistics.ts";
import { noises } from "./twins.ts";
import { readCommit, readVersions } from "./versions.ts";

/** What is to be run. */
export interface Order {
  methods: readonly Method[];
  candidates: readonly Candidate[];
  everybody: readonly Candidate[];
  machine: Machine;
  quick: boolean;
  signal: AbortSignal;
}

/** Measures; when `signal` interrupts, what is complete until then is the result. */
export async function run(order: Order): Promise<BenchResults> {
  const { methods, candidates, everybody, machine, signal } = order;
  const generator = startGenerator(machine.pinned?.generator, signal);
  const core = machine.pinned?.server;
  const pool = order.quick ? { pool: new ServerPool(core) } : undefined;
  const bench = { generator, candidates, everybody, core, tell, signal, ...pool };
  const results = begun(order);
  const before = { at: performance.now(), stolen: stolenTime(machine) };
  try {
    const refused = await findWrong(bench);
    tell("");
    for (const [id, why] of refused) console.log(`${yellow("refused")} ${id}: ${why}`);
    const fit = { ...bench, refused };
    const noiseIn = await equals(methods, fit, results);
    for (const method of methods) await one(method, fit, results, noiseIn.get(method));
    results.complete = true;
  } catch (error) {
    if (!signal.aborted && !(error instanceof GeneratorEnded)) throw error;
    if (!signal.aborted) fail((error as Error).message);
  } finally {
    tell("");
    generator.end();
    await pool?.pool.stop();
  }
  const stolen = (stolenTime(machine) - before.stolen) / (2 * (performance.now() - before.at));
  if (Number.isFinite(stolen)) results.stolen = stolen;
  return { ...results, measures: results.measures.filter(({ rows }) => rows.length > 0) };
}

// What is complete is kept.
function fail(why: string): void {
  console.error(yellow(`${why}: the run ends here`));
  process.exitCode = 1;
}

// The same server twice, before anybody is compared.
async function equals(
  methods: readonly Method[],
  bench: Bench,
  { twins, candidates }: BenchResults,
): Promise<ReadonlyMap<Method, Noise>> {
  if (methods.every(({ pairs }) => pairs < 2)) return new Map();
  console.log(`\n${bold("noise")} the same server twice`);
  return await noises(methods, bench, (each) => {
    twins.push(each);
    tell("");
    console.log(printTwins(each, titlesIn(candidates)));
  });
}

async function one(method: Method, bench: Bench, results: BenchResults, noise?: Noise): Promise<void> {
  console.log(`\n${bold(method.scenario)} ${method.title}`);
  const measure = newMeasure(method);
  results.measures.push(measure);
  try {
    await fill(measure, method, bench, noise);
  } finally {
    tell("");
    console.log(printMeasure(measure, titlesIn(results.candidates)));
  }
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
    twins: [],
    measures: [],
  };
}
