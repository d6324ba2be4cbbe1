import { dirname, join, relative } from "node:path";
import { stripVTControlCharacters, styleText } from "node:util";
import type {
  FullConfig,
  FullResult,
  Reporter,
  Suite,
  TestCase,
  TestError,
  TestResult,
  TestRun,
} from "@playwright/test/reporter";
import {
  climbs,
  dealtTo,
  isForRungsAlone,
  matrix,
  printClimbs,
  readPlaces,
  type SuiteResults,
  stillRed,
} from "@rosetta/compare";
import type { Manifest } from "@rosetta/manifest";
import { conformanceAttachment, conformanceReport, type Judged } from "./conformance.ts";
import { idOf } from "./deviation.ts";
import { SuiteProgress } from "./suite-progress.ts";
import {
  columnOf,
  factsOf,
  resultOf,
  rowOf,
  rungOf,
  serverOf,
  tagsOf,
  thisCommit,
  thisMachine,
  writeResults,
} from "./write-results.ts";

interface Failure {
  test: TestCase;
  result: TestResult;
}

const root = new URL("..", import.meta.url).pathname;
const partialFile = new URL("test-results/partial.json", import.meta.url).pathname;

/** Shows the progress of a run. At the end it writes the results and prints the matrix of `@rosetta/compare`. */
// Playwright requires a default export for a reporter.
export default class MatrixReporter implements Reporter {
  readonly #column = columnOfRun();
  /** The file that a whole run writes to. Empty for a partial run. */
  readonly #wholeFile = process.env.E2E_RESULTS ?? "";
  readonly #rows = new Map<string, SuiteResults["tests"][number]>();
  /** By column of the results: an app, or a rung of its ladder. */
  readonly #servers = new Map<string, { manifest: Manifest; rung?: string | undefined; runtime?: string }>();
  /** The one server that a test runs on, by the test's id. Only for tests that are dealt out. */
  readonly #dealt = new Map<string, string>();
  readonly #failures: Failure[] = [];
  readonly #judged = new Map<string, Pick<Judged, "results" | "ms">>();
  /** Problems that fail the run besides failed tests. */
  readonly #problems: string[] = [];
  readonly #date = new Date();
  #progress = new SuiteProgress(0);
  #missing = 0;

  printsToStdio(): boolean {
    return true;
  }

