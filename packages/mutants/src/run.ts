import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { buildPage, count, pool, withCopies } from "@rosetta/compare";
import { root } from "@rosetta/manifest";
import type { MutantsOptions } from "./arguments.ts";
import { copyRepository } from "./copy.ts";
import { lineOf, type Mutant } from "./mutant.ts";
import { choose } from "./quick.ts";
import { isGood, printOpen, printSummary, printTried, type Tried, toResults } from "./report.ts";
import { Judge } from "./try-mutant.ts";

/** Holds the copies of the repository, where nothing looks for packages, servers or tests. */
const folder = join(root, ".mutants");

// Above the ports of `pnpm e2e` (from 20000), below the ephemeral ones (from 32768).
const firstPort = Number(process.env.PORT_BASE ?? 24_000);
const portsPerCopy = 400;

/** `--quick` stops after this and reports what it has. */
const quickMs = 285_000;
/** Seconds of tests, run one after the other, to choose for it. The build and the control runs take as long again. */
const quickSeconds = 140;

/** Tries mistakes in copies, prints their outcomes, and writes `results/mutants.json`. Returns the exit code. */
export function run(mutants: Mutant[], request: MutantsOptions & { do: "run" }): Promise<number> {
  const { jobs, quick, seed } = request;
  const chosen = quick ? choose(mutants, quickSeconds, seed) : mutants;
  if (quick)
    console.error(`${chosen.length} of ${count(mutants.length, "mutant")}, chosen by --seed ${seed}`);
  return withCopies(folder, async (signal) => {
    const deadline = quick ? AbortSignal.timeout(quickMs) : new AbortController().signal;
    buildPage();
    const tried = await tryAll(chosen, jobs, signal, deadline);
    const left = chosen.length - tried.length;
    if (left > 0) console.error(`time is up: ${count(left, "mutant")} left out`);
    writeResults(tried, quick ? seed : undefined);
    return report(tried);
  });
}

async function tryAll(
  mutants: Mutant[],
  jobs: number,
  stop: AbortSignal,
  deadline: AbortSignal,
): Promise<Tried[]> {
  const judge = new Judge();
  const signal = AbortSignal.any([stop, deadline]);
  const copies = Array.from({ length: jobs }, (_, slot) => join(folder, String(slot)));
  for (const copy of copies) copyRepository(root, copy);
  let done = 0;
  const tried = await pool(mutants, jobs, async (mutant, slot) => {
    const place = { root, copy: copies[slot] ?? folder, port: firstPort + slot * portsPerCopy, signal };
    const one = await tryOne(judge, mutant, place).catch((error: unknown) => {
      if (stop.aborted || !deadline.aborted) throw error;
    });
    done += 1;
    if (one) console.error(`${String(done).padStart(3)}/${mutants.length}  ${printTried(one)}`);
    return one;
  });
  return tried.filter((one) => one !== undefined);
}

async function tryOne(judge: Judge, mutant: Mutant, place: Parameters<Judge["try"]>[1]): Promise<Tried> {
  const line = lineOf(readFileSync(join(root, mutant.file), "utf8"), mutant);
  const began = performance.now();
  const outcome = await judge.try(mutant, place);
  return { mutant, line, outcome, ms: Math.round(performance.now() - began) };
}

function writeResults(tried: Tried[], seed: number | undefined): void {
  mkdirSync(join(root, "results"), { recursive: true });
  const results = toResults(tried, new Date(), seed);
  writeFileSync(join(root, "results/mutants.json"), `${JSON.stringify(results, undefined, 2)}\n`);
}

function report(tried: Tried[]): number {
  console.log(printSummary(tried));
  if (isGood(tried)) {
    console.log(styleText("green", "\ntests catch every one of them"));
    return 0;
  }
  console.log(styleText("red", `\n${printOpen(tried)}`));
  return 1;
}
