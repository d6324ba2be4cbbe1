import { expect, test } from "vitest";
import { OffsetRuns } from "./reader-messages.ts";

test("runs tell gaps, and connections", () => {
  const runs = new OffsetRuns();
  for (const offset of [1, 2, 3, 5]) runs.add(offset);
  runs.cut();
  runs.add(6);
  expect(runs.all).toEqual([
    { from: 1, to: 3 },
    { from: 5, to: 5 },
    { from: 6, to: 6 },
  ]);
});

test("another flood begins with no runs", () => {
  const runs = new OffsetRuns();
  runs.add(1);
  runs.clear();
  runs.add(2);
  expect(runs.all).toEqual([{ from: 2, to: 2 }]);
});
