/** A realistic mistake, put into one file by replacing one piece of its text. */
export interface Mutant {
  /** From the root of the repository, with slashes. */
  file: string;
  /** A piece of the file's text that stands there exactly once. */
  search: string;
  replace: string;
  /** What goes wrong, in a few words: the name of the mistake in reports. */
  why: string;
  /**
   * The tests that must see it: files of unit tests, then ids (`UPG-07`) or tags (`@upgrade`) of the suite.
   * Left out, they are the unit tests of the package that import the file, and in an app those of the region.
   */
  tests?: string[];
  /** The mistake changes nothing that anybody could observe, for this reason. It is listed and never run. */
  equal?: string;
  /** No test sees it yet: what one would have to look at. It is told as open, and left out of a selection. */
  open?: string;
}

/** The part of the repository that a file belongs to: `page` for `packages/page/…`, `e2e`, `express-ws`. */
export function areaOf({ file }: Pick<Mutant, "file">): string {
  const [first = "", second = ""] = file.split("/");
  return first === "packages" || first === "apps" ? second : first;
}

/** Whether a mistake lies in an area, or below the beginning of a path. */
export function isIn(mutant: Pick<Mutant, "file">, area: string): boolean {
  return areaOf(mutant) === area || (area.includes("/") && mutant.file.startsWith(area));
}

/** The text with the mistake in it. Throws a `StaleError` where the piece is not found exactly once. */
export function applied(text: string, mutant: Mutant): string {
  const [before, after, ...more] = text.split(mutant.search);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new StaleError(
      mutant,
      after === undefined ? "is not there any more" : "stands there more than once",
    );
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

/** The line of the mistake, counted from 1. */
export function lineOf(text: string, { search }: Mutant): number {
  return text.slice(0, text.indexOf(search)).split("\n").length;
}
