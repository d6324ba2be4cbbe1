// What the build knows of the servers' code. The plugin in build/ writes it, the code strip shows it.

/** A piece of a line: what it is, in a letter (keyword, string, comment, function, number, type), and its text. */
export type CodeToken = [kind: string, text: string];

/** A server in whose code a region is. */
export interface CodeServer {
  app: string;
  title: string;
  /** The server's place among all, counted from 0. */
  place: number;
  file: string;
  /** The first line of the region, counted from 1. */
  line: number;
}

/** One region as it reads in one server, or in several that have the same lines. */
export interface CodeColumn {
  servers: CodeServer[];
  lines: CodeToken[][];
  /** For each line, whether every other column has it as well. */
  same: boolean[];
}

/** A test that proves a region, and what it found when the suite was last run. */
export interface CodeTest {
  id: string;
  level: string;
  title: string;
  /** By server: `passed`, `failed` or `deviates`. */
  verdicts: Record<string, string>;
}

/** One region in every server. */
export interface CodeRow {
  region: string;
  /** Servers with the same lines share a column. */
  columns: CodeColumn[];
  /** Absent if the suite was never run here. */
  tests?: CodeTest[];
  /** When it was, as ISO 8601. */
  ran?: string;
}
