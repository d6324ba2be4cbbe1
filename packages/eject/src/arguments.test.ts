import { expect, test } from "vitest";
import { EjectError, readArguments } from "./arguments.ts";

test("a server and a folder are an app, with or without all of it", () => {
  const app = { do: "app", server: "express-ws", folder: "../chat" };
  expect(readArguments(["express-ws", "../chat"])).toEqual({ ...app, all: false });
  expect(readArguments(["--all", "express-ws", "../chat"])).toEqual({ ...app, all: true });
});

test("with --step they are a rung", () => {
  const rung = { do: "rung", server: "express-ws", folder: "../chat", step: "6" };
  expect(readArguments(["--step", "6", "express-ws", "../chat"])).toEqual(rung);
});

test("--help is answered, whatever else is there", () => {
  for (const given of [["--help"], ["-h", "express-ws"]])
    expect(readArguments(given)).toEqual({ do: "help" });
});

test.each([
  [[], "name a server and a folder"],
  [["express-ws"], "name a server and a folder"],
  [["express-ws", "a", "b"], '"b" is one word too many'],
  [["--step", "6", "--all", "express-ws", "a"], "a rung has no extras"],
  [["--everything", "express-ws", "a"], "Unknown option '--everything'; see pnpm eject --help"],
])("%j is refused", (given, why) => {
  expect(() => readArguments(given)).toThrow(EjectError);
  expect(() => readArguments(given)).toThrow(why);
});
