import { expect, test } from "vitest";
import { polyline } from "./chart.ts";

test("a line ends on the right with the newest place, and leaves out what is too old", () => {
  const points = [
    { offset: 10, value: 5 },
    { offset: 9, value: 0 },
    { offset: 8, value: 10 },
    { offset: 7, value: 1 },
  ];
  expect(polyline(points, 10, 3, [0, 10], { width: 100, height: 10 })).toBe("100.0,5.0 50.0,10.0 0.0,0.0");
});
