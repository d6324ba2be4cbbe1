import { join } from "node:path";
import { anyServer, type BiteVerdict, clusterGroup, grepOf, judge, runSuite } from "@rosetta/compare";
import { readManifests, regions } from "@rosetta/manifest";
import { lineOf, type Mutant } from "./mutant.ts";
import { isFile } from "./stale-entries.ts";

const testMs = 40_000;
const runMs = 240_000;

export interface SuiteOptions {
  copy: string;
  /** The first of the ports that the run may use. */
  port: number;
  signal: AbortSignal;
}

/** Runs a copy's suite against the server that has the mistake, or the first one, until a test fails. */
export async function runTests(area: string, tests: string[], options: SuiteOptions): Promise<BiteVerdict> {
  const { copy, port, signal } = options;
  const bounds = [`--timeout=${testMs}`, `--global-timeout=${runMs}`, "--max-failures=1"];
  const output = ["--output", join(copy, "e2e/test-results")];
  const args = ["--project", serverOf(area), ...tests, "--workers=1", "--retries=0", ...bounds, ...output];
  const environment = { PORT_BASE: String(port), E2E_ENGINE: needsEngine(tests) ? "1" : "" };
  try {
    return judge(await runSuite(args, { root: copy, environment, signal }));
  } catch (error) {
    if (signal.aborted) throw error;
    return { state: "unclear", reason: (error as Error).message.split("\n")[0] ?? "" };
  }
}

/**
 * Returns the suite's tests that should catch a mistake, as arguments of `playwright test`; `undefined` if only unit
 * tests can. In an app that leaves out `@any-server` tests: they pass or fail the same whichever server runs.
 */
export function suiteOf(mutant: Mutant, text: string): string[] | undefined {
  const named = mutant.tests?.filter((test) => !isFile(test));
  if (named) return named.length === 0 ? undefined : grepFor(named);
  const region = regionAt(text, mutant);
  if (!mutant.file.startsWith("apps/") || region === undefined) return undefined;
  return ["--grep", grepOf([region]), "--grep-invert", `@${anyServer}`];
}

/** Selects tests by ids and tags, as arguments of `playwright test`. */
export function grepFor(tests: string[]): string[] {
  return ["--grep", `(${tests.map(patternOf).join("|")})`];
}

// Not UPG-1 for UPG-10, nor `@send` for `@sending`.
function patternOf(test: string): string {
  return `${test}(?![\\w-])`;
}

function needsEngine(tests: string[]): boolean {
  return tests.some((test) => test.includes(`${clusterGroup}-`));
}

function regionAt(text: string, mutant: Mutant): string | undefined {
  const line = lineOf(text, mutant);
  const found = [...regions(text)].find(
    ([, region]) => region.line < line && line <= region.line + region.lines.length,
  );
  return found?.[0];
}

function serverOf(area: string): string {
  const servers = readManifests().map(({ id }) => id);
  return servers.includes(area) ? area : (servers[0] ?? "");
}
