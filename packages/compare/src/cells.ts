import { hasCode } from "@rosetta/manifest";
import type { AppSources, Source } from "./app-sources.ts";
import { CommandError } from "./arguments.ts";
import type { SuiteRun, TestOutcome } from "./playwright.ts";
import { table } from "./table.ts";

/** A region of a server, which is emptied and tested. */
export interface Cell {
  app: string;
  region: string;
  source: Source;
}

/** The outcome of a bite, or of the run without one. */
export type BiteVerdict =
  /** The first test that failed. If the server does not even start, that says nothing about the test. */
  | { state: "red"; test: string; starts: boolean }
  | { state: "green"; total: number }
  /** A region that contains only comments, so there is nothing to empty. */
  | { state: "no code" }
  /** The run says nothing about the region. */
  | { state: "unclear"; reason: string };

/** Returns the requested cells, or all of them if none is named. */
export function planCells(house: AppSources, servers: string[], regions: string[]): Cell[] {
  refuseUnknown("server", servers, house.apps);
  refuseUnknown("region", regions, [...new Set(house.sources.flatMap(({ regions }) => [...regions.keys()]))]);
  return house.sources
    .filter(({ app }) => servers.length === 0 || servers.includes(app))
    .flatMap((source) => [...source.regions.keys()].map((region) => ({ app: source.app, region, source })))
    .filter(({ region }) => regions.length === 0 || regions.includes(region));
}

/** Returns whether emptying the region changes the program at all. */
export function canBite({ source, region }: Cell): boolean {
  const found = source.regions.get(region);
  return found !== undefined && hasCode(found);
}

/** Returns the tests of these regions, as an argument of `playwright test --grep`. */
export function grepOf(regions: string[]): string {
  // Must match neither `@sending` nor `@send-later` for `@send`.
  return `@(${regions.join("|")})(?![\\w-])`;
}

/** Returns the result of a run. A run that broke off, or ran no test, is neither red nor green. */
export function judge({ outcomes, errors }: SuiteRun): BiteVerdict {
  const [red] = outcomes.filter(isRed);
  if (red) return { state: "red", test: idOf(red), starts: !startError.test(red.error ?? "") };
  if (errors[0] !== undefined) return { state: "unclear", reason: firstLine(errors[0]) };
  const ran = outcomes.filter((outcome) => outcome.status !== "skipped");
  if (ran.length === 0) return { state: "unclear", reason: "no test ran" };
  return { state: "green", total: outcomes.length };
}

/** Returns what the run of the untouched copy says about one region. Unless it is green there, red proves nothing. */
export function judgeControl({ outcomes, errors }: SuiteRun, region: string): BiteVerdict {
  const own = outcomes.filter((outcome) => outcome.tags.includes(region));
  const verdict = judge({ outcomes: own, errors });
  if (verdict.state !== "red") return verdict;
  return { state: "unclear", reason: `red without a bite: ${own.filter(isRed).map(idOf).join(", ")}` };
}

/** How the suite's fixture reports that the server never came up. */
const startError = /did not start/;

/** Returns a table of region × app, with the test that failed. */
export function printBites(verdicts: { cell: Cell; verdict: BiteVerdict }[]): string {
  const apps = [...new Set(verdicts.map(({ cell }) => cell.app))];
  const regions = [...new Set(verdicts.map(({ cell }) => cell.region))];
  const rows = regions.map((region) => [
    region,
    ...apps.map((app) => {
      const found = verdicts.find(({ cell }) => cell.app === app && cell.region === region);
      return found ? printVerdict(found.verdict) : "";
    }),
  ]);
  return table([["region", ...apps], ...rows], apps.length + 1);
}

/** Returns a verdict in a cell. */
export function printVerdict(verdict: BiteVerdict): string {
  if (verdict.state === "green") return `STILL GREEN (${verdict.total})`;
  if (verdict.state === "unclear") return "UNCLEAR";
  if (verdict.state === "no code") return "no code";
  return verdict.starts ? `red ${verdict.test}` : "red (does not start)";
}

function refuseUnknown(what: string, names: string[], known: string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new CommandError(`no ${what} "${unknown}": ${known.join(", ")}`);
}

function isRed({ status }: TestOutcome): boolean {
  return status === "unexpected";
}

function idOf({ title }: TestOutcome): string {
  return title.split(" ")[0] ?? "";
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
