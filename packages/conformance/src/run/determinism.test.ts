import { expect, test } from "vitest";
import type { FrameCase } from "../model/frame-case.ts";
import { random } from "../model/random.ts";
import type { Result } from "../model/result.ts";
import { casesIn, frameCases, judged } from "../testing/judging.ts";
import { faults } from "../testing/server-faults.ts";

const timing = { settleMs: 500, deadlineMs: 20_000 };

// Cases of all kinds of verdicts, so that there is something to differ.
const rules = {
  ...faults["notices invalid UTF-8 only when the message is complete"]?.rules,
  ...faults["cuts the payload of a ping at 64 bytes"]?.rules,
  ...faults["refuses more than a million bytes"]?.rules,
};
const cases = casesIn(["2.1", "6.9", "6.12", "6.16.1", "6.17.1", "8.2", "8.9.3", "8.10"]);

function verdictsOf(results: ReadonlyMap<string, Result>): Record<string, unknown> {
  const entries = [...results.values()].map(({ id, verdict, behaviour, close, expected, received }) => {
    return [id, { verdict, behaviour, close, expected, received }] as const;
  });
  return Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b)));
}

test("three runs with the same seed give the same verdicts in the same words", {
  timeout: 180_000,
}, async () => {
  // At the same time, because a run mostly waits for deadlines. No verdict may depend on what else is running.
  const run = (jobs: number) => judged(rules, { ...timing, cases, jobs, seed: 7 });
  const [first, ...others] = (await Promise.all([1, 8, 8].map(run))).map(verdictsOf);
  expect(new Set(Object.values(first ?? {}).map((each) => (each as Result).verdict))).toEqual(
    new Set(["pass", "fail", "non-strict", "info"]),
  );
  for (const other of others) expect(other).toEqual(first);
});

test("another seed gives the same verdicts", { timeout: 180_000 }, async () => {
  const [one, other] = await Promise.all([
    judged(rules, { ...timing, cases, seed: 1 }),
    judged(rules, { ...timing, cases, seed: 2 }),
  ]);
  const verdicts = (results: ReadonlyMap<string, Result>) =>
    Object.fromEntries([...results].map(([id, { verdict }]) => [id, verdict]));
  expect(verdicts(other)).toEqual(verdicts(one));
});

function cutsOf(each: FrameCase, seed: number): unknown[] {
  return each.play(random(seed, each.id)).steps.map((step) => (step.kind === "send" ? step.cuts : undefined));
}

test("a seed always gives the same cuts, and another seed gives others", () => {
  for (const each of casesIn(["8.10"]) as FrameCase[]) {
    expect(cutsOf(each, 7)).toEqual(cutsOf(each, 7));
    expect(cutsOf(each, 7)).not.toEqual(cutsOf(each, 8));
  }
});

test("no two cases share an id or a title", () => {
  const ids = frameCases.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const titles = frameCases.map(({ title }) => title);
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
});
