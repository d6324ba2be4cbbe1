import { stripVTControlCharacters } from "node:util";
import type { Deviation } from "@rosetta/manifest";

/** The outcome of a test's body. */
export interface BodyOutcome {
  status: string | undefined;
  /** The messages of all its errors. */
  errors: readonly string[];
}

// A mistake in the suite, or a server that did not start or has died, proves nothing about a stack.
const neverDeclared = /^(TypeError|ReferenceError|SyntaxError|RangeError|ServerError)\b/;

/** Returns the id of a test, which is the first word of its title. */
export function idOf(title: string): string {
  return title.split(" ", 1)[0] ?? "";
}

/** Returns the deviation that a server declares for a test. */
export function deviationOf(deviations: readonly Deviation[], title: string): Deviation | undefined {
  return deviations.find(({ test }) => test === idOf(title));
}

/** Returns why a test did not fail as declared, or nothing if it did. */
export function contradiction(
  { test, shows }: Deviation,
  { status, errors }: BodyOutcome,
): string | undefined {
  if (shows.trim() === "") return `the deviation ${test} must say what it shows`;
  if (status === "passed") return `the deviation is gone: ${test} passes. Remove it from server.json`;
  if (status !== "failed") return `the deviation ${test} must fail, but the test was ${status}`;
  // Where two texts differ, expect() colours the difference, even in the middle of a word.
  const plain = errors.map((error) => stripVTControlCharacters(error));
  const other = plain.find((error) => neverDeclared.test(error) || !error.includes(shows));
  if (other === undefined) return undefined;
  return `the deviation ${test} must fail with ${JSON.stringify(shows)}, but failed with: ${other.split("\n")[0]}`;
}
