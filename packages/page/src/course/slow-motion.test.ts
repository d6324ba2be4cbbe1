import { expect, test } from "vitest";
import { slowMotion } from "./slow-motion.ts";

test("all times are slowed down by one round factor, so that the slowest can be watched", () => {
  expect(slowMotion([1.3, 2.6])).toEqual({ durations: [1.3 * 610, 2.6 * 610], slowness: 610 });
  expect(slowMotion([100, 40])).toEqual({ durations: [1600, 640], slowness: 16 });
});

test("nothing is shown faster than it was", () => {
  expect(slowMotion([2500])).toEqual({ durations: [2500], slowness: 1 });
});

test("a server that did not answer has no time to show", () => {
  expect(slowMotion([0, 2]).durations[0]).toBe(0);
  expect(slowMotion([]).durations).toEqual([]);
});
