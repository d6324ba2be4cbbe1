import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { applied, type Mutant, StaleError } from "./mutant.ts";

/** Returns the problems of the list itself, one sentence each. Empty if every entry fits the code under `root`. */
export function staleEntries(root: string, mutants: Mutant[]): string[] {
  const seen = new Set<string>();
  return mutants.flatMap((mutant) => {
    const key = `${mutant.file}: "${mutant.why}"`;
    const repeats = seen.has(key) ? [`${key} is listed twice`] : [];
    seen.add(key);
    return [...repeats, ...problemsOf(root, mutant)];
  });
}

function problemsOf(root: string, mutant: Mutant): string[] {
  const { file, search, replace, why, tests = [] } = mutant;
  const lost = tests.filter((test) => isFile(test) && !existsSync(join(root, test)));
  const problems = lost.map((test) => `${file}: there is no ${test} (mutant "${why}")`);
  if (search === replace) problems.push(`${file}: mutant "${why}" changes nothing`);
  return [...problems, ...misfit(root, mutant)];
}

function misfit(root: string, mutant: Mutant): string[] {
  const path = join(root, mutant.file);
  if (!existsSync(path)) return [`${mutant.file} no longer exists (mutant "${mutant.why}")`];
  try {
    applied(readFileSync(path, "utf8"), mutant);
    return [];
  } catch (error) {
    if (!(error instanceof StaleError)) throw error;
    return [error.message];
  }
}

/** Returns whether a test is a file of unit tests, not an id or a tag of the suite. */
export function isFile(test: string): boolean {
  return test.endsWith(".test.ts");
}
