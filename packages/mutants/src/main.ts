// The command behind `pnpm mutants`.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, count } from "@rosetta/compare";
import { root } from "@rosetta/manifest";
import { help, readArguments } from "./arguments.ts";
import { mutants } from "./list/index.ts";
import { isIn, lineOf, type Mutant } from "./mutant.ts";
import { run } from "./run.ts";
import { staleEntries } from "./stale-entries.ts";

async function main(given: string[]): Promise<number> {
  const request = readArguments(given, mutants, new Date());
  if (request.do === "help") return print(help);
  refuseStale();
  if (request.do === "check") {
    return print(`${count(mutants.length, "mutant")}: each fits the code`);
  }
  const { areas } = request;
  const chosen = mutants.filter((mutant) => areas.length === 0 || areas.some((area) => isIn(mutant, area)));
  if (request.do === "list") return print(chosen.map(describe).join("\n"));
  return run(chosen, request);
}

function refuseStale(): void {
  const problems = staleEntries(root, mutants);
  if (problems.length > 0) throw new CommandError(problems.join("\n"));
}

function describe(mutant: Mutant): string {
  const { file, why, tests, equal } = mutant;
  const note = equal === undefined ? (tests?.join(", ") ?? "") : `equal: ${equal}`;
  return [`${file}:${lineOf(readFileSync(join(root, file), "utf8"), mutant)}`, why, note]
    .join("  ")
    .trimEnd();
}

function print(text: string): number {
  console.log(text);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
