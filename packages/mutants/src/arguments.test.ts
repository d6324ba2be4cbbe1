import { CommandError } from "@rosetta/compare";
import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";

const today = new Date("2026-11-28T23:00:00Z");
const known = [
  { file: "packages/page/src/wire/recorder.ts" },
  { file: "packages/bench/src/judge-slices.ts" },
];
const read = (...given: string[]) => readArguments(given, known, today);

test("without arguments every area is run, in two jobs", () => {
  expect(read()).toEqual({ do: "run", areas: [], jobs: 2, quick: false, seed: 20261128 });
});

test("areas, jobs, a selection and its seed can be chosen", () => {
  expect(read("bench", "page", "--jobs", "3", "--quick", "--seed", "7")).toEqual({
    do: "run",
    areas: ["bench", "page"],
    jobs: 3,
    quick: true,
    seed: 7,
  });
});

test("the beginning of a path names a part of an area", () => {
  expect(read("packages/page/src/w", "bench")).toMatchObject({ areas: ["packages/page/src/w", "bench"] });
  expect(() => read("packages/page/src/x")).toThrow(CommandError);
});

test("list, check and help run nothing", () => {
  expect(read("--list", "page")).toEqual({ do: "list", areas: ["page"] });
  expect(read("--check")).toEqual({ do: "check" });
  expect(read("--quick", "--help")).toEqual({ do: "help" });
});

test.each([
  [["hub"], 'no mutants in "hub"; choose page, bench, or the beginning of a file\'s path'],
  [["--seed", "1"], "--seed needs --quick"],
  [["--jobs", "0"], '--jobs must be a whole number from 1 to 16, not "0"'],
  [["--quick", "--seed", "x"], '--seed must be a whole number from 1 to 4294967295, not "x"'],
  [["--fast"], "Unknown option '--fast'; see pnpm mutants --help"],
])("%j is refused in one line", (given, message) => {
  expect(() => read(...given)).toThrow(new CommandError(message));
});
