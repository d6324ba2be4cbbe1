import { describe, expect, test } from "vitest";
import { casesIn, judged, oddOnes } from "../testing/judging.ts";
import { deaths, faults } from "../testing/server-faults.ts";

// A server that hangs is given up soon, but a correct one is not blamed for a busy machine.
const hasty = { settleMs: 50, deadlineMs: 1_000 };
const patient = { settleMs: 50, deadlineMs: 20_000 };

describe.concurrent("it is found that a server", () => {
  test.each(Object.entries(faults))("%s", async (_name, { rules, red, green = [], turns = "fail" }) => {
    const timing = turns === "fail" ? hasty : patient;
    const found = await judged(rules, { ...timing, cases: casesIn(red) });
    for (const id of red) {
      const verdicts = casesIn([id]).map((each) => found.get(each.id)?.verdict);
      expect(verdicts, `of ${id}`).toContain(turns);
    }
    const neighbours = casesIn(green).filter(({ id }) => !found.has(id));
    const results = await judged(rules, { ...patient, cases: neighbours });
    expect(oddOnes(results.values())).toEqual([]);
  });
});

describe.concurrent("it is reported that a server", () => {
  test.each(Object.entries(deaths))("%s, and the run goes on", async (_name, { rules, kills }) => {
    const cases = casesIn(["1.1", "6.1", ...kills]);
    const results = await judged(rules, { ...patient, cases });
    const dead = [...results.values()].filter(({ verdict }) => verdict === "fail");
    expect(dead.map(({ id }) => id).sort()).toEqual([...kills].sort());
    for (const { behaviour, grave } of dead) {
      expect([grave, behaviour.why]).toEqual(["death", expect.stringMatching(/^the server died: /)]);
    }
    expect(results.size).toBe(cases.length);
  });
});
