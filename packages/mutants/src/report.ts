import { count, table } from "@rosetta/compare";
import { areaOf, type Mutant } from "./mutant.ts";
import type { MutantOutcome } from "./try-mutant.ts";

/** A mistake, its line, its outcome, and how long that took. */
export interface Tried {
  mutant: Mutant;
  line: number;
  outcome: MutantOutcome;
  ms: number;
}

const states = ["killed", "survived", "open", "equal", "hangs", "unclear"] as const;
const good: readonly MutantOutcome["state"][] = ["killed", "open", "equal"];

/** Returns whether a test caught every mistake, apart from those listed as open or equal. */
export function isGood(tried: Tried[]): boolean {
  return tried.every(({ outcome }) => good.includes(outcome.state));
}

/** Writes a table with the number of each outcome in each area. */
export function printSummary(tried: Tried[]): string {
  const areas = Map.groupBy(tried, ({ mutant }) => areaOf(mutant));
  const rows = [...areas].map(([area, own]) => [area, ...countStates(own)]);
  return table([["area", ...states, "all"], ...rows, ["all", ...countStates(tried)]]);
}

function countStates(tried: Tried[]): string[] {
  const number = (state: MutantOutcome["state"]) =>
    tried.filter(({ outcome }) => outcome.state === state).length;
  return [...states.map(number), tried.length].map(String);
}

/** Writes a line about one mistake. */
export function printTried({ mutant, line, outcome, ms }: Tried): string {
  const seconds = (ms / 1000).toFixed(1);
  return `${printOutcome(outcome)}  ${mutant.file}:${line}  ${mutant.why}  (${seconds} s)`;
}

function printOutcome(outcome: MutantOutcome): string {
  if (outcome.state === "killed") return `killed by ${outcome.by}`;
  if (outcome.state === "equal" || outcome.state === "unclear" || outcome.state === "open")
    return `${outcome.state}: ${outcome.reason}`;
  return outcome.state.toUpperCase();
}

/** Writes the mistakes that no test caught; empty if there are none. */
export function printOpen(tried: Tried[]): string {
  const open = tried.filter((each) => !isGood([each]));
  if (open.length === 0) return "";
  return [`${count(open.length, "mistake")} that no test catches:`, ...open.map(printTried)].join("\n");
}

/** The content of `results/mutants.json`. */
export interface MutantResults {
  /** When the run ended, as ISO 8601. */
  date: string;
  /** The seed that chose the mistakes; only after `--quick`. */
  seed?: number;
  mutants: ({ area: string; file: string; line: number; why: string; ms: number } & MutantOutcome)[];
}

export function toResults(tried: Tried[], date: Date, seed?: number): MutantResults {
  const mutants = tried.map(({ mutant, line, outcome, ms }) => ({
    area: areaOf(mutant),
    file: mutant.file,
    line,
    why: mutant.why,
    ms,
    ...outcome,
  }));
  return { date: date.toISOString(), ...(seed !== undefined && { seed }), mutants };
}
