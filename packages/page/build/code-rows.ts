import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AppFiles, alike, pathOf, readApps, readManifests, regions, root } from "@rosetta/manifest";
import type { CodeColumn, CodeRow, CodeServer, CodeTest } from "../src/course/code.ts";
import { highlight } from "./highlight.ts";

/** The file that a run of the suite writes. Before the first run there is none. */
export const resultsFile: string = join(root, "results/e2e.json");

/** The part of a run's results that the page shows. `SuiteResults` of `@rosetta/compare` is the whole. */
interface ShownResults {
  /** When the run began, as ISO 8601. */
  date: string;
  tests: (Omit<CodeTest, "verdicts"> & {
    regions: string[];
    /** The only server that the test was to run on. */
    dealtTo?: string;
    /** By server. */
    results: Record<string, { verdict: string }>;
  })[];
}

/** Returns the rows of the comparison behind a lesson: each region in every server, with the tests that prove it. */
export function codeRows(names: string[]): CodeRow[] {
  const apps = readApps();
  const results = readResults();
  return names.map((region) => rowOf(region, apps, results));
}

/** Returns the files that the rows are made of. When one changes, the page is out of date. */
export function codeFiles(): string[] {
  const sources = readApps().flatMap(({ id, files }) => [...files.keys()].map((name) => pathOf(id, name)));
  return [...sources.map((path) => join(root, path)), resultsFile];
}

function rowOf(region: string, apps: AppFiles[], results: ShownResults | undefined): CodeRow {
  const columns = columnsOf(apps.map((app, place) => placeOf(app, place, region)));
  return { region, columns, ...(results && { tests: testsOf(region, results), ran: results.date }) };
}

interface Place extends CodeServer {
  lines: string[];
}

function placeOf({ id, files }: AppFiles, place: number, region: string): Place {
  for (const [name, text] of files) {
    const file = pathOf(id, name);
    const found = regions(text, file).get(region);
    if (found) return { app: id, title: titleOf(id), place, file, line: found.line + 1, lines: found.lines };
  }
  throw new Error(`apps/${id} has no region ${region}: see pnpm parity`);
}

function titleOf(app: string): string {
  return readManifests().find(({ id }) => id === app)?.title ?? app;
}

/** Returns the columns of a region. Servers in which it has the same lines share one. */
function columnsOf(places: Place[]): CodeColumn[] {
  const groups = alike(new Map(places.map(({ app, lines }) => [app, lines])));
  const columns = groups.map((apps) => places.filter(({ app }) => apps.includes(app)));
  return columns.map((column) => {
    const others = columns.filter((other) => other !== column).map(linesOf);
    return columnOf(column, others);
  });
}

function columnOf(places: Place[], others: string[][]): CodeColumn {
  const lines = linesOf(places);
  // Compared by trimmed line, as a reader does: a line can stand deeper in one stack than in another.
  const elsewhere = others.map((other) => new Set(other.map((line) => line.trim())));
  return {
    servers: places.map(({ lines, ...server }) => server),
    lines: highlight(lines.join("\n")),
    same: lines.map((line) => elsewhere.length > 0 && elsewhere.every((other) => other.has(line.trim()))),
  };
}

function linesOf([first]: Place[]): string[] {
  return first?.lines ?? [];
}

function testsOf(region: string, { tests }: ShownResults): CodeTest[] {
  // A test that ran on one server only proves nothing about the code of the others.
  return tests
    .filter((test) => test.regions.includes(region) && test.dealtTo === undefined)
    .map(({ id, level, title, results }) => ({
      id,
      level,
      title,
      verdicts: Object.fromEntries(Object.entries(results).map(([app, { verdict }]) => [app, verdict])),
    }));
}

function readResults(): ShownResults | undefined {
  return existsSync(resultsFile)
    ? (JSON.parse(readFileSync(resultsFile, "utf8")) as ShownResults)
    : undefined;
}
