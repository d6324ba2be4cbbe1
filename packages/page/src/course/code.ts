// What the build knows of the code behind a lesson. The plugin in build/ writes it, the code strip shows it.

/** A piece of a line: what it is, in a letter (keyword, string, comment, function, number, type), and its text. */
export type CodeToken = [kind: string, text: string];

/** Where some code is. */
export interface CodePlace {
  /** The path from the root of the repository. */
  file: string;
  /** The first line of the code, counted from 1. */
  line: number;
}

/** Some code that is the same for all servers: the browser's, or what is decided once. */
export interface CodeExcerpt extends CodePlace {
  /** What it is called: `talk`. */
  name: string;
  /** What it is part of: `1. Echo`, a page, or `@rosetta/hub`. */
  title: string;
  lines: CodeToken[][];
  /** The address of the page that it is part of, seen from the course. Absent if it is not part of one. */
  page?: string;
}

/** A server in whose code a region is. */
export interface CodeServer extends CodePlace {
  app: string;
  title: string;
  /** The server's place among all, counted from 0. */
  place: number;
}

/** One region as it reads in one server, or in several that have the same lines. */
export interface CodeColumn {
  servers: CodeServer[];
  /** As many as in every column of the row: equal lines face each other, and `null` is a gap. */
  lines: (CodeToken[] | null)[];
  /** For each line, whether every other column has it as well. */
  same: boolean[];
}

/** A test that proves a region, and what it found when the suite was last run. */
export interface CodeTest {
  id: string;
  level: string;
  title: string;
  /** By server: `passed`, `failed` or `deviates`. None if the suite was never run here. */
  verdicts: Record<string, string>;
}

/** One region in every server. */
export interface CodeRow {
  region: string;
  /** Servers with the same lines share a column. */
  columns: CodeColumn[];
  /** What of its subject is decided once for all servers. */
  decided: CodeExcerpt[];
  tests: CodeTest[];
}

/** The code behind a lesson. */
export interface LessonCode {
  browser: CodeExcerpt[];
  /** The subject in a rung of each ladder, a program in one file. Absent if no rung has it. */
  rung?: { name: string; row: CodeRow };
  rows: CodeRow[];
  /** What words mean that come from elsewhere. */
  terms: Record<string, string>;
  /** When the suite was last run here, as ISO 8601. Absent if it never was. */
  ran?: string;
  /** The repository on the machine that built the page. Only in pages of the dev loop. */
  folder?: string;
}
