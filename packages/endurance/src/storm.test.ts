import { expect, test } from "vitest";
import { peakOf } from "./storm.ts";

test("a peak is the most that lie within a width", () => {
  expect(peakOf([], 100)).toBe(0);
  expect(peakOf([5], 100)).toBe(1);
  expect(peakOf([0, 50, 99, 100, 149], 100)).toBe(4);
  expect(peakOf([300, 0, 100, 200], 100)).toBe(1);
});
