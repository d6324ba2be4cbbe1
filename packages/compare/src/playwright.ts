import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { root } from "@rosetta/manifest";
import { runProgram } from "@rosetta/testkit/process";
import type { ListedTest } from "./tags.ts";

/** The outcome of a test in one project. `skipped` includes tests that a run did not reach before it ended. */
export interface TestOutcome {
  title: string;
  /** Without `@`. */
  tags: string[];
  /** The path from the root of the repository. */
  file: string;
  line: number;
  status: "expected" | "unexpected" | "flaky" | "skipped";
  /** The error of a failed test, without colours. */
  error?: string;
}

/** A finished run. `errors` are those that belong to no test, such as a config that does not load, or a time limit. */
export interface SuiteRun {
  outcomes: TestOutcome[];
  errors: string[];
}

/** How to start a run. */
export interface SuiteRunOptions {
  environment?: Record<string, string>;
  /** Ends the run: Playwright is interrupted, and killed with its children if it does not end by itself. */
  signal?: AbortSignal;
  /** The repository whose suite is run, such as a copy. Default: this one. */
  root?: string;
}

/** Runs the suite with the arguments of `playwright test`, silently. Each test counts once for each project. */
export async function runSuite(args: string[], options: SuiteRunOptions = {}): Promise<SuiteRun> {
  const folder = mkdtempSync(join(tmpdir(), "rosetta-report-"));
  const report = join(folder, "report.json");
  try {
    const environment = { ...options.environment, PLAYWRIGHT_JSON_OUTPUT_FILE: report };
    const output = await playwright(args, { ...options, environment });
    return readRun(readReport(report, output));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The shape of Playwright's JSON report, as far as it is read here. */
export interface PlaywrightReport {
  config: { rootDir: string };
  suites: Suite[];
  errors: { message?: string }[];
}

interface Suite {
  suites?: Suite[];
  specs: Spec[];
}

interface Spec {
  title: string;
  tags: string[];
  file: string;
  line: number;
  tests: { status: TestOutcome["status"]; results: { error?: { message?: string } }[] }[];
}

/** Lists the tests of the suite, those for rungs among them, without running them. They are the same for every server. */
export async function listSuite(): Promise<ListedTest[]> {
  const { outcomes, errors } = await runSuite(["--list"], { environment: { E2E_STEPS: "list" } });
  if (errors[0] !== undefined) throw new Error(errors[0]);
  const tests = new Map(outcomes.map((test) => [`${test.file}:${test.line} ${test.title}`, test]));
  return [...tests.values()].map(({ title, tags, file, line }) => ({ title, tags, file, line }));
}

/** Flattens a report. */
export function readRun(report: PlaywrightReport): SuiteRun {
  const outcomes = report.suites.flatMap(specsOf).flatMap(({ tests, title, tags, file, line }) =>
    tests.map(({ status, results }) => {
      const error = results.findLast((result) => result.error)?.error?.message;
      return {
        title,
        tags,
        file: relative(root, join(report.config.rootDir, file)),
        line,
        status,
        ...(error && { error: stripVTControlCharacters(error) }),
      };
    }),
  );
  return { outcomes, errors: report.errors.map(({ message }) => stripVTControlCharacters(message ?? "")) };
}

function specsOf(suite: Suite): Spec[] {
  return [...suite.specs, ...(suite.suites ?? []).flatMap(specsOf)];
}

function readReport(file: string, output: string): PlaywrightReport {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as PlaywrightReport;
  } catch {
    throw new Error(`playwright: ${stripVTControlCharacters(output).trim()}`);
  }
}

async function playwright(
  args: string[],
  { environment, signal, root: house = root }: SuiteRunOptions,
): Promise<string> {
  const suite = join(house, "e2e");
  const cli = createRequire(join(suite, "package.json")).resolve("@playwright/test/cli");
  // As `pnpm run` does it, so that the pinned Node comes first.
  const bins = [join(suite, "node_modules/.bin"), join(house, "node_modules/.bin")];
  const { output } = await runProgram([process.execPath, cli, "test", "--reporter=json", ...args], {
    cwd: suite,
    env: { ...environment, PATH: [...bins, process.env.PATH].join(delimiter) },
    signal,
    patienceMs: 10_000,
  });
  return output;
}