  /** Deals tests out, each to one server: those tagged @any-server, or all of them. A partial run keeps them all. */
  async preprocess({ suite, testRun }: { suite: Suite; testRun: TestRun }): Promise<void> {
    if (!this.#wholeFile) return;
    const tests = suite.allTests();
    const servers = [...new Set(tests.map((test) => serverOf(test).id))];
    for (const test of tests) {
      const only = dealtTo(
        { title: test.title, tags: tagsOf(test) },
        servers,
        Boolean(process.env.E2E_DEALT),
      );
      if (only === undefined) continue;
      this.#dealt.set(idOf(test.title), only);
      if (only !== serverOf(test).id) testRun.exclude(test);
    }
  }

  onBegin(_config: FullConfig, suite: Suite): void {
    const tests = suite.allTests();
    for (const test of tests) this.#enter(test);
    if (this.#wholeFile && this.#column === "app") this.#checkDeviations();
    this.#progress = new SuiteProgress(tests.length);
    this.#missing = tests.length;
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    const column = columnOf(test);
    const server = this.#servers.get(column);
    const row = this.#rows.get(idOf(test.title));
    const runtime = test.annotations.find(({ type }) => type === "runtime")?.description;
    if (server && runtime?.includes(" ")) server.runtime = runtime;
    const found = resultOf(test, result);
    this.#missing--;
    this.#collect(serverOf(test).id, result);
    this.#progress.test(found?.verdict ?? "skipped", `${column} ${test.title}`, this.#column === "steps");
    if (!found || !row) return;
    // With --repeat-each, one failure is enough.
    if (row.results[column]?.verdict !== "failed") row.results[column] = found;
    if (found.verdict === "failed") this.#failures.push({ test, result });
  }

  onError(error: TestError): void {
    this.#problems.push(visible(error.stack ?? error.message ?? error.value ?? "an error without a message"));
  }

  onStdOut(chunk: string | Buffer): void {
    this.#progress.print(String(chunk).trimEnd());
  }

  onStdErr(chunk: string | Buffer): void {
    this.#progress.print(String(chunk).trimEnd());
  }

  async onEnd({ status }: FullResult): Promise<{ status: FullResult["status"] }> {
    this.#progress.end();
    if (this.#column !== "steps") for (const failure of this.#failures) console.log(details(failure));
    for (const problem of this.#problems) console.log(`${paint("red", "error")} ${problem}\n`);
    const results = this.#results();
    if (results.tests.length === 0) return { status };
    const file = this.#isWhole(status) ? this.#wholeFile : partialFile;
    writeResults(file, results);
    if (file === this.#wholeFile && this.#judged.size > 0) this.#writeConformance();
    const part = file === partialFile ? " (a part of the suite)" : "";
    const lines = this.#summary(results).split("\n");
    const closing = lines.pop();
    // After Ctrl-C nearly all tests are skipped, and a table would be useless.
    if (status !== "interrupted") console.log(lines.join("\n"));
    console.log(`${relative(root, file)}${part}\n${closing}`);
    return { status: this.#status(status) };
  }

  #enter(test: TestCase): void {
    const manifest = serverOf(test);
    const column = columnOf(test);
    if (!this.#servers.has(column)) this.#servers.set(column, { manifest, rung: rungOf(test) });
    const row = rowOf(test, this.#dealt.get(idOf(test.title)));
    if (!row) {
      this.#problems.push(`the title "${test.title}" lacks the form "UPG-04 MUST do something"`);
      return;
    }
    const known = this.#rows.get(row.id);
    if (!known) this.#rows.set(row.id, row);
    else if (known.line !== row.line || known.file !== row.file) {
      this.#problems.push(
        `two tests have the id ${row.id}: ${known.file}:${known.line} and ${row.file}:${row.line}`,
      );
    }
  }

  #collect(id: string, { attachments, duration }: TestResult): void {
    const body = attachments.find(({ name }) => name === conformanceAttachment)?.body;
    if (!body) return;
    const judged = this.#judged.get(id) ?? { results: [], ms: 0 };
    this.#judged.set(id, {
      results: [...judged.results, ...JSON.parse(body.toString())],
      ms: judged.ms + duration,
    });
  }

  #writeConformance(): void {
    const servers = [...this.#servers.values()].flatMap(({ manifest, runtime }) => {
      const judged = this.#judged.get(manifest.id);
      return judged ? [{ manifest, runtime, ...judged }] : [];
    });
    const file = join(dirname(this.#wholeFile), "conformance.json");
    writeResults(file, conformanceReport(this.#date, servers));
  }

  #checkDeviations(): void {
    for (const { manifest } of this.#servers.values()) {
      const declared = manifest.deviations.filter(({ test }) => !isForRungsAlone({ title: test }));
      const unknown = declared.filter(({ test }) => !this.#rows.has(test));
      for (const { test } of unknown)
        this.#problems.push(`apps/${manifest.id}/server.json names a test that does not exist: ${test}`);
    }
  }

  #isWhole(status: FullResult["status"]): boolean {
    return this.#wholeFile !== "" && this.#missing === 0 && (status === "passed" || status === "failed");
  }

  #results(): SuiteResults {
    return {
      date: this.#date.toISOString(),
      ...thisCommit(),
      machine: thisMachine(),
      column: this.#column,
      servers: [...this.#servers.values()].map(({ manifest, rung, runtime }) =>
        factsOf(manifest, rung, runtime),
      ),
      tests: [...this.#rows.values()],
    };
  }

  #summary(results: SuiteResults): string {
    if (this.#column !== "steps") return matrix(results, { paint, locate: readPlaces() });
    const started = this.#failures.filter(neverStarted).map(({ test }) => columnOf(test));
    const problem = [...new Set(started)].map((column) => `${paint("red", column)} did not start`);
    const reds = stillRed(results).map((line) => paint("red", line));
    const closing = `${climbs(results).length} rungs, ${results.tests.length} tests on each`;
    return [printClimbs(results, (text) => paint("bold", text)), ...problem, ...reds, closing].join("\n\n");
  }

  #status(status: FullResult["status"]): FullResult["status"] {
    if (status === "interrupted" || status === "timedout") return status;
    if (this.#problems.length > 0) return "failed";
    if (this.#column === "steps") return this.#failures.some(neverStarted) ? "failed" : "passed";
    return this.#failures.length > 0 ? "failed" : status;
  }
}

function columnOfRun(): SuiteResults["column"] {
  if (process.env.E2E_STEPS) return "steps";
  return process.env.E2E_ENGINE ? "engine" : "app";
}

// What a rung does not have yet fails its tests. Only a rung that never started is a failure.
function neverStarted({ result }: Failure): boolean {
  return result.errors.some(
    ({ message }) => message?.startsWith("ServerError") && message.includes("did not start"),
  );
}

function details({ test, result }: Failure): string {
  const { file, line } = test.location;
  const head = `${paint("red", `${serverOf(test).id} ${test.title}`)}  ${relative(root, file)}:${line}`;
  const shown = new Set<string>();
  const errors = result.errors.map(({ message, value, snippet, location }) => {
    const place = location ? `${relative(root, location.file)}:${location.line}` : "";
    // Several errors may point at one line.
    const code = shown.has(place) ? undefined : snippet;
    shown.add(place);
    return [message ?? value ?? "", code].filter(Boolean).join("\n");
  });
  const logs = result.attachments.filter(({ name }) => name === "server").map(({ body }) => String(body));
  return `${head}\n${indent([...errors, ...logs].map(visible).join("\n"))}\n`;
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}

function paint(colour: Parameters<typeof styleText>[0], text: string): string {
  return styleText(colour, text, { stream: process.stdout });
}

// Errors from the workers are always coloured, whatever stdout is.
function visible(text: string): string {
  const colours = paint("red", "x") !== "x";
  return colours ? text : stripVTControlCharacters(text);
}
