import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readApps, readManifests, readRungs, root } from "@rosetta/manifest";
import { type AppSources, readAppSources } from "./app-sources.ts";
import { CommandError } from "./arguments.ts";
import { type DifferenceEvidence, markdownDifferences } from "./differences.ts";
import { markdownMatrix, markdownRegions, type ReadmePart, replacePart } from "./markdown.ts";
import { listSuite } from "./playwright.ts";
import { printFindings } from "./print-findings.ts";
import {
  readmeFile,
  resultsFile,
  staleDifferences,
  staleMatrix,
  staleRegions,
  unlinkedServers,
} from "./stale-readme.ts";
import type { SuiteResults } from "./suite-results.ts";

const usage = `pnpm -C packages/compare run readme           writes the tables of README.md, and RESULTS.md from results/
pnpm -C packages/compare run readme --check   fails if they have other servers, regions, tests or deviations than there are`;

async function run(given: string[]): Promise<number> {
  const { check, help } = readOptions(given);
  if (check) return checkReadme();
  if (help) console.log(usage);
  else writeReadme();
  return 0;
}

async function checkReadme(): Promise<number> {
  const text = readText(readmeFile);
  const rungsOf = (id: string) => readRungs(id).map(({ name }) => name);
  const findings = [
    ...unlinkedServers(text, readManifests()),
    ...staleDifferences(text, readEvidence()),
    ...staleRegions(text, readAppSources(readApps()), readLadders()),
    ...staleMatrix(readText(resultsFile), await listSuite(), readManifests(), rungsOf),
  ];
  if (findings.length > 0) return printFindings(findings);
  console.log("README.md and RESULTS.md have the servers, regions, tests and deviations that there are");
  return 0;
}

function readLadders(): AppSources {
  return readAppSources(readApps("steps"), "steps");
}

function readEvidence(): DifferenceEvidence {
  return {
    servers: readManifests(),
    house: readAppSources(readApps()),
    bench: readText("packages/bench/README.md"),
  };
}

function writeReadme(): void {
  // First the parts that need no run.
  write(readmeFile, "differences", markdownDifferences(readEvidence()));
  write(readmeFile, "regions", markdownRegions(readAppSources(readApps()), readLadders()));
  const app = readResults("results/e2e.json", "pnpm e2e");
  const engine = readResults("results/engine.json", "pnpm e2e --cluster");
  const steps = readResults("results/steps.json", "pnpm e2e --steps");
  write(resultsFile, "matrix", markdownMatrix({ app, engine, steps }));
  console.log("README.md and RESULTS.md are as the apps and the results say");
}

function readText(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

function write(file: string, part: ReadmePart, content: string): void {
  const text = replacePart(readText(file), part, content);
  if (text === undefined) {
    throw new CommandError(`${file} has no lines <!-- ${part}:begin --> and <!-- ${part}:end -->`);
  }
  writeFileSync(join(root, file), text);
}

function readOptions(given: string[]): { check?: boolean; help?: boolean } {
  try {
    return parseArgs({
      args: given,
      options: { check: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    }).values;
  } catch {
    throw new CommandError(`${given.join(" ")}: only --check and --help are known`);
  }
}

// A run with --project also writes results, but half a table must not replace a whole one.
function readResults(file: string, command: string): SuiteResults {
  const path = join(root, file);
  if (!existsSync(path)) throw new CommandError(`${file} is missing: ${command} writes it`);
  const results = JSON.parse(readFileSync(path, "utf8")) as SuiteResults;
  const missing = readManifests().find(
    ({ id }) => !results.servers.some((server) => (server.rung?.server ?? server.id) === id),
  );
  if (missing) throw new CommandError(`${file} says nothing about ${missing.id}: ${command} writes it whole`);
  return results;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
