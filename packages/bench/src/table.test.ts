import { expect, test } from "vitest";
import type { BenchResults, Measure } from "./results.ts";
import { tableOf, withTable } from "./table.ts";

const near = (value: number) => ({ value, low: value * 0.9, high: value * 1.1, count: 6 });
const measure: Measure = {
  ...{
    scenario: "cpu",
    title: "64 bytes",
    unit: "µs per message",
    better: "less",
    phrase: "",
    leastFactor: 1.15,
  },
  rows: [
    {
      ...{ candidate: "one", verdict: "measured", figure: near(2) },
      ratio: { ...near(0.3), control: "ws", decision: "less" },
    },
    {
      ...{ candidate: "two", verdict: "measured", figure: near(6) },
      ratio: { ...near(1), control: "ws", decision: "undecided", why: "equal servers differ as much" },
    },
    { candidate: "ws", verdict: "generator-bound", why: "the generator's core was full" },
    { candidate: "one:1-echo", verdict: "measured", figure: near(7) },
  ],
};
const results: BenchResults = {
  ...{ date: "2026-11-28T12:00:00.000Z", commit: "abc", quick: false, complete: true, stolen: 0.044 },
  machine: {
    ...{
      platform: "Linux 6",
      cpu: "a processor",
      cores: 2,
      memoryBytes: 2 ** 33,
      governor: undefined,
      load: 0.2,
    },
    pinned: { server: 0, generator: 1 },
  },
  ...{ versions: { node: "26.10.0", ws: "8.23.0", pino: "10" }, settings: {}, selfComparisons: [] },
  candidates: [
    { id: "one", title: "One", kind: "app" },
    { id: "two", title: "Two", kind: "app" },
    { id: "absent", title: "Not asked for", kind: "app" },
    { id: "one:1-echo", title: "One (1-echo)", kind: "rung" },
    { id: "ws", title: "bare ws", kind: "bare" },
  ],
  measures: [
    { ...measure, noise: { low: 0.93, high: 1.07, count: 5 } },
    { ...measure, title: "64 KiB", rows: measure.rows.slice(2) },
  ],
};

test("the table has a row for each measure and a column for each server that was measured", () => {
  expect(tableOf(results).split("\n")).toEqual([
    "One full run: 2026-11-28, a processor, 2 cores, Linux 6, node 26.10.0, ws 8.23.0; load 0.20 at the start; a hypervisor took 4.4 % of the two cores.",
    "",
    "|  | One | Two | bare ws | equal servers |",
    "| --- | --- | --- | --- | --- |",
    "| 64 bytes, µs per message | 2.00 [1.80–2.20]<br>**0.30 × [0.27–0.33]** | 6.00 [5.40–6.60]<br>1.00 × [0.90–1.10] | generator-bound | 0.93–1.07 × |",
    "| 64 KiB, µs per message |  |  | generator-bound |  |",
  ]);
});

test("a run that was quick or interrupted says so", () => {
  expect(tableOf({ ...results, quick: true, complete: false })).toMatch(/^An interrupted quick run: /);
});

test("the table replaces the one between its marks, and nothing else", () => {
  const text = "before\n<!-- table:begin -->\nold\n<!-- table:end -->\nafter\n";
  const once = withTable(text, results);
  expect(once).toBe(`before\n<!-- table:begin -->\n${tableOf(results)}\n<!-- table:end -->\nafter\n`);
  expect(withTable(once, results)).toBe(once);
  expect(() => withTable("no marks", results)).toThrow("no place for the table");
});
