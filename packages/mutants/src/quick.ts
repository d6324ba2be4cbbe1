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
  const random = randomFrom(seed);
  return mutants
    .map((mutant) => ({ mutant, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ mutant }) => mutant);
}

/** Returns a generator (mulberry32) that is small, and random enough to shuffle with. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
