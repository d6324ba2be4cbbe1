// Medians, and how sure one can be of a ratio. Pure; random numbers are seeded, so that a report can be made again.

/** A figure with the interval in which it lies with 95 % confidence. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
  /** How many measurements it rests on. */
  count: number;
}

/** What a comparison says: `undecided` if the ratio is not beyond what two equal servers show. */
export type Decision = "more" | "less" | "undecided";

const resamples = 2_000;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** The median with its bootstrap interval (Efron, percentile method). */
export function estimate(values: readonly number[]): Estimate {
  return bootstrap(values, median);
}

/**
 * The ratio of what was measured in pairs, one right after the other: the median of the pairs' ratios, so that
 * whatever disturbs the machine for longer than a pair cancels out.
 */
export function ratio(pairs: readonly (readonly [measured: number, control: number])[]): Estimate {
  return bootstrap(
    pairs.map(([measured, control]) => measured / control),
    median,
  );
}

// What two processes showed once, others may show half again or twice as far: it is one draw of what there is.
const caution = 2;

/** The ratios that decide nothing: twice as far from 1, both ways, as two equal servers were from each other. */
export function indistinct({ low, high }: Estimate): readonly [low: number, high: number] {
  const spread = caution * Math.max(Math.abs(Math.log(low)), Math.abs(Math.log(high)));
  return [Math.exp(-spread), Math.exp(spread)];
}

/** Decides by the interval of a ratio and that of two equal servers, which is what the machine itself does. */
export function decide({ low, high }: Estimate, noise: Estimate): Decision {
  const [least, most] = indistinct(noise);
  // A figure of nothing is no ratio: it would be beyond everything.
  if (![low, high, least, most].every(Number.isFinite)) return "undecided";
  if (low > most) return "more";
  return high < least ? "less" : "undecided";
}

function bootstrap(values: readonly number[], statistic: (values: readonly number[]) => number): Estimate {
  const next = seeded(values.length);
  const draw = () => values[Math.floor(next() * values.length)] ?? Number.NaN;
  const drawn = Array.from({ length: resamples }, () => statistic(Array.from(values, draw)));
  const sorted = drawn.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(part * (resamples - 1))] ?? Number.NaN;
  return { value: statistic(values), low: at(0.025), high: at(0.975), count: values.length };
}

/** mulberry32: numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
