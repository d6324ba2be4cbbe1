import { describe, expect, test } from "vitest";
import { casesIn, frameCases, judged, oddOnes } from "../testing/judging.ts";
import { liberties } from "../testing/server-faults.ts";

// A long deadline, so that a correct server is not blamed for a busy machine.
const timing = { settleMs: 2_000, deadlineMs: 20_000 };

test("a server without faults passes every case", { timeout: 300_000 }, async () => {
  const results = await judged({}, { ...timing, cases: frameCases });
  expect(results.size).toBe(frameCases.length);
  expect(oddOnes(results.values())).toEqual([]);
});

describe("a server is not blamed if it", () => {
  test.each(Object.entries(liberties))("%s", async (_name, rules) => {
    const cases = casesIn(["1", "2", "5", "6.5", "6.7", "6.16", "6.17", "7", "8"]).filter(
      ({ heavy }) => !heavy,
    );
    const results = await judged(rules, { ...timing, cases });
    expect(oddOnes(results.values())).toEqual([]);
  });
});
