import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";

const servers = ["one", "two"];
const rungs = [
  { name: "1-echo", subject: "" },
  { name: "2-rooms", subject: "" },
];
const read = (...args: string[]) => readArguments(args, servers, rungs);

test("without arguments everything is run", () => {
  expect(read()).toEqual({ help: false, cluster: false, dealt: false, projects: [], rest: [], whole: true });
});

test("with an engine, every test that it concerns is run, and no rung", () => {
  expect(read("--cluster", "--workers", "2")).toMatchObject({ cluster: true, whole: true });
  expect(read("--cluster", "-g", "CLUSTER")).toMatchObject({ cluster: true, whole: false });
  expect(read("--cluster", "--steps")).toMatch(/exclude each other/);
});

test("arguments that do not change the set of tests leave a run whole", () => {
  expect(read("--steps", "--headed", "--workers", "4", "-j=2")).toMatchObject({
    steps: "all",
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

test.each(["2", "2-rooms", "rooms"])("one rung is named by its number or its name: %s", (rung) => {
  expect(read("--steps", rung, "--project", "one")).toMatchObject({
    steps: "2-rooms",
    projects: ["one"],
    whole: false,
  });
});

test("a number that is no rung is reported with those there are, a word is left for Playwright", () => {
  expect(read("--steps", "7")).toBe('there is no rung "7"; there are: 1-echo, 2-rooms');
  expect(read("--steps", "tests/echo.ts")).toMatchObject({ steps: "all", rest: ["tests/echo.ts"] });
});
