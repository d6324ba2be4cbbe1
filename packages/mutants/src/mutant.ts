/** A realistic mistake, put into one file by replacing one piece of its text. */
export interface Mutant {
  /** Its path from the root of the repository, with forward slashes. */
  file: string;
  /** A piece of the file's text that occurs exactly once. */
  search: string;
  replace: string;
  /** The effect of the mistake, in a few words. Reports name the mistake by it. */
  why: string;
  /**
   * The tests that should catch it: unit test files, then ids (`UPG-07`) or tags (`@upgrade`) of the suite.
   * Default: the package's unit tests that import the file and, in an app, the suite's tests of the region.
   */
  tests?: string[];
  /** Why the mistake has no observable effect. It is listed and never run. */
  equal?: string;
  /** What a test would have to check, if none catches it yet. Reported as open, and left out of `--quick`. */
  open?: string;
}

/** Returns the part of the repository that a file belongs to: `page` for `packages/page/…`, `e2e`, `express-ws`. */
export function areaOf({ file }: Pick<Mutant, "file">): string {
  const [first = "", second = ""] = file.split("/");
  return first === "packages" || first === "apps" ? second : first;
}

/** Returns whether a mistake's file is in an area, or has a path that begins like this. */
export function isIn(mutant: Pick<Mutant, "file">, area: string): boolean {
  return areaOf(mutant) === area || (area.includes("/") && mutant.file.startsWith(area));
}

/** Returns the text with the mistake in it. Throws a `StaleError` unless the piece is found exactly once. */
export function applied(text: string, mutant: Mutant): string {
  const [before, after, ...more] = text.split(mutant.search);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new StaleError(mutant, after === undefined ? "is no longer there" : "is there more than once");
  }
  return before + mutant.replace + after;
}

/** An entry of the list that no longer fits the code. The message says what to do about it. */
export class StaleError extends Error {
  constructor({ file, why, search }: Mutant, problem: string) {
    const [line = ""] = search.trim().split("\n");
    super(`${file}: "${line}" ${problem} (mutant "${why}"): change the entry in packages/mutants/src/list`);
  }
}

/** Returns the line of the mistake, counted from 1. */
export function lineOf(text: string, { search }: Mutant): number {
  return text.slice(0, text.indexOf(search)).split("\n").length;
}
