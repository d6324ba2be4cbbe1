import { expect, test } from "vitest";
import { CommandError, readArguments } from "./arguments.ts";

test("without arguments the rules are checked", () => {
  expect(readArguments([])).toEqual({ do: "check", record: false });
  expect(readArguments(["--record"])).toEqual({ do: "check", record: true });
  expect(readArguments(["--bite", "--help"])).toEqual({ do: "help" });
});

test("bite takes servers, regions and a number of jobs", () => {
  expect(readArguments(["--bite"])).toEqual({
    do: "bite",
    folder: "src",
    servers: [],
    regions: [],
    jobs: 2,
  });
  expect(readArguments(["--bite", "--steps", "one"])).toMatchObject({ folder: "steps", servers: ["one"] });
  expect(readArguments(["--bite", "one", "--region", "a", "two", "--region=b", "--jobs", "3"])).toEqual({
    do: "bite",
    folder: "src",
    servers: ["one", "two"],
    regions: ["a", "b"],
    jobs: 3,
  });
});

test.each([
  [["--bits"], "Unknown option '--bits'; see pnpm parity --help"],
  [["--steps"], '"--steps" means something only with --bite'],
  [["one"], '"one" means something only with --bite'],
  [["--region", "a"], '"a" means something only with --bite'],
  [["--bite", "--record"], "--record and --bite are two commands"],
  [["--bite", "--jobs", "0"], '--jobs is a number from 1 to 16, not "0"'],
  [["--bite", "--jobs", "two"], '--jobs is a number from 1 to 16, not "two"'],
])("%j is refused in one line", (given, message) => {
  expect(() => readArguments(given)).toThrow(new CommandError(message));
});
