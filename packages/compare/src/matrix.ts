import {
  groups,
  isPutTo,
  printDealt,
  printTally,
  type SuiteResults,
  type TestResult,
  type TestVerdict,
  tally,
} from "./suite-results.ts";
import { table } from "./table.ts";

/** How to print the matrix. */
export interface MatrixOptions {
  /** Returns where a server has a region: `apps/x/src/connection.ts:41`. */
  locate?: (server: string, region: string) => string | undefined;
  /** Colours a text. If left out, there are no colours. */
  paint?: (colour: "red" | "green" | "yellow" | "bold", text: string) => string;
}

/** Returns the end of a run's output: group × server, the rows that differ, the failures, and a closing line. */
export function matrix(results: SuiteResults, options: MatrixOptions = {}): string {
  const all = { locate: () => undefined, paint: (_colour: string, text: string) => text, ...options };
  const parts = [
    overview(results, all),
    printDealt(results),
    differences(results, all),
    failures(results, all),
    closing(results, all),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

type Options = Required<MatrixOptions>;

function overview({ servers, tests }: SuiteResults, { paint }: Options): string {
  const rows = groups(tests).map(([group, members]) => [
    group,
    ...servers.map(({ id }) => {
      const found = tally(members, id);
      return found.failed > 0 ? paint("red", printTally(found)) : printTally(found);
    }),
  ]);
  return table([["", ...servers.map(({ id }) => id)], ...rows]);
}

function differences({ servers, tests }: SuiteResults, { paint }: Options): string {
  const verdictsOf = (test: TestResult) =>
    servers.filter(({ id }) => isPutTo(test, id)).map(({ id }) => verdictOf(test, id));
  const differing = tests.filter((test) => new Set(verdictsOf(test)).size > 1);
  if (differing.length === 0) return "";
  const rows = differing.flatMap((test) => [
    `${test.id} ${test.level} ${test.title}`,
    ...servers.map(({ id }) => {
      const { reason, link } = test.results[id] ?? {};
      const why = [reason, link].filter((part) => part !== undefined).join(" – ");
      return `  ${id}: ${paint(colours[verdictOf(test, id)], verdictOf(test, id))}${why && `: ${why}`}`;
    }),
  ]);
  return [paint("bold", "Where the servers differ"), ...rows].join("\n");
}

const colours = { passed: "green", failed: "red", deviates: "yellow", skipped: "yellow" } as const;

function verdictOf(test: TestResult, server: string): TestVerdict | "skipped" {
  return test.results[server]?.verdict ?? "skipped";
}

function failures({ servers, tests, column }: SuiteResults, { locate, paint }: Options): string {
  const rows = tests.flatMap((test) =>
    servers.flatMap(({ id }) => {
      const result = test.results[id];
      if (result?.verdict !== "failed") return [];
      const places = test.regions.map((name) => locate(id, name));
      return [
        `${paint("red", `${test.id} ${id}`)}  ${firstLine(result.error)}`,
        ...new Set(places.filter((place) => place !== undefined).map((place) => `  ${place}`)),
        `  pnpm e2e${column === "engine" ? " --cluster" : ""} --project ${id} -g ${test.id}`,
      ];
    }),
  );
  return rows.length === 0 ? "" : [paint("bold", "What failed"), ...rows].join("\n");
}

function closing({ servers, tests }: SuiteResults, { paint }: Options): string {
  const sums = servers.map(({ id }) => tally(tests, id));
  const sum = (key: "passed" | "failed" | "skipped") => sums.reduce((total, found) => total + found[key], 0);
  const text = `${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`;
  return paint(sum("failed") > 0 ? "red" : "green", text);
}

function firstLine(error = ""): string {
  const line = error.trim().split("\n")[0] ?? "";
  return line.length > 200 ? `${line.slice(0, 200)} …` : line;
}
