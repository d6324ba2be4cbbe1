import { sep } from "node:path";

const harness = import.meta.dirname + sep;
const tests = `${harness}tests${sep}`;

/** An error that points at the line of the test, not at the line of the harness that found the problem. */
export function failure(message: string): Error {
  return errorAt(new Error(), new Error(message));
}

/** Gives an error the stack of another moment: in a timer nobody knows any more who is waiting. */
export function errorAt<T extends Error>(caller: Error, error: T): T {
  const frames = caller.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  const outside = frames.filter((line) => !line.includes(harness) || line.includes(tests));
  error.stack = [`${error.name}: ${error.message}`, ...outside].join("\n");
  return error;
}
