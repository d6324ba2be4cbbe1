import { expect, test } from "vitest";
import { decide, estimate, median, ratio, seeded } from "./statistics.ts";

test("the median of an odd and of an even number of values", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("an estimate holds its median between its bounds, the narrower the more values there are", () => {
  const values = (count: number) => Array.from({ length: count }, (_, index) => 100 + ((index * 37) % 20));
  const few = estimate(values(8));
  const many = estimate(values(200));
  expect(few.low).toBeLessThanOrEqual(few.value);
  expect(few.value).toBeLessThanOrEqual(few.high);
  expect(many.high - many.low).toBeLessThan(few.high - few.low);
  expect(estimate(values(8))).toEqual(few);
});

test("what disturbs both of a pair leaves their ratio alone", () => {
  const disturbed = [1, 5, 0.2, 3, 2, 1, 0.7].map((factor) => [20 * factor, 10 * factor] as const);
  expect(ratio(disturbed)).toMatchObject({ value: 2, low: 2, high: 2 });
});

test("a difference is decided only beyond twice what two equal servers show", () => {
  const noise = { value: 1, low: 0.9, high: 1.08, count: 10 };
  const between = (low: number, high: number) =>
    decide({ value: (low + high) / 2, low, high, count: 10 }, noise);
  // Twice as far as 0.9: 0.81, and the other way round 1.23.
  expect(between(1.24, 1.4)).toBe("more");
  expect(between(0.5, 0.8)).toBe("less");
  expect(between(1.22, 1.4)).toBe("undecided");
  expect(between(0.5, 0.82)).toBe("undecided");
  expect(between(0.95, 1.3)).toBe("undecided");
});

test("what is no number decides nothing", () => {
  const noise = { value: 1, low: 0.9, high: 1.1, count: 3 };
  const none = { value: Number.NaN, low: Number.NaN, high: Number.NaN, count: 3 };
  expect(decide(none, noise)).toBe("undecided");
  expect(decide({ value: 2, low: 1.9, high: 2.1, count: 3 }, none)).toBe("undecided");
  expect(decide({ ...noise, low: 1.5, high: Number.POSITIVE_INFINITY }, noise)).toBe("undecided");
});

test("two equal servers are decided to differ in less than one of a hundred runs", () => {
  const random = seeded(1);
  // The sum of twelve has the bell's shape: pairs on a shared machine differ by 15 %, a process from the next by 2 %.
  const bell = () => Array.from({ length: 12 }, random).reduce((sum, each) => sum + each, -6);
  const equal = () => {
    const process = 1 + 0.02 * bell();
    return ratio(Array.from({ length: 10 }, () => [process * (1 + 0.15 * bell()), 1] as const));
  };
  const decisions = Array.from({ length: 200 }, () => decide(equal(), equal()));
  expect(decisions.filter((decision) => decision !== "undecided").length).toBeLessThan(2);
});
