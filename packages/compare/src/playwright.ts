import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { ListedTest } from "./tags.ts";

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The outcome of a test in one project. `skipped` includes tests that a run did not reach before it ended. */
export interface Outcome {
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
export interface Run {
  outcomes: Outcome[];
  errors: string[];
}

/** How to start a run. */
export interface RunOptions {
  environment?: Record<string, string>;
  /** Ends the run: Playwright is interrupted, and killed with its children if it does not end by itself. */
  signal?: AbortSignal;
  /** The repository whose suite is run, such as a copy. Default: this one. */
  root?: string;
}

/** Runs the suite with the arguments of `playwright test`, silently. Each test counts once for each project. */
export async function runSuite(args: string[], options: RunOptions = {}): Promise<Run> {
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
export interface Report {
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
  tests: { status: Outcome["status"]; results: { error?: { message?: string } }[] }[];
}

/** Lists the tests of the suite without running them. They are the same for every server. */
export async function listSuite(): Promise<ListedTest[]> {
  const { outcomes, errors } = await runSuite(["--list"]);
  if (errors[0] !== undefined) throw new Error(errors[0]);
  const tests = new Map(outcomes.map((test) => [`${test.file}:${test.line} ${test.title}`, test]));
  return [...tests.values()].map(({ title, tags, file, line }) => ({ title, tags, file, line }));
}

/** Flattens a report. */
export function readRun(report: Report): Run {
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

function readReport(file: string, output: string): Report {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    throw new Error(`playwright: ${stripVTControlCharacters(output).trim()}`);
  }
}

const killMs = 10_000;

function playwright(
  args: string[],
  { environment, signal, root: house = root }: RunOptions,
): Promise<string> {
  const suite = join(house, "e2e");
  const cli = createRequire(join(suite, "package.json")).resolve("@playwright/test/cli");
  // As `pnpm run` does it, so that the pinned Node comes first.
  const path = [join(suite, "node_modules/.bin"), join(house, "node_modules/.bin"), process.env.PATH].join(
    delimiter,
  );
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    // In its own process group, Ctrl-C in the terminal reaches only us, and what is left over can be killed
    // together.
    const child = spawn(process.execPath, [cli, "test", "--reporter=json", ...args], {
      cwd: suite,
      env: { ...process.env, ...environment, PATH: path },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let killer: NodeJS.Timeout | undefined;
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    const interrupt = () => {
      child.kill("SIGINT");
      killer = setTimeout(() => endGroup(child.pid), killMs);
    };
    signal?.addEventListener("abort", interrupt, { once: true });
    child.on("error", reject);
    // A server that its worker left behind would keep our pipes open, and its port in use.
    child.on("exit", () => endGroup(child.pid));
    child.on("close", () => {
      clearTimeout(killer);
      signal?.removeEventListener("abort", interrupt);
      if (signal?.aborted) reject(signal.reason);
      else resolve(output);
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}
