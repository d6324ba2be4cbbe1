import { join, sep } from "node:path";
import { expect, test } from "vitest";
import { errorAt, hideFrames } from "./failure.ts";

const folder = join(sep, "harness");

/** Returns an error with a stack as V8 writes it, one frame per file. */
function stackOf(...files: string[]): Error {
  const error = new Error("late");
  error.stack = ["Error: late", ...files.map((file) => `    at f (${join(folder, file)}:1:2)`)].join("\n");
  return error;
}

test("an error shows the test, but not this package or the harness around it", () => {
  const own = join(import.meta.dirname, "inbox.ts");
  hideFrames(folder, join(folder, "tests"));
  const caller = stackOf("fixtures.ts", "tests/echo.ts");
  caller.stack += `\n    at take (${own}:5:6)`;
  expect(errorAt(caller, new Error("late")).stack).toBe(
    `Error: late\n    at f (${join(folder, "tests/echo.ts")}:1:2)`,
  );
});
