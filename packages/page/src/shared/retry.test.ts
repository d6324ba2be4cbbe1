import { expect, test } from "vitest";
import { Retry } from "./retry.ts";

/** The middle of each of the next waits, in milliseconds. */
function waits(retry: Retry, count: number): number[] {
  return Array.from({ length: count }, () => retry.next(0, () => 0.5));
}

test("waits grow up to a bound, and start over after an answer", () => {
  const retry = new Retry();
  expect(waits(retry, 7)).toEqual([500, 750, 1_250, 2_250, 4_250, 5_250, 5_250]);
  retry.succeeded();
  expect(waits(retry, 2)).toEqual([500, 750]);
});

test("what the server asks for is added to the random wait", () => {
  expect(new Retry().next(3_000, () => 0)).toBe(3_250);
});
