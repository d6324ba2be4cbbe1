import { expect, test } from "vitest";
import { seeded } from "./seeded.ts";

test("the numbers are those of the seed, from 0 to below 1", () => {
  const [one, again, other] = [seeded(1), seeded(1), seeded(2)];
  const numbers = Array.from({ length: 1_000 }, one);
  expect(numbers).toEqual(Array.from({ length: 1_000 }, again));
  expect(numbers).not.toEqual(Array.from({ length: 1_000 }, other));
  expect(numbers.every((each) => each >= 0 && each < 1)).toBe(true);
  expect(new Set(numbers).size).toBeGreaterThan(990);
});
