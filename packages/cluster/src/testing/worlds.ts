/** How many random cases a test tries, and which. */
export interface Worlds {
  numRuns: number;
  seed: number;
  path?: string;
}

/** The seed of every run that does not ask for another one: a change of the code fails by itself, and not by chance. */
const usualSeed = 20_261_128;

/**
 * Returns how many random cases to try: `usual`, always the same ones, or as many new ones as `WORLDS` says. `WORLD_SEED` and
 * `WORLD_PATH` repeat one that failed: they are the seed and the path that fast-check printed.
 */
export function worlds(usual: number): Worlds {
  const { WORLDS: count, WORLD_SEED: seed, WORLD_PATH: path } = process.env;
  const isNew = count !== undefined && seed === undefined;
  return {
    numRuns: Number(count ?? usual),
    seed: isNew ? Math.floor(Math.random() * 2 ** 31) : Number(seed ?? usualSeed),
    ...(path !== undefined && { path }),
  };
}

/** Prints the seed and the outcome, if `WORLDS` asked for new cases. */
export function tell(tried: Worlds, outcome: Record<string, number>, begunAt: number): void {
  if (process.env.WORLDS === undefined) return;
  console.log(JSON.stringify({ seed: tried.seed, ...outcome, seconds: (Date.now() - begunAt) / 1_000 }));
}
