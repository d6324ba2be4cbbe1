import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type AppFiles, alike, pathOf, readApps, readManifests, regions, root } from "@rosetta/manifest";
import type {
  CodeColumn,
  CodeExcerpt,
  CodeRow,
  CodeServer,
  CodeTest,
  CodeToken,
  LessonCode,
} from "../src/course/code.ts";
import { align } from "./align.ts";
import { readTerms } from "./glossary.ts";
import type { Lesson } from "./lesson-files.ts";
import { browserSteps, readNamedRegions } from "./named-regions.ts";
import { type SourceFiles, textOf } from "./source-files.ts";
import { readTestTitles } from "./test-titles.ts";

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

/** Makes the code behind lessons, from the repository as it is when this is created. */
export class LessonCodeMaker {
  readonly #apps = readApps();
  readonly #ladders = readApps("steps");
  readonly #named = readNamedRegions();
  readonly #titles = new Map(readManifests().map(({ id, title }) => [id, title]));
  readonly #results = readResults();
  /** The suite's tests, as long as none of them ran. */
  readonly #untried = this.#results ? [] : readTestTitles();
  readonly #terms = readTerms();
  readonly #sources: SourceFiles;
  readonly #folder: string | undefined;

  /** `folder` is where the repository is on this machine, if the page may tell. */
  constructor(sources: SourceFiles, folder?: string) {
    this.#sources = sources;
    this.#folder = folder;
  }

  /** Returns the code behind a lesson. Throws if the lesson names a region that does not exist. */
  make({ browser, rung, regions: names, decided }: Lesson): LessonCode {
    const rows = names.map((region) => {
      const places = this.#apps.map((app, place) => this.#inApp(app, place, region));
      const excerpts = decided
        .filter((each) => each.region === region)
        .map(({ name }) => this.#excerpt(name));
      return { region, columns: this.#columns(places), decided: excerpts, tests: this.#tests(region) };
    });
    return {
      browser: browser.map((name) => this.#excerpt(name)),
      ...(rung && { rung: this.#rung(rung) }),
      rows,
      terms: this.#terms,
      ...(this.#results && { ran: this.#results.date }),
      ...(this.#folder && { folder: this.#folder }),
    };
  }

  #excerpt(name: string): CodeExcerpt {
    const found = this.#named.get(name);
    if (!found) throw new Error(`there is no region ${name}: see pnpm parity`);
    const { file, line, lines } = found;
    const [place = "", region = ""] = name.split("/");
    const code = { name: region, file, line, lines: this.#sources.part(file, line, lines.length) };
    if (!file.startsWith(`${browserSteps}/`)) return { ...code, title: `@rosetta/${place}` };
    return { ...code, title: titleOf(this.#sources.lines(file)) ?? place, page: `steps/${basename(file)}` };
  }

  // `1-echo` is a whole program, `3-heartbeat/heartbeat` a region of one.
  #rung(rung: string): { name: string; row: CodeRow } {
    const [name = "", region] = rung.split("/");
    const places = this.#ladders.map(({ id, files }, place) => {
      const file = pathOf(id, `${name}.ts`, "steps");
      const text = files.get(`${name}.ts`);
      if (text === undefined) throw new Error(`there is no ${file}: see pnpm parity`);
      const whole = { line: 0, lines: text.trimEnd().split("\n") };
      const found = region === undefined ? whole : regions(text, file).get(region);
      if (!found) throw new Error(`${file} has no region ${region}: see pnpm parity`);
      return this.#place(id, place, file, found);
    });
    const columns = this.#columns(places);
    return { name, row: { region: region ?? name, columns, decided: [], tests: [] } };
  }

  #inApp({ id, files }: AppFiles, place: number, region: string): Place {
    for (const [name, text] of files) {
      const file = pathOf(id, name);
      const found = regions(text, file).get(region);
      if (found) return this.#place(id, place, file, found);
    }
    throw new Error(`apps/${id} has no region ${region}: see pnpm parity`);
  }

  #place(app: string, place: number, file: string, found: { line: number; lines: string[] }): Place {
    const { line, lines } = found;
    return { server: { app, title: this.#titles.get(app) ?? app, place, file, line: line + 1 }, lines };
  }

  /** Returns the columns of a region. Servers in which it has the same lines share one. */
  #columns(places: Place[]): CodeColumn[] {
    const groups = alike(new Map(places.map(({ server, lines }) => [server.app, lines])));
    const columns = groups.map((apps) => places.filter(({ server }) => apps.includes(server.app)));
    const texts = columns.map(linesOf);
    const rows = align(texts);
    return columns.map((column, index) => {
      const others = texts.filter((other) => other !== texts[index]);
      return this.#column(
        column,
        others,
        rows.map((row) => row[index]),
      );
    });
  }

  #column(places: Place[], others: string[][], rows: (number | undefined)[]): CodeColumn {
    const lines = linesOf(places);
    // All are read, so that each can be shown as a whole.
    for (const { server } of places) this.#sources.lines(server.file);
    const [{ server }] = places as [Place];
    const tokens = this.#sources.part(server.file, server.line, lines.length);
    // Compared by trimmed line, as a reader does: a line can stand deeper in one stack than in another.
    const elsewhere = others.map((other) => new Set(other.map((line) => line.trim())));
    const isSame = (text = ""): boolean =>
      elsewhere.length > 0 && elsewhere.every((other) => other.has(text.trim()));
    return {
      servers: places.map((place) => place.server),
      lines: rows.map((at) => (at === undefined ? null : (tokens[at] ?? []))),
      same: rows.map((at) => at !== undefined && isSame(lines[at])),
    };
  }

  // A test that ran on one server only proves nothing about the code of the others.
  #tests(region: string): CodeTest[] {
    if (!this.#results) {
      return this.#untried
        .filter(({ regions, isForAnyServer }) => regions.includes(region) && !isForAnyServer)
        .map(({ id, level, title }) => ({ id, level, title, verdicts: {} }));
    }
    return this.#results.tests
      .filter((test) => test.regions.includes(region) && test.dealtTo === undefined)
      .map(({ id, level, title, results }) => ({
        id,
        level,
        title,
        verdicts: Object.fromEntries(Object.entries(results).map(([app, { verdict }]) => [app, verdict])),
      }));
  }
}

interface Place {
  server: CodeServer;
  lines: string[];
}

function linesOf([first]: Place[]): string[] {
  return first?.lines ?? [];
}

function titleOf(lines: CodeToken[][]): string | undefined {
  return /<title>(.*)<\/title>/.exec(lines.map(textOf).join("\n"))?.[1];
}

function readResults(): ShownResults | undefined {
  return existsSync(resultsFile)
    ? (JSON.parse(readFileSync(resultsFile, "utf8")) as ShownResults)
    : undefined;
}
