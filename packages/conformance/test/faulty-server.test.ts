import { describe, expect, test } from "vitest";
import { deaths, faults } from "./faults.ts";
import { judged, oddOnes, within } from "./judging.ts";

// In the same process a server has reacted long before; only those that should, but do not, make it wait.
const timing = { settleMs: 50, deadlineMs: 1_000 };

describe("it is found that a server", () => {
  test.each(Object.entries(faults))("%s", async (_name, { rules, red, green = [], turns = "fail" }) => {
    const results = await judged(rules, { ...timing, cases: within([...red, ...green]) });
    for (const id of red) {
      const verdicts = within([id]).map((each) => results.get(each.id)?.verdict);
      expect(verdicts, `of ${id}`).toContain(turns);
      for (const each of within([id])) results.delete(each.id);
    }
    expect(oddOnes(results.values())).toEqual([]);
  });
});

describe("it is named that a server", () => {
  test.each(Object.entries(deaths))("%s, and the run goes on", async (_name, { rules, kills }) => {
    const cases = within(["1.1", "6.1", ...kills]);
    const results = await judged(rules, { ...timing, cases });
    const dead = [...results.values()].filter(({ verdict }) => verdict === "fail");
    expect(dead.map(({ id }) => id).sort()).toEqual([...kills].sort());
    expect(new Set(dead.map(({ behaviour }) => behaviour.why))).toEqual(new Set(["the server died"]));
    expect(results.size).toBe(cases.length);
  });
});
