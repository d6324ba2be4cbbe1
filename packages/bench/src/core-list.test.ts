import { expect, test } from "vitest";
import { coresIn } from "./core-list.ts";

test("lists of cores are read in the kernel's format", () => {
  expect(coresIn("0-3,6")).toEqual([0, 1, 2, 3, 6]);
  expect(coresIn("5")).toEqual([5]);
  expect(coresIn("")).toEqual([]);
});
