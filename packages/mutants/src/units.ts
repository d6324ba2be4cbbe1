import { existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { runProgram } from "@rosetta/testkit/process";

/** The result of running some unit tests. `hung` means they were killed at their deadline. */
export interface UnitRun {
  /** The first test that failed: its file and its title. */
  red?: { file: string; title: string };
  hung?: true;
  /** Why the run proves nothing. */
  error?: string;
  /** How many tests there were. */
  count: number;
}

/** A test that waits in vain fails after this. */
const testMs = 30_000;
const runMs = 180_000;

/** Runs unit test files in a copy. */
export function runUnits(copy: string, files: string[], signal: AbortSignal): Promise<UnitRun> {
  return vitest(copy, ["run", ...files], signal);
}

/** Runs the unit tests of the file's own package that import it, directly or indirectly. */
export function runRelated(copy: string, file: string, signal: AbortSignal): Promise<UnitRun> {
  const [folder, name] = file.split("/");
  const others = folder === "packages" ? [`packages/!(${name})/**`, "e2e/**"] : ["packages/**"];
  const exclude = others.flatMap((pattern) => ["--exclude", pattern]);
  return vitest(copy, ["related", join(copy, file), "--run", ...exclude, "--passWithNoTests"], signal);
}

async function vitest(copy: string, args: string[], signal: AbortSignal): Promise<UnitRun> {
  const report = join(copy, "unit.json");
  rmSync(report, { force: true });
  const cli = join(
    dirname(createRequire(join(copy, "package.json")).resolve("vitest/package.json")),
    "vitest.mjs",
  );
  const how = ["--bail=1", `--testTimeout=${testMs}`, "--reporter=json", `--outputFile=${report}`];
  const { output, timedOut } = await runProgram([process.execPath, cli, ...args, ...how], {
    cwd: copy,
    deadlineMs: runMs,
    signal,
  });
  if (timedOut) return { hung: true, count: 0 };
  if (existsSync(report)) return readUnits(JSON.parse(readFileSync(report, "utf8")) as VitestReport, copy);
  if (output.includes("No test files found")) return { count: 0 };
  return { count: 0, error: `vitest: ${output.trim().split("\n").at(-1) ?? "no report"}` };
}

/** The parts of Vitest's JSON report that are read here. */
export interface VitestReport {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

/** Finds the first red test. A file that does not load counts as one, because what it tests is broken. */
export function readUnits({ testResults }: VitestReport, copy: string): UnitRun {
  const count = testResults.reduce((sum, { assertionResults }) => sum + assertionResults.length, 0);
  const failed = testResults.find(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.every(isPassed),
  );
  const unloaded = testResults.find(({ status, message }) => status === "failed" && message !== "");
  const found = failed ?? unloaded;
  if (!found) return { count };
  const title =
    found.assertionResults.find((test) => test.status === "failed")?.fullName ?? "(does not load)";
  return { count, red: { file: relative(copy, found.name), title: title.trim() } };
}

function isPassed({ status }: { status: string }): boolean {
  return status !== "failed";
}
