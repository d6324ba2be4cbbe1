import { expect, test } from "vitest";
import { fairest, type GrowthPoint, slopeOf, verdictOf } from "./growth-curve.ts";

const curve = (cost: (size: number) => number): GrowthPoint[] =>
  [100, 1_000, 10_000].map((size) => ({ size, cost: cost(size) }));

test.each([
  ["nothing", () => 7, 0, "flat"],
  ["a logarithm", (size: number) => 20 + Math.log2(size), undefined, "flat"],
  ["a root", (size: number) => Math.sqrt(size), 0.5, "linear"],
  ["the size", (size: number) => 3 * size, 1, "linear"],
  ["its square", (size: number) => size ** 2, 2, "worse"],
  ["a shrinking share", (size: number) => 5 + 100 / size, undefined, "flat"],
] as const)("a cost that grows with %s has that slope", (_what, cost, slope, verdict) => {
  const points = curve(cost);
  if (slope !== undefined) expect(slopeOf(points)).toBeCloseTo(slope);
  expect(verdictOf(points)).toBe(verdict);
});

test("a cost that the system does not report is not flat", () => {
  expect(verdictOf(curve(() => Number.NaN))).toBe("worse");
});

test("the least of several measurements counts", () => {
  expect(fairest([9, 7, 30])).toBe(7);
});
