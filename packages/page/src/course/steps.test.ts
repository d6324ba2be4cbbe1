import { expect, test } from "vitest";
import { doneSteps, tellingsOfAct, tellingsOfFacts } from "./steps.ts";

test("an action is told by its name, and with what it was done", () => {
  expect(tellingsOfAct({ name: "open", given: [] })).toEqual(["open"]);
  expect(tellingsOfAct({ name: "sendText", given: ["stop"] })).toEqual(["sendText", "sendText:stop"]);
  expect(tellingsOfAct({ name: "cut", given: [3000, "more"] })).toEqual(["cut", "cut:3000"]);
  expect(tellingsOfAct({ name: "fail", given: [{ do: "close", code: 1012 }] })).toEqual([
    "fail",
    "fail:close",
    "fail:1012",
  ]);
  expect(tellingsOfAct({ name: "sendFile", given: [undefined] })).toEqual(["sendFile"]);
});

test("a fact is told by its name, and with its value", () => {
  expect(tellingsOfFacts([{ name: "Recovered", value: "yes" }])).toEqual(["Recovered", "Recovered=yes"]);
});

test("a step is done once it was told of, and one that only looks is done with the step before", () => {
  const steps = [{ done: "sendText" }, {}, { done: "sendText:stop" }, {}];
  const after = (...told: string[]) => doneSteps(steps, new Set(told));
  expect(after()).toEqual([false, false, false, false]);
  expect(after("sendText")).toEqual([true, true, false, false]);
  expect(after("sendText:stop")).toEqual([false, false, true, true]);
  expect(after("sendText", "sendText:stop")).toEqual([true, true, true, true]);
  expect(doneSteps([{}, { done: "open" }], new Set())).toEqual([false, false]);
});
