import { expect, test } from "vitest";
import { climbs, inRanges, printClimbs, stillRed } from "./climb.ts";
import { sampleResults, sampleTest } from "./fixture.ts";
import type { SuiteResults } from "./suite-results.ts";

const passed = { verdict: "passed", ms: 1 } as const;
const failed = { verdict: "failed", ms: 1, error: "\nexpected 403\nat x" } as const;
const deviates = { verdict: "deviates", ms: 1 } as const;

const rung = (name: string) => ({
  id: `one:${name}`,
  title: "One",
  runtime: "node",
  rung: { server: "one", name },
});

const results: SuiteResults = {
  ...sampleResults([
    sampleTest("ECHO-01", { "one:1-echo": passed, "one:2-rooms": passed }),
    sampleTest("ECHO-02", { "one:1-echo": passed, "one:2-rooms": failed }),
    sampleTest("STEP-01", { "one:1-echo": failed, "one:2-rooms": passed }),
    sampleTest("STEP-02", { "one:1-echo": failed, "one:2-rooms": deviates }),
  ]),
  servers: [rung("2-rooms"), rung("1-echo")],
  column: "steps",
};

test("each rung is compared with the one before, and the first with nothing", () => {
  expect(climbs(results)).toEqual([
    { server: "one", rung: "1-echo", score: "2/4", won: ["ECHO-01", "ECHO-02"], lost: [] },
    { server: "one", rung: "2-rooms", score: "3/4", won: ["STEP-01", "STEP-02"], lost: ["ECHO-02"] },
  ]);
});

test("the end of a run says which tests each rung won and lost", () => {
  expect(printClimbs(results)).toBe(`one
  1-echo   2/4  + ECHO-01…02
  2-rooms  3/4  + STEP-01…02  lost: ECHO-02`);
});

test("what fails on the last rung is named with its error", () => {
  expect(stillRed(results)).toEqual(["ECHO-02 one:2-rooms  expected 403"]);
});

test("ids are shortened where they follow one another", () => {
  expect(inRanges(["UPG-09", "UPG-01", "UPG-02", "UPG-10", "ECHO-03"])).toBe("ECHO-03 UPG-01…02 UPG-09…10");
  expect(inRanges([])).toBe("");
});
