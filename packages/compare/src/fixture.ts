import type { ServerResult, SuiteResults, TestResult } from "./suite-results.ts";

/** Results for the tests of this package. */
export function sampleResults(tests: TestResult[] = sampleTests): SuiteResults {
  return {
    date: "2026-11-22T10:00:00.000Z",
    machine: { platform: "linux x64", cpu: "Example", cores: 2 },
    column: "app",
    servers: [
      { id: "one", title: "One", runtime: "node 26.10.0", versions: { ws: "8.23.0" } },
      { id: "two", title: "Two", runtime: "bun 1.4.5", versions: { bun: "1.4.5", hono: "4.13.19" } },
    ],
    tests,
  };
}

const passed: ServerResult = { verdict: "passed", ms: 3 };

export function sampleTest(id: string, results: Record<string, ServerResult>): TestResult {
  const [group = ""] = id.split("-");
  return {
    id,
    level: "MUST",
    title: `do ${id}`,
    group,
    regions: ["upgrade"],
    file: "a.test.ts",
    line: 1,
    results,
  };
}

const sampleTests = [
  sampleTest("HTTP-01", { one: passed, two: passed }),
  sampleTest("UPG-01", { one: { verdict: "failed", ms: 1, error: "\nexpected 403\nat x" }, two: passed }),
  sampleTest("UPG-02", {
    one: passed,
    two: { verdict: "deviates", ms: 1, error: "426", reason: "it cannot", link: "https://example.org" },
  }),
  sampleTest("HTTP-02", { one: passed }),
];
