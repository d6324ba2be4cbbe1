import { expect, test } from "vitest";
import { faultsOf, median, printSaves, type SavesReport } from "./report.ts";

const row = { what: "saved in place", server: "one", expected: 2, restarts: 2, times: [300, 100] };
const good: SavesReport = {
  first: { ms: 31_250, installed: 40, printed: 2 },
  rows: [row, { what: "page edited", server: "one", expected: 0, restarts: 0, times: [] }],
  visits: [{ server: "one", whole: 9, away: 3, blank: [] }],
  left: [],
};

test("a run without faults has none", () => {
  expect(faultsOf(good)).toEqual([]);
});

test.each<[Partial<SavesReport>, string]>([
  [{ rows: [{ ...row, restarts: 1 }] }, "one, saved in place: 1 restarts instead of 2"],
  [{ rows: [{ ...row, restarts: 3 }] }, "one, saved in place: 3 restarts instead of 2"],
  [
    { visits: [{ server: "one", whole: 9, away: 0, blank: ["/ (404)", "/ (404)"] }] },
    "one: 2 times a part of the page was missing, such as / (404)",
  ],
  [{ left: ["one"] }, "one: its port is still taken after Ctrl-C"],
  [{ first: { ...good.first, printed: 11 } }, "pnpm dev printed 11 lines before the servers' addresses"],
])("%j is a fault", (change, fault) => {
  expect(faultsOf({ ...good, ...change })).toEqual([fault]);
});

test("the report is a table", () => {
  expect(printSaves(good)).toBe(`first command: 31.3 s, with 40 lines of the installation and 2 of pnpm dev

files           server  restarts  new code: median  at most
saved in place  one     2 of 2    200 ms            300 ms
page edited     one     0 of 0

one: its page was whole 9 times, blank 0 times; restarting 3 times`);
});

test("the median is the middle, or lies between the two in the middle", () => {
  expect(median([3])).toBe(3);
  expect(median([9, 1, 2])).toBe(2);
  expect(median([4, 1, 9, 2])).toBe(3);
});
