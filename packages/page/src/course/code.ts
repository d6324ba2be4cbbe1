// What the build knows of the servers' code. The plugin in build/ writes it, the code strip shows it.

/** A piece of a line: what it is, in a letter (keyword, string, comment, function, number, type), and its text. */
export type CodeToken = [kind: string, text: string];

/** One region in one server. */
export interface CodeColumn {
  app: string;
  title: string;
  file: string;
  /** The first line of the region, counted from 1. */
  line: number;
  lines: CodeToken[][];
  /** For each line, whether every other server has it as well. */
  same: boolean[];
  /** The server to the left in which the whole region reads the same. */
  twin?: string;
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
  columns: CodeColumn[];
  /** Absent if the suite was never run here. */
  tests?: CodeTest[];
  /** When it was, as ISO 8601. */
  ran?: string;
}
