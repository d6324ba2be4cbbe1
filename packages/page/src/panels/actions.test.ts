import { expect, test } from "vitest";
import { type Act, perform, repeat } from "./actions.ts";

function panel(): { done: Act[]; perform(act: Act): void } {
  const done: Act[] = [];
  return { done, perform: (act) => void done.push(act) };
}

test("an action is done with what it was given", () => {
  const cuts: number[] = [];
  perform({ cut: (ms: number) => cuts.push(ms) }, { name: "cut", given: [10_000] });
  expect(cuts).toEqual([10_000]);
});

test.each(["mend", "toString"])("an action that a panel does not have is an error: %s", (name) => {
  expect(() => perform({ cut: () => {} }, { name, given: [] })).toThrow(`no action ${name} here, only cut`);
});

test("an action is done in all panels but the one where a person did it", () => {
  const panels = [panel(), panel(), panel()];
  const act = { name: "cut", given: [3_000] };
  repeat(act, panels[1] as (typeof panels)[0], panels);
  expect(panels.map(({ done }) => done)).toEqual([[act], [], [act]]);
});

test("a panel that is missing is an error, and so is one that nobody knows", () => {
  const [one, other] = [panel(), panel()];
  const act = { name: "cut", given: [] };
  expect(() => repeat(act, one, [one, null])).toThrow("cut: a panel is missing");
  expect(() => repeat(act, other, [one])).toThrow("cut: done in a panel that is not among these");
});
