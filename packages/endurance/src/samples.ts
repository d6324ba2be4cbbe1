/** Returns the slope of a line through samples taken at equal intervals (least squares), per interval. */
export function slopeOf(samples: readonly number[]): number {
  const middle = (samples.length - 1) / 2;
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const [rise, run] = samples.reduce(
    ([up, along], sample, index) => [up + (index - middle) * (sample - mean), along + (index - middle) ** 2],
    [0, 0],
  );
  return run === 0 ? 0 : rise / run;
}

/**
 * Returns the smallest sample that at least this share of the samples, from 0 to 1, does not exceed. NaN without
 * samples.
 */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}
