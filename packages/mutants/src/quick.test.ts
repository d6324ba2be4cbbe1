import { expect, test } from "vitest";
import { areaOf, type Mutant } from "./mutant.ts";
import { choose } from "./quick.ts";

function mutantsOf(area: string, count: number, tests: string[]): Mutant[] {
  return Array.from({ length: count }, (_, index) => ({
    file: `packages/${area}/src/a.ts`,
    search: "",
    replace: "",
    why: `${area} ${index}`,
    tests,
  }));
}

const many = [...mutantsOf("hub", 40, ["a.test.ts"]), ...mutantsOf("page", 4, ["PAGE-01"])];

test("a seed always chooses the same mistakes, and another seed chooses others", () => {
  const names = (seed: number) => choose(many, 60, seed).map(({ why }) => why);
  expect(names(1)).toEqual(names(1));
  expect(names(1)).not.toEqual(names(2));
});

test("every area gets its share of the time", () => {
  const areas = choose(many, 60, 1).map(areaOf);
  expect(areas.filter((area) => area === "page")).toHaveLength(2);
  expect(areas.filter((area) => area === "hub").length).toBeGreaterThanOrEqual(2);
});

test("given enough time, all mistakes are chosen", () => {
  expect(choose(many, 10_000, 1)).toHaveLength(44);
});

test("mistakes that are known to be open are left out", () => {
  const [one, ...others] = mutantsOf("hub", 4, ["a.test.ts"]) as [Mutant, ...Mutant[]];
  expect(choose([{ ...one, open: "its memory" }, ...others], 10_000, 1)).toHaveLength(3);
});
