import { expect, test } from "vitest";
import { autobahnCases, autobahnIds } from "./autobahn.ts";
import { allCases } from "./index.ts";

test("Autobahn has 517 cases", () => {
  expect(new Set(autobahnIds).size).toBe(517);
});

test("each of them has a case of ours that finds its fault", () => {
  expect(autobahnCases.filter(({ ours }) => ours.length === 0).map(({ id }) => id)).toEqual([]);
});

test("no case of ours names an Autobahn case that does not exist", () => {
  const named = allCases.flatMap(({ id, autobahn = [] }) => autobahn.map((theirs) => ({ id, theirs })));
  expect(named.filter(({ theirs }) => !autobahnIds.includes(theirs))).toEqual([]);
});

test("no case of ours names an Autobahn case twice", () => {
  const twice = allCases.filter(({ autobahn = [] }) => new Set(autobahn).size < autobahn.length);
  expect(twice.map(({ id }) => id)).toEqual([]);
});
