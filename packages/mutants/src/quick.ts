import { seeded } from "@rosetta/testkit/seeded";
import { areaOf, type Mutant } from "./mutant.ts";
import { isFile } from "./stale-entries.ts";

/** Seconds a mistake takes on one of two cores: with unit tests, and with the suite's servers and browser. */
const unitSeconds = 4;
const suiteSeconds = 20;

/**
 * Chooses mistakes whose tests take at most so many seconds in total. The areas take turns, so each gets its share.
 * The same seed chooses the same mistakes.
 */
export function choose(mutants: Mutant[], seconds: number, seed: number): Mutant[] {
  const areas = [
    ...Map.groupBy(
      shuffled(mutants, seed).filter(({ open }) => open === undefined),
      areaOf,
    ).values(),
  ];
  const chosen: Mutant[] = [];
  let left = seconds;
  for (let turn = 0; areas.some((area) => turn < area.length); turn++) {
    for (const mutant of areas.flatMap((area) => area[turn] ?? [])) {
      left -= secondsOf(mutant);
      if (left < 0) return chosen;
      chosen.push(mutant);
    }
  }
  return chosen;
}

function secondsOf({ equal, tests, file }: Mutant): number {
  if (equal !== undefined) return 0;
  const isSuite = tests ? tests.some((test) => !isFile(test)) : file.startsWith("apps/");
  return isSuite ? suiteSeconds : unitSeconds;
}

function shuffled(mutants: Mutant[], seed: number): Mutant[] {
  const random = seeded(seed);
  return mutants
    .map((mutant) => ({ mutant, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ mutant }) => mutant);
}
