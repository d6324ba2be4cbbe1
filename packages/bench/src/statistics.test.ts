import { seeded } from "@rosetta/testkit/seeded";
import { expect, test } from "vitest";
import { bandOf, decide, estimate, median, type Noise, noiseOf } from "./statistics.ts";

test("the median of an odd and of an even number of values", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("an estimate holds its median between its bounds, which are narrower the more values there are", () => {
  const values = (count: number) => Array.from({ length: count }, (_, index) => 100 + ((index * 37) % 20));
  const few = estimate(values(8));
  const many = estimate(values(200));
  expect(few.low).toBeLessThanOrEqual(few.value);
  expect(few.value).toBeLessThanOrEqual(few.high);
  expect(many.high - many.low).toBeLessThan(few.high - few.low);
  expect(estimate(values(8))).toEqual(few);
});

test("the band of equal servers is wider the farther apart they were seen, and the fewer they were", () => {
  // Two degrees of freedom: 4.303 times the root mean square of the logarithms.
  expect(noiseOf([1.1, 1 / 1.1])).toEqual({
    low: expect.closeTo(1.1 ** -4.303, 9),
    high: expect.closeTo(1.1 ** 4.303, 9),
    count: 2,
  });
  const high = (ratios: number[]) => noiseOf(ratios)?.high ?? 0;
  expect(high([1.1, 0.9, 1.1, 0.9])).toBeLessThan(high([1.1, 0.9]));
  expect(high([1.1, 0.9])).toBeLessThan(high([1.2, 0.8]));
  expect(high(Array(30).fill(1.1))).toBeCloseTo(1.1 ** 2.131, 9);
  expect(noiseOf([])).toBeUndefined();
});

test("a difference is decided only if its interval lies wholly beyond that of equal servers", () => {
  const between = (low: number, high: number) =>
    decide({ value: (low + high) / 2, low, high, count: 10 }, { low: 0.8, high: 1.25 });
  expect(between(1.26, 1.4)).toBe("more");
  expect(between(0.5, 0.79)).toBe("less");
  expect(between(1.24, 1.4)).toBe("undecided");
  expect(between(0.5, 0.81)).toBe("undecided");
  expect(between(0.95, 1.3)).toBe("undecided");
});

test("within the noise nothing is decided, and neither is anything within the least factor", () => {
  const noise = { low: 0.8, high: 1.25, count: 10 };
  expect(bandOf(noise, 2)).toEqual({ low: 0.5, high: 2 });
  expect(bandOf(noise, 1.1)).toEqual({ low: 0.8, high: 1.25 });
});

test("a ratio that is not a number decides nothing", () => {
  const equals = { low: 0.9, high: 1.1, count: 3 };
  const none = { value: Number.NaN, low: Number.NaN, high: Number.NaN, count: 3 };
  const twice = { value: 2, low: 1.9, high: 2.1, count: 3 };
  expect(decide(none, equals)).toBe("undecided");
  expect(decide(twice, none)).toBe("undecided");
  expect(decide({ ...twice, high: Number.POSITIVE_INFINITY }, equals)).toBe("undecided");
});

test("two equal servers are decided to differ in less than one of a thousand comparisons", () => {
  const random = seeded(1);
  // The sum of twelve approximates a normal distribution. Pairs on a shared machine differ by 15 %, processes by 3
  // %.
  const bell = () => Array.from({ length: 12 }, random).reduce((sum, each) => sum + each, -6);
  const equal = () => {
    const process = Math.exp(0.03 * bell());
    return estimate(Array.from({ length: 8 }, () => process * Math.exp(0.15 * bell())));
  };
  const run = () => {
    const noise = noiseOf(Array.from({ length: 5 }, () => equal().value)) as Noise;
    return Array.from({ length: 20 }, () => decide(equal(), noise));
  };
  const decisions = Array.from({ length: 50 }, run).flat();
  expect(decisions.filter((decision) => decision !== "undecided").length).toBeLessThanOrEqual(1);
});

test("a difference that only touches the band of equal servers is undecided", () => {
  const touching = (low: number, high: number) =>
    decide({ value: 1, low, high, count: 10 }, { low: 0.8, high: 1.25 });
  expect(touching(1.25, 1.4)).toBe("undecided");
  expect(touching(0.5, 0.8)).toBe("undecided");
});

test("the interval holds 95 of 100 resamples", () => {
  // The median of 101 uniformly distributed values has a standard deviation of about 5.
  const { low, high, count } = estimate(Array.from({ length: 101 }, (_, index) => index));
  expect(count).toBe(101);
  expect(low).toBeGreaterThan(36);
  expect(low).toBeLessThan(44);
  expect(high).toBeGreaterThan(56);
  expect(high).toBeLessThan(64);
});

test("a bound that is not a number decides nothing", () => {
  const equals = { low: 0.9, high: 1.1, count: 3 };
  const twice = { value: 2, low: 1.9, high: 2.1, count: 3 };
  for (const broken of [{ low: Number.NaN }, { high: Number.NaN }, { high: Number.POSITIVE_INFINITY }]) {
    expect(decide({ ...twice, ...broken }, equals), JSON.stringify(broken)).toBe("undecided");
  }
  expect(decide(twice, { ...equals, low: Number.NaN })).toBe("undecided");
  expect(decide({ ...twice, low: 0.1, high: 0.2 }, { ...equals, high: Number.NaN })).toBe("undecided");
});

test("the same values give the same estimate, so that a report can be made again", () => {
  const random = seeded(7);
  const values = Array.from({ length: 50 }, random);
  expect(estimate(values)).toEqual(estimate(values));
});
