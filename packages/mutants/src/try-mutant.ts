import { cpSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { BiteVerdict } from "@rosetta/compare";
import { runProgram } from "@rosetta/testkit/process";
import { mutate } from "./copy.ts";
import { areaOf, type Mutant } from "./mutant.ts";
import { isFile } from "./stale-entries.ts";
import { grepFor, runTests, suiteOf } from "./suite.ts";
import { runRelated, runUnits, type UnitRun } from "./units.ts";

/** The outcome of trying one mistake. */
export type MutantOutcome =
  /** A test caught it. `by` is the test's title in a unit test file, or its id in the suite. */
  | { state: "killed"; by: string }
  /** Every test that ran passed. */
  | { state: "survived" }
  /** Survived, as the list expects. `reason` is what a test would have to check. */
  | { state: "open"; reason: string }
  /** It has no observable effect, for this reason. */
  | { state: "equal"; reason: string }
  /** The tests ran into their deadline and were killed before one of them failed. */
  | { state: "hangs" }
  /** The run proves nothing about the mistake. */
  | { state: "unclear"; reason: string };

/** Where a mistake is tried: a copy that holds one mistake at a time. */
export interface TestCopy {
  root: string;
  copy: string;
  /** The first port that servers of this copy may use. */
  port: number;
  signal: AbortSignal;
}

/** Tries mistakes. Remembers which tests pass without one, because the failure of any other test proves nothing. */
export class Judge {
  readonly #controls = new Map<string, Promise<boolean>>();

  async try(mutant: Mutant, place: TestCopy): Promise<MutantOutcome> {
    const outcome = await this.#try(mutant, place);
    if (outcome.state !== "survived" || mutant.open === undefined) return outcome;
    return { state: "open", reason: mutant.open };
  }

  async #try(mutant: Mutant, place: TestCopy): Promise<MutantOutcome> {
    if (mutant.equal !== undefined) return { state: "equal", reason: mutant.equal };
    const byUnits = await this.#tryUnits(mutant, place);
    if (byUnits && byUnits.state !== "survived") return byUnits;
    const tests = suiteOf(mutant, readFileSync(join(place.root, mutant.file), "utf8"));
    if (tests) return this.#trySuite(mutant, tests, place);
    return byUnits ?? { state: "unclear", reason: "no test ran: name some in the list" };
  }

  async #tryUnits(mutant: Mutant, place: TestCopy): Promise<MutantOutcome | undefined> {
    const { copy, signal } = place;
    const files = mutant.tests?.filter(isFile);
    if (files?.length === 0) return undefined;
    const restore = mutate(copy, mutant);
    const run = files
      ? await runUnits(copy, files, signal).finally(restore)
      : await runRelated(copy, mutant.file, signal).finally(restore);
    if (!run.red) return withoutRed(run);
    const { file, title } = run.red;
    const isGreen = await this.#control(file, async () => !(await runUnits(copy, [file], signal)).red);
    if (!isGreen) return { state: "unclear", reason: `red even without the mistake: ${file}` };
    return { state: "killed", by: `${file}: ${title}` };
  }

  async #trySuite(mutant: Mutant, tests: string[], place: TestCopy): Promise<MutantOutcome> {
    const area = areaOf(mutant);
    const restore = mutate(place.copy, mutant);
    const verdict = await inBuiltPage(mutant, place, () => runTests(area, tests, place)).finally(restore);
    if (verdict.state === "green") return { state: "survived" };
    if (verdict.state !== "red") return { state: "unclear", reason: reasonOf(verdict) };
    const { test } = verdict;
    const isGreen = await this.#control(
      `${area} ${test}`,
      async () => (await runTests(area, grepFor([test]), place)).state === "green",
    );
    if (!isGreen) return { state: "unclear", reason: `red even without the mistake: ${test}` };
    return { state: "killed", by: verdict.starts ? test : `${test} (does not start)` };
  }

  #control(test: string, run: () => Promise<boolean>): Promise<boolean> {
    const known = this.#controls.get(test) ?? run();
    this.#controls.set(test, known);
    return known;
  }
}

function withoutRed({ hung, error, count }: UnitRun): MutantOutcome | undefined {
  if (hung) return { state: "hangs" };
  if (error !== undefined) return { state: "unclear", reason: error };
  return count === 0 ? undefined : { state: "survived" };
}

function reasonOf(verdict: BiteVerdict): string {
  return verdict.state === "unclear" ? verdict.reason : verdict.state;
}

const buildMs = 120_000;

// The suite opens the built page, so a mistake in the page or the client needs a new build. The old one is put back.
async function inBuiltPage(
  { file }: Mutant,
  { root, copy, signal }: TestCopy,
  run: () => Promise<BiteVerdict>,
): Promise<BiteVerdict> {
  const page = join(copy, "packages/page");
  if (!/^packages\/(page|client)\//.test(file)) return run();
  const cli = join(
    dirname(createRequire(join(page, "package.json")).resolve("vite/package.json")),
    "bin/vite.js",
  );
  const { code } = await runProgram([process.execPath, cli, "build", "--logLevel", "error"], {
    cwd: page,
    deadlineMs: buildMs,
    signal,
  });
  try {
    return code === 0 ? await run() : { state: "unclear", reason: "the page does not build" };
  } finally {
    cpSync(join(root, "packages/page/dist"), join(page, "dist"), { recursive: true });
  }
}
