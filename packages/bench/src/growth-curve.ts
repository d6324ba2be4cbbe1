// How a cost grows with the size of something. Pure.

/** The cost of an operation beside a number of something, in µs of processor time. */
export interface GrowthPoint {
  size: number;
  cost: number;
}

/** `flat`: the cost does not depend on the size. `linear`: it grows at most as fast as the size. `worse`: faster. */
export type GrowthVerdict = "flat" | "linear" | "worse";

/** A hundred times the size may cost 1.6 times as much: memory that does not fit into a cache is slower. */
const flatSlope = 0.1;
/** Above 1 by as much as noise may add. */
const linearSlope = 1.1;

/** Returns by which power of the size the cost grows: the slope of the line through the logarithms (least squares). */
export function slopeOf(points: readonly GrowthPoint[]): number {
  const logs = points.map(({ size, cost }) => [Math.log(size), Math.log(cost)] as const);
  const meanOf = (index: 0 | 1): number => logs.reduce((sum, log) => sum + log[index], 0) / logs.length;
  const [meanX, meanY] = [meanOf(0), meanOf(1)];
  const together = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return together / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

/** Judges how the cost grows. NaN in a point, where the system does not report the cost, is never flat. */
export function verdictOf(points: readonly GrowthPoint[]): GrowthVerdict {
  const slope = slopeOf(points);
  if (slope <= flatSlope) return "flat";
  return slope <= linearSlope ? "linear" : "worse";
}

/** Returns the least of several measurements of one cost: whatever else the machine does can only add to it. */
export function fairest(costs: readonly number[]): number {
  return Math.min(...costs);
}
