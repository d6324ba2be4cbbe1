// How verdicts look on a terminal.

import type { Counts } from "./report.ts";
import type { Paint, Style } from "./terminal.ts";

/** How to print text. */
export interface Printing {
  paint: Paint;
  width: number;
  /** Prints details of each case that is not a pass. */
  verbose: boolean;
}

/** The verdicts in the order of their columns. */
export const columns: readonly (keyof Counts)[] = [
  "pass",
  "non-strict",
  "info",
  "unsupported",
  "known",
  "fail",
];

/** The colour of a verdict. Colour is never the only sign. */
export const styles: Record<keyof Counts, Style> = {
  pass: "green",
  "non-strict": "yellow",
  info: "blue",
  unsupported: "dim",
  known: "magenta",
  fail: "red",
};
