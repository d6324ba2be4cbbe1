import { expect, test } from "vitest";
import { readAppSources } from "./app-sources.ts";
import { CommandError } from "./arguments.ts";
import {
  type BiteVerdict,
  type Cell,
  canBite,
  grepOf,
  judge,
  judgeControl,
  planCells,
  printBites,
} from "./cells.ts";
import type { TestOutcome } from "./playwright.ts";

const text = `// #region upgrade
refuse();
// #endregion upgrade
// #region drain
// There is none: https://example.org
// #endregion drain
`;
const house = readAppSources(["one", "two"].map((id) => ({ id, files: new Map([["a.ts", text]]) })));
const names = (cells: Cell[]) => cells.map(({ app, region }) => `${app} ${region}`);

test("without names all cells are selected, otherwise those of the named servers and regions", () => {
  expect(names(planCells(house, [], []))).toEqual(["one upgrade", "one drain", "two upgrade", "two drain"]);
  expect(names(planCells(house, ["two"], []))).toEqual(["two upgrade", "two drain"]);
  expect(names(planCells(house, [], ["drain"]))).toEqual(["one drain", "two drain"]);
});

test("an unknown name is refused with a list of the known ones", () => {
  expect(() => planCells(house, ["three"], [])).toThrow(new CommandError('no server "three": one, two'));
  expect(() => planCells(house, [], ["send"])).toThrow(new CommandError('no region "send": upgrade, drain'));
});

test("a region that contains only comments cannot be bitten", () => {
  expect(planCells(house, ["one"], []).map(canBite)).toEqual([true, false]);
});

test("the pattern matches only whole tags", () => {
  const pattern = new RegExp(grepOf(["send", "ping"]));
  expect(pattern.test("SEND-01 MUST x @send")).toBe(true);
  expect(pattern.test("SEND-01 MUST x @ping @other")).toBe(true);
  expect(pattern.test("SEND-01 MUST x @sending")).toBe(false);
  expect(pattern.test("SEND-01 MUST x @send-later")).toBe(false);
});

const outcome = (status: TestOutcome["status"], error?: string, ...tags: string[]): TestOutcome => ({
  title: "UPG-01 MUST refuse",
  tags,
  file: "e2e/tests/a.test.ts",
  line: 1,
  status,
  ...(error && { error }),
});

test("one failed test is red, whatever else happened", () => {
  const outcomes = [outcome("expected"), outcome("unexpected", "expected 403"), outcome("skipped")];
  expect(judge({ outcomes, errors: ["stopped early"] })).toEqual({
    state: "red",
    test: "UPG-01",
    starts: true,
  });
});

test("a server that does not start is red, and reported as such", () => {
  const outcomes = [outcome("unexpected", "Error: one did not start: SyntaxError"), outcome("skipped")];
  expect(judge({ outcomes, errors: [] })).toEqual({ state: "red", test: "UPG-01", starts: false });
});

test("if every test is green, so is the cell", () => {
  expect(judge({ outcomes: [outcome("expected"), outcome("skipped")], errors: [] })).toEqual({
    state: "green",
    total: 2,
  });
});

test("a run without tests, or one that broke off, is neither red nor green", () => {
  expect(judge({ outcomes: [], errors: ["SyntaxError in the config\nat x"] })).toEqual({
    state: "unclear",
    reason: "SyntaxError in the config",
  });
  expect(judge({ outcomes: [outcome("skipped")], errors: [] })).toEqual({
    state: "unclear",
    reason: "no test ran",
  });
  expect(judge({ outcomes: [outcome("expected"), outcome("skipped")], errors: ["Timed out"] })).toEqual({
    state: "unclear",
    reason: "Timed out",
  });
});

test("the control is judged by the tests of the region", () => {
  const run = {
    outcomes: [outcome("expected", undefined, "send"), outcome("unexpected", "no", "upgrade")],
    errors: [],
  };
  expect(judgeControl(run, "send")).toEqual({ state: "green", total: 1 });
  expect(judgeControl(run, "upgrade")).toEqual({ state: "unclear", reason: "red without a bite: UPG-01" });
  expect(judgeControl(run, "drain")).toEqual({ state: "unclear", reason: "no test ran" });
});

test("the table has a row for each region and a column for each app", () => {
  const found: BiteVerdict[] = [
    { state: "red", test: "UPG-07", starts: true },
    { state: "no code" },
    { state: "red", test: "UPG-01", starts: false },
    { state: "green", total: 3 },
  ];
  const verdicts = planCells(house, [], []).map((cell, at) => ({ cell, verdict: found[at] as BiteVerdict }));
  expect(printBites(verdicts).split("\n")).toEqual([
    "region   one         two",
    "upgrade  red UPG-07  red (does not start)",
    "drain    no code     STILL GREEN (3)",
  ]);
});
