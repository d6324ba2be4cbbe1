import { sep } from "node:path";

// Code that is not a test: files below `folder`, except those below `except`.
interface Harness {
  folder: string;
  except?: string | undefined;
}

const harnesses: Harness[] = [{ folder: import.meta.dirname + sep }];

/**
 * Leaves the files of a folder out of the stacks of `failure` and `errorAt`, which already leave this package out.
 * Files below `except`, a folder inside it, stay: those are the tests. Both are absolute paths.
 */
export function hideFrames(folder: string, except?: string): void {
  harnesses.push({ folder: folder + sep, except: except && except + sep });
}

/** Returns an error that points at the line of the test, not at the line of the harness that found the problem. */
export function failure(message: string): Error {
  return errorAt(new Error(), new Error(message));
}

/** Gives an error the stack of an earlier moment, because inside a timer the stack no longer shows who is waiting. */
export function errorAt<T extends Error>(caller: Error, error: T): T {
  const frames = caller.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  const outside = frames.filter((line) => !harnesses.some((harness) => isIn(harness, line)));
  error.stack = [`${error.name}: ${error.message}`, ...outside].join("\n");
  return error;
}

function isIn({ folder, except }: Harness, line: string): boolean {
  return line.includes(folder) && !(except && line.includes(except));
}
