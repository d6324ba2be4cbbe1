import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readManifests } from "@rosetta/manifest";
import { Refusal } from "./arguments.ts";
import { markdownMatrix, replaceMatrix } from "./markdown.ts";
import { root } from "./playwright.ts";
import type { Results } from "./results.ts";

const usage = `pnpm -C packages/compare run readme           writes the matrix of README.md from results/
pnpm -C packages/compare run readme --check   fails if README.md is not as it would be written`;

function run(given: string[]): number {
  const { check, help } = readOptions(given);
  if (help) {
    console.log(usage);
    return 0;
  }
  const file = join(root, "README.md");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const app = readResults("results/e2e.json", "pnpm e2e");
  const bare = readResults("results/bare.json", "pnpm e2e --bare");
  const replaced = replaceMatrix(text, markdownMatrix(app, bare));
  if (replaced === undefined) {
    throw new Refusal("README.md has no lines <!-- matrix:begin --> and <!-- matrix:end -->");
  }
  if (replaced === text) {
    console.log("README.md is as the results say");
    return 0;
  }
  if (check) {
    console.log("README.md is not as the results say: pnpm -C packages/compare run readme");
    return 1;
  }
  writeFileSync(file, replaced);
  console.log("README.md written");
  return 0;
}

function readOptions(given: string[]): { check?: boolean; help?: boolean } {
  try {
    return parseArgs({
      args: given,
      options: { check: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    }).values;
  } catch {
    throw new Refusal(`${given.join(" ")}: only --check and --help are known`);
  }
}

// A run with --project writes its results, too; half a table must not replace a whole one.
function readResults(file: string, command: string): Results {
  const path = join(root, file);
  if (!existsSync(path)) throw new Refusal(`${file} is missing: ${command} writes it`);
  const results = JSON.parse(readFileSync(path, "utf8")) as Results;
  const missing = readManifests().find(({ id }) => !results.servers.some((server) => server.id === id));
  if (missing) throw new Refusal(`${file} says nothing about ${missing.id}: ${command} writes it whole`);
  return results;
}

try {
  process.exitCode = run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
