import { expect, test } from "vitest";
import { parseCommandLine } from "./command-line.ts";

const options = { port: { type: "string" }, help: { type: "boolean", short: "h" } } as const;

test("options and words come in any order, and pnpm's -- is left out", () => {
  expect(parseCommandLine(["--", "one", "--port", "4000", "-h", "two"], options)).toMatchObject({
    values: { port: "4000", help: true },
    positionals: ["one", "two"],
  });
});

test("a mistake is reported in one sentence", () => {
  expect(parseCommandLine(["--bare"], options)).toBe("Unknown option '--bare'");
  expect(parseCommandLine(["--port"], options)).toBe("Option '--port <value>' argument missing");
});
