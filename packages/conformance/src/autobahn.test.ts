import { expect, test } from "vitest";
import { autobahnCases, autobahnIds } from "./autobahn.ts";
import { allCases } from "./cases/index.ts";

test("Autobahn has 517 cases", () => {
  expect(new Set(autobahnIds).size).toBe(517);
});

test("each of them is found by a case of ours", () => {
  expect(autobahnCases.filter(({ ours }) => ours.length === 0).map(({ id }) => id)).toEqual([]);
});

test("no case of ours names one that does not exist", () => {
  const named = allCases.flatMap(({ id, autobahn = [] }) => autobahn.map((theirs) => ({ id, theirs })));
  expect(named.filter(({ theirs }) => !autobahnIds.includes(theirs))).toEqual([]);
});

test("no case of ours names one twice", () => {
  const twice = allCases.filter(({ autobahn = [] }) => new Set(autobahn).size < autobahn.length);
  expect(twice.map(({ id }) => id)).toEqual([]);
});
