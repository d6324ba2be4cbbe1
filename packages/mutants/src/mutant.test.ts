import { expect, test } from "vitest";
import { applied, areaOf, lineOf, type Mutant, StaleError } from "./mutant.ts";

const mutant: Mutant = { file: "packages/hub/src/a.ts", search: "a < b", replace: "a <= b", why: "one more" };

test("the piece is replaced literally, not as a pattern", () => {
  expect(applied("if (a < b) x();", mutant)).toBe("if (a <= b) x();");
  expect(applied("$&(.*)", { ...mutant, search: "(.*)", replace: "$1" })).toBe("$&$1");
});

test("a piece that is gone, or is there twice, is stale", () => {
  expect(() => applied("a > b", mutant)).toThrow(StaleError);
  expect(() => applied("a > b", mutant)).toThrow('packages/hub/src/a.ts: "a < b" is no longer there');
  expect(() => applied("a < b; a < b", mutant)).toThrow("is there more than once");
});

test("the area is the folder of a package or an app", () => {
  expect(
    ["packages/hub/src/a.ts", "apps/bun-hono/src/http.ts", "e2e/raw.ts"].map((file) => areaOf({ file })),
  ).toEqual(["hub", "bun-hono", "e2e"]);
});

test("a line is counted from 1", () => {
  expect(lineOf("\n\nif (a < b)", mutant)).toBe(3);
});
