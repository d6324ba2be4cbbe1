import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { dirname } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { TestCase, TestError, TestResult } from "@playwright/test/reporter";
import {
  regionsOf,
  type ServerFacts,
  type ServerResult,
  type SuiteMachine,
  type SuiteResults,
  titleForm,
} from "@rosetta/compare";
import { folderOf, type Manifest, versionsOf } from "@rosetta/manifest";
import { contradiction, deviationOf } from "./deviation.ts";

type Row = SuiteResults["tests"][number];

/** Returns the manifest of the server that a test is about. */
export function serverOf(test: TestCase): Manifest {
  const use = test.parent.project()?.use as { server?: Manifest } | undefined;
  if (use?.server) return use.server;
  throw new Error(`${test.title}: its project has no server`);
}

/** Returns the rung that a test is about, or nothing if it is about an app. */
export function rungOf(test: TestCase): string | undefined {
  return (test.parent.project()?.use as { rung?: string } | undefined)?.rung;
}

/** Returns the column of the results that a test belongs to: `express-ws`, or `express-ws:3-heartbeat`. */
export function columnOf(test: TestCase): string {
  const rung = rungOf(test);
  return rung === undefined ? serverOf(test).id : `${serverOf(test).id}:${rung}`;
}

/** Returns the verdict on the server, if the test was run at all. */
export function resultOf(test: TestCase, result: TestResult): ServerResult | undefined {
  const { status, duration: ms } = result;
  if (status === "skipped" || status === "interrupted") return undefined;
  const error = result.errors.map(messageOf).join("\n");
  if (status === "passed" && test.expectedStatus === "passed") return { verdict: "passed", ms };
  if (rungOf(test) !== undefined) return resultOfRung(test, result);
  // Only a declared failure is expected. A test that expects its own failure, by test.fail(), has failed.
  const declared = deviationOf(serverOf(test).deviations, test.title);
  if (status !== test.expectedStatus || !declared) return { verdict: "failed", ms, error };
  return { verdict: "deviates", ms, error, reason: declared.reason, link: declared.link };
}

// Below its subject a rung fails in its own way, or by accident not at all, so no deviation has to show there.
function resultOfRung(test: TestCase, { status, duration: ms, errors }: TestResult): ServerResult {
  const messages = errors.map(messageOf);
  const error = messages.join("\n");
  const declared = deviationOf(serverOf(test).deviations, test.title);
  if (!declared || contradiction(declared, { status, errors: messages }))
    return { verdict: "failed", ms, error };
  return { verdict: "deviates", ms, error, reason: declared.reason, link: declared.link };
}

/** Returns the message of an error, without colours. */
export function messageOf({ message, value, stack }: TestError): string {
  return stripVTControlCharacters(message ?? value ?? stack ?? "an error without a message");
}

/** Returns the row of a test. `dealtTo`: the only server it runs on, if there is one. Results are filled in later. */
export function rowOf(test: TestCase, dealtTo: string | undefined): Row | undefined {
  const { id, level, sentence } = titleForm.exec(test.title)?.groups ?? {};
  if (!id || !level || !sentence) return undefined;
  return {
    id,
    level: level as Row["level"],
    title: sentence,
    group: id.slice(0, id.lastIndexOf("-")),
    regions: regionsOf(tagsOf(test)),
    file: `e2e/tests/${test.location.file.split("/e2e/tests/").at(-1)}`,
    line: test.location.line,
    ...(dealtTo !== undefined && { dealtTo }),
    results: {},
  };
}

/** Returns the tags of a test, without `@`. */
export function tagsOf({ tags }: TestCase): string[] {
  return tags.map((tag) => tag.slice(1));
}

/** Returns a server, or a rung of its ladder, with the versions it consists of. `said` is the server's own report. */
export function factsOf(
  { id, title, runtime }: Manifest,
  rung: string | undefined,
  said: string | undefined,
): ServerFacts {
  const versions = versionsOf(folderOf(id));
  const version = versions[runtime] ?? process.versions[runtime];
  const facts = { title, runtime: said ?? `${runtime} ${version}`, versions };
  return rung === undefined
    ? { id, ...facts }
    : { id: `${id}:${rung}`, rung: { server: id, name: rung }, ...facts };
}

/** Returns the machine that a run is from. */
export function thisMachine(): SuiteMachine {
  return {
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
  };
}

/** Returns the tested commit, with `-dirty` if there are uncommitted changes, or nothing outside git. */
export function thisCommit(): { commit?: string } {
  try {
    const args = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"];
    const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
    return {
      commit: execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8", stdio }).trim(),
    };
  } catch {
    return {};
  }
}

/** Writes results to a file. */
export function writeResults(file: string, results: object): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}
