import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";

const servers = ["one", "two"];
const read = (...args: string[]) => readArguments(args, servers);

test("without arguments everything is run", () => {
  expect(read()).toEqual({ help: false, bare: false, projects: [], rest: [], whole: true });
});

test("arguments that do not change the set of tests leave a run whole", () => {
  expect(read("--bare", "--headed", "--workers", "4", "-j=2")).toMatchObject({
    bare: true,
    rest: ["--headed", "--workers", "4", "-j=2"],
    whole: true,
  });
});

test.each([
  [["-g", "UPG"]],
  [["tests/echo.ts"]],
  [["--project", "one"]],
  [["--last-failed"]],
  [["--shard=1/2"]],
])("a run with %j is not whole", (args) => {
  expect(read(...args)).toMatchObject({ whole: false });
});

test("projects may be repeated, listed, and followed by files", () => {
  expect(read("--project", "one", "two", "echo.ts")).toMatchObject({ projects: servers, rest: ["echo.ts"] });
  expect(read("--project=one", "--project", "two", "-g", "x")).toMatchObject({
    projects: servers,
    rest: ["-g", "x"],
  });
});

test("an unknown project is reported with the known ones", () => {
  expect(read("--project", "three")).toBe('there is no server "three"; there are: one, two');
});
