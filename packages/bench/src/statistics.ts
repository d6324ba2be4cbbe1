// Medians, and how sure one can be of a ratio. Pure: random numbers are seeded, so that a report can be made again.

import { seeded } from "@rosetta/testkit/seeded";

/** A figure with the interval in which it lies with 95 % confidence. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
  /** How many measurements it rests on. */
  count: number;
}

/** The outcome of a comparison. `undecided`: the ratio is not beyond what equal servers, or another run, may show. */
export type Decision = "more" | "less" | "undecided";

const resamples = 2_000;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Returns the median with its bootstrap interval (Efron, percentile method). */
export function estimate(values: readonly number[]): Estimate {
  const next = seeded(values.length);
  const draw = () => values[Math.floor(next() * values.length)] ?? Number.NaN;
  const drawn = Array.from({ length: resamples }, () => median(Array.from(values, draw)));
  const sorted = drawn.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(part * (resamples - 1))] ?? Number.NaN;
  return { value: median(values), low: at(0.025), high: at(0.975), count: values.length };
}

/** The ratios between two bounds. */
export interface Band {
  low: number;
  high: number;
}

/** The ratios between which two equal servers lie with 95 % confidence. */
export interface Noise extends Band {
  /** How many comparisons of equal servers it rests on. */
  count: number;
}

// Student's distribution, two-sided, 95 %, with 1, 2, … degrees of freedom. The fewer comparisons were seen, the
// farther away the next may be.
const student = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
];

/**
 * Returns how far the next two equal servers may be apart, given the ratios that others showed: a prediction
 * interval of the logarithms. It is symmetric, because it is chance which of the two is called the control.
 */
export function noiseOf(ratios: readonly number[]): Noise | undefined {
  const count = ratios.length;
  if (count === 0) return undefined;
  const square = ratios.reduce((sum, each) => sum + Math.log(each) ** 2, 0) / count;
  const spread = (student[count - 1] ?? student.at(-1) ?? Number.NaN) * Math.sqrt(square);
  return { low: Math.exp(-spread), high: Math.exp(spread), count };
}

/**
 * Returns the ratios within which nothing is decided: those of equal servers, and those smaller than the least
 * factor.
 */
export function bandOf({ low, high }: Noise, least: number): Band {
  return { low: Math.min(low, 1 / least), high: Math.max(high, least) };
}

/** Decides by the interval of a ratio and the band that decides nothing. The two must not overlap. */
export function decide({ low, high }: Estimate, band: Band): Decision {
  // A figure of zero gives no usable ratio: it would lie beyond everything.
  if (![low, high, band.low, band.high].every(Number.isFinite)) return "undecided";
  if (low > band.high) return "more";
  return high < band.low ? "less" : "undecided";
}
