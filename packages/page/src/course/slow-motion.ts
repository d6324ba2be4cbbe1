/** Milliseconds that the slowest round trip is shown for. */
const longestMs = 1600;

/**
 * Returns how long to show each of some times, in milliseconds, so that they can be told apart: all slowed down by one
 * factor, a round one, which never speeds them up.
 */
export function slowMotion(times: number[]): { durations: number[]; slowness: number } {
  const slowness = rounded(longestMs / Math.max(...times, 1e-3));
  return { durations: times.map((time) => time * slowness), slowness };
}

function rounded(factor: number): number {
  if (factor < 10) return Math.max(1, Math.floor(factor));
  const unit = 10 ** (Math.floor(Math.log10(factor)) - 1);
  return Math.floor(factor / unit) * unit;
}
