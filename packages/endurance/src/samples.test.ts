import { expect, test } from "vitest";
import { percentile, slopeOf } from "./samples.ts";

test("the slope of a line is found, and noise changes it little", () => {
  expect(slopeOf([1, 2, 3, 4])).toBeCloseTo(1);
  expect(slopeOf([5, 5, 5])).toBe(0);
  expect(slopeOf([7])).toBe(0);
  expect(slopeOf([0, 1.1, 1.9, 3.1, 3.9])).toBeCloseTo(0.98);
});

test("a percentile is one of the samples", () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(samples, 0.5)).toBe(50);
  expect(percentile(samples, 0.99)).toBe(99);
  expect(percentile([3], 0.99)).toBe(3);
  expect(percentile([], 0.5)).toBeNaN();
});
