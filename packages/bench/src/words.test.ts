import { expect, test } from "vitest";
import { bracket, escaped, interval, number, percent, punctuality, range, times } from "./words.ts";

test.each([
  [Number.NaN, "–"],
  [Number.POSITIVE_INFINITY, "–"],
  [0, "0.00"],
  [9.994, "9.99"],
  [10, "10.0"],
  [99.94, "99.9"],
  [100, "100"],
  [999.4, "999"],
  [1_000, "1,000"],
  [1_234_567.8, "1,234,568"],
  [-12, "-12.0"],
])("%d is written as %s", (value, text) => {
  expect(number(value)).toBe(text);
});

test("an interval follows its figure, unless it was measured once", () => {
  const twice = { value: 1.123, low: 1.05, high: 1.18, count: 2 };
  expect(interval(twice)).toBe("1.12 × [1.05–1.18]");
  expect(bracket({ ...twice, count: 1 })).toBe("");
  expect(range({ low: 0.87, high: 1.15 })).toBe("0.87–1.15 ×");
  expect(times(2)).toBe("2.00 ×");
});

test("each part of a schedule is labelled", () => {
  const schedule = { rate: 20_000, p50: 90, p90: 150, p99: 310, p999: 1_204, max: 9_999 };
  expect(punctuality(schedule)).toBe(
    "20,000/s: in the median slice 99 % within 310 µs, 99.9 % within 1,204 µs",
  );
});

test("a part is a percentage, or a dash if it is not known", () => {
  expect([0, 0.044, 0.046, 1, Number.NaN, undefined].map(percent)).toEqual([
    "0 %",
    "4 %",
    "5 %",
    "100 %",
    "–",
    "–",
  ]);
});

test("text from outside is escaped in HTML, including quotes", () => {
  expect(escaped('<img alt="a&b">')).toBe("&lt;img alt=&quot;a&amp;b&quot;>");
});
