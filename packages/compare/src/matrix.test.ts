import { expect, test } from "vitest";
import { sampleResults, sampleTest } from "./fixture.ts";
import { matrix } from "./matrix.ts";

test("groups by servers, differences, failures with place and command, and a closing line", () => {
  const locate = (server: string, region: string) => `apps/${server}/src/server.ts:3 (${region})`;
  expect(matrix(sampleResults(), { locate })).toBe(`      one       two
HTTP  2/2       1/1
UPG   1/2  2/2 (1≠)

Where the servers differ
UPG-01 MUST do UPG-01
  one: failed
  two: passed
UPG-02 MUST do UPG-02
  one: passed
  two: deviates: it cannot – https://example.org
HTTP-02 MUST do HTTP-02
  one: passed
  two: skipped

What failed
UPG-01 one  expected 403
  apps/one/src/server.ts:3 (upgrade)
  pnpm e2e --project one -g UPG-01

6 passed, 1 failed, 1 skipped`);
});

test("a green run is a table and a line", () => {
  const passed = { verdict: "passed", ms: 1 } as const;
  const results = sampleResults([sampleTest("UPG-01", { one: passed, two: passed })]);
  expect(matrix(results).split("\n\n")).toEqual([
    "     one  two\nUPG  1/1  1/1",
    "2 passed, 0 failed, 0 skipped",
  ]);
});

test("a test that ran on one server counts there; on the others it is neither skipped nor a difference", () => {
  const passed = { verdict: "passed", ms: 1 } as const;
  const tests = [
    sampleTest("PAGE-01", { one: passed, two: passed }),
    { ...sampleTest("PAGE-02", { two: passed }), dealtTo: "two" },
  ];
  expect(matrix(sampleResults(tests)).split("\n\n")).toEqual([
    "      one  two\nPAGE  1/1  2/2",
    "1 test does not depend on the server: each runs on one server only, and counts there.",
    "3 passed, 0 failed, 0 skipped",
  ]);
});

test("if every test was dealt to one server, that is said instead", () => {
  const dealt = { ...sampleTest("PAGE-01", { one: { verdict: "passed", ms: 1 } }), dealtTo: "one" };
  expect(matrix(sampleResults([dealt]))).toContain("Each test ran on one server only, chosen by its number.");
});

test("a test that should have run on one server is skipped there", () => {
  const tests = [{ ...sampleTest("PAGE-02", {}), dealtTo: "two" }];
  expect(matrix(sampleResults(tests))).toContain("0 passed, 0 failed, 1 skipped");
});

test("the caller decides about colours", () => {
  const text = matrix(sampleResults(), { paint: (colour, text) => `<${colour}>${text}</>` });
  expect(text).toContain("<red>1/2</>");
  expect(text).toContain("two: <yellow>deviates</>: it cannot");
  expect(text).toContain("<red>6 passed, 1 failed, 1 skipped</>");
});
