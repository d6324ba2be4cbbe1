import type { TrialRow } from "./trial.ts";
import type { Visits } from "./visitor.ts";

/** What `pnpm saves` found. It is written to `results/saves.json`. */
export interface SavesReport {
  /** The README's first command where nothing is installed: until it says where the servers are. */
  first: {
    ms: number;
    /** Lines before that, by the installation and by `pnpm dev`. */
    installed: number;
    printed: number;
  };
  rows: TrialRow[];
  visits: Visits[];
  /** Servers whose port was still taken after Ctrl-C. */
  left: string[];
}

/** Lines that `pnpm dev` may print before it says where the servers are. */
const mostLines = 10;

/** Returns what is not as it should be, a line each. */
export function faultsOf({ first, rows, visits, left }: SavesReport): string[] {
  const strayed = rows.filter(({ expected, restarts }) => restarts !== expected);
  const blank = visits.filter((visit) => visit.blank.length > 0);
  return [
    ...(first.printed > mostLines
      ? [`pnpm dev printed ${first.printed} lines before the servers' addresses`]
      : []),
    ...strayed.map(({ what, server, expected, restarts }) => {
      return `${server}, ${what}: ${restarts} restarts instead of ${expected}`;
    }),
    ...blank.map(({ server, blank: [example = ""], blank: all }) => {
      return `${server}: ${all.length} times a part of the page was missing, such as ${example}`;
    }),
    ...left.map((server) => `${server}: its port is still taken after Ctrl-C`),
  ];
}

/** Puts the report into a table for a terminal. */
export function printSaves({ first, rows, visits }: SavesReport): string {
  const cells = rows.map(({ what, server, expected, restarts, times }) => [
    what,
    server,
    `${restarts} of ${expected}`,
    times.length === 0 ? "" : `${Math.round(median(times))} ms`,
    times.length === 0 ? "" : `${Math.round(Math.max(...times))} ms`,
  ]);
  const pages = visits.map(({ server, whole, away, blank }) => {
    return `${server}: its page was whole ${whole} times, blank ${blank.length} times; restarting ${away} times`;
  });
  return [
    `first command: ${(first.ms / 1000).toFixed(1)} s, with ${first.installed} lines of the installation and ${first.printed} of pnpm dev`,
    "",
    ...aligned([["files", "server", "restarts", "new code: median", "at most"], ...cells]),
    "",
    ...pages,
  ].join("\n");
}

function aligned(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** Returns the middle of some numbers, of which there is at least one. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}
