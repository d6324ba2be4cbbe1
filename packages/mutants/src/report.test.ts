import { expect, test } from "vitest";
import { isGood, printOpen, printSummary, type Tried, toResults } from "./report.ts";
import type { MutantOutcome } from "./try-mutant.ts";

function tried(file: string, outcome: MutantOutcome): Tried {
  return {
    mutant: { file, search: "a", replace: "b", why: `mistake in ${file}` },
    line: 3,
    outcome,
    ms: 1500,
  };
}

const killed = tried("packages/hub/src/a.ts", { state: "killed", by: "a.test.ts: sees it" });
const equal = tried("packages/hub/src/b.ts", { state: "equal", reason: "the same number" });
const survived = tried("e2e/raw.ts", { state: "survived" });

test("the summary counts each state of each area", () => {
  expect(
    printSummary([killed, equal, survived])
      .split("\n")
      .map((line) => line.split(/ +/)),
  ).toEqual([
    ["area", "killed", "survived", "open", "equal", "hangs", "unclear", "all"],
    ["hub", "1", "0", "0", "1", "0", "0", "2"],
    ["e2e", "0", "1", "0", "0", "0", "0", "1"],
    ["all", "1", "1", "0", "1", "0", "0", "3"],
  ]);
});

test("a run is good if tests caught every mistake that has an effect", () => {
  expect(isGood([killed, equal])).toBe(true);
  for (const state of ["survived", "hangs"] as const)
    expect(isGood([killed, tried("a", { state })])).toBe(false);
  expect(isGood([tried("a", { state: "unclear", reason: "no port" })])).toBe(false);
});

test("a mistake that no test caught is reported with its place", () => {
  expect(printOpen([killed, survived])).toContain("SURVIVED  e2e/raw.ts:3  mistake in e2e/raw.ts  (1.5 s)");
  expect(printOpen([killed])).toBe("");
});

test("the file has the outcome beside the place", () => {
  expect(toResults([killed], new Date(0), 7)).toEqual({
    date: "1970-01-01T00:00:00.000Z",
    seed: 7,
    mutants: [
      {
        ...{ area: "hub", file: "packages/hub/src/a.ts", line: 3, why: "mistake in packages/hub/src/a.ts" },
        ...{ ms: 1500, state: "killed", by: "a.test.ts: sees it" },
      },
    ],
  });
});
