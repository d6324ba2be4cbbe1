// A whole run: correctness first, then one measure after the other, and everything written down.

import type { Candidate } from "./candidates.ts";
import { findWrong } from "./correctness.ts";
import { startGenerator } from "./generator.ts";
import { type Machine, stolenTime } from "./machine.ts";
import { type Bench, fill, type Method, newMeasure } from "./measure.ts";
import { ServerPool } from "./pool.ts";
import { bold, printMeasure, tell, yellow } from "./print.ts";
import type { BenchResults, Measure } from "./results.ts";
import { settings } from "./server.ts";
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
    for (const method of methods) await one(method, { ...bench, refused }, results.measures);
    results.complete = true;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    tell("");
    generator.end();
    await pool?.pool.stop();
  }
  const stolen = (stolenTime(machine) - before.stolen) / (2 * (performance.now() - before.at));
  if (Number.isFinite(stolen)) results.stolen = stolen;
  return { ...results, measures: results.measures.filter(({ rows }) => rows.length > 0) };
}

async function one(method: Method, bench: Bench, measures: Measure[]): Promise<void> {
  console.log(`\n${bold(method.scenario)} ${method.title}`);
  const measure = newMeasure(method);
  measures.push(measure);
  const titleOf = (id: string) => bench.everybody.find((each) => each.id === id)?.title ?? id;
  try {
    await fill(measure, method, bench);
  } finally {
    tell("");
    console.log(printMeasure(measure, titleOf));
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
    measures: [],
  };
}
