import { expect, test } from "vitest";
import { readUnits, type VitestReport } from "./units.ts";

function fileOf(name: string, statuses: string[], message = ""): VitestReport["testResults"][number] {
  const status = message !== "" || statuses.includes("failed") ? "failed" : "passed";
  const assertionResults = statuses.map((each, index) => ({ status: each, fullName: ` test ${index}` }));
  return { name: `/copy/${name}`, status, message, assertionResults };
}

test("the first test that failed is the one reported", () => {
  const report = {
    testResults: [fileOf("a.test.ts", ["passed"]), fileOf("b.test.ts", ["passed", "failed"])],
  };
  expect(readUnits(report, "/copy")).toEqual({ count: 3, red: { file: "b.test.ts", title: "test 1" } });
});

test("a file that does not load is red as well, but a failed test in another file comes first", () => {
  const unloaded = fileOf("a.test.ts", [], "SyntaxError");
  expect(readUnits({ testResults: [unloaded] }, "/copy").red?.title).toBe("(does not load)");
  const both = { testResults: [unloaded, fileOf("b.test.ts", ["failed"])] };
  expect(readUnits(both, "/copy").red?.file).toBe("b.test.ts");
});

test("tests that were skipped after a failure are not red", () => {
  expect(readUnits({ testResults: [fileOf("a.test.ts", ["passed", "skipped"])] }, "/copy")).toEqual({
    count: 2,
  });
});
