import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type App, pathOf, type Results, readApps, regions, root } from "@rosetta/compare";
import { readManifests } from "@rosetta/manifest";
import type { CodeColumn, CodeRow, CodeTest } from "../src/course/code.ts";
import { highlight } from "./highlight.ts";

/** What a run of the suite leaves behind; before the first there is none. */
export const resultsFile: string = join(root, "results/e2e.json");

interface Place {
  app: string;
  file: string;
  line: number;
  lines: string[];
}

/** The rows of the comparison behind a lesson: each region in every server, with the tests that prove it. */
export function codeRows(names: string[]): CodeRow[] {
  const apps = readApps();
  const results = readResults();
  return names.map((region) => rowOf(region, apps, results));
}

/** The files that the rows are made of: when one changes, the page is out of date. */
export function codeFiles(): string[] {
  const sources = readApps().flatMap(({ id, files }) => [...files.keys()].map((name) => pathOf(id, name)));
  return [...sources.map((path) => join(root, path)), resultsFile];
}

function rowOf(region: string, apps: App[], results: Results | undefined): CodeRow {
  const places = apps.map((app) => placeOf(app, region));
  const columns = places.map((place) => columnOf(place, places));
  return { region, columns, ...(results && { tests: testsOf(region, results), ran: results.date }) };
}

function placeOf(app: App, region: string): Place {
  for (const [name, text] of app.files) {
    const found = regions(text, pathOf(app.id, name)).get(region);
    if (found) return { app: app.id, file: pathOf(app.id, name), line: found.line + 1, lines: found.lines };
  }
  throw new Error(`apps/${app.id} has no region ${region}: see pnpm parity`);
}

function columnOf({ app, file, line, lines }: Place, all: Place[]): CodeColumn {
  const others = all.filter((other) => other.app !== app);
  const title = readManifests().find(({ id }) => id === app)?.title ?? app;
  const text = trimmed(lines).join("\n");
  const twin = all
    .slice(
      0,
      all.findIndex((other) => other.app === app),
    )
    .find((other) => {
      return trimmed(other.lines).join("\n") === text;
    });
  return {
    app,
    title,
    file,
    line,
    lines: highlight(lines.join("\n")),
    // By trimmed line, as a reader compares: indentation differs where a line stands deeper in one stack.
    same: lines.map((each) => others.every((other) => trimmed(other.lines).includes(each.trim()))),
    ...(twin && { twin: twin.app }),
  };
}

function testsOf(region: string, { tests }: Results): CodeTest[] {
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

function readResults(): Results | undefined {
  return existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, "utf8")) as Results) : undefined;
}

function trimmed(lines: string[]): string[] {
  return lines.map((line) => line.trim());
}
