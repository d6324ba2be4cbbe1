import { count, table } from "@rosetta/compare";
import type { Outcome } from "./judge.ts";
import { areaOf, type Mutant } from "./mutant.ts";

/** A mistake, where it stands, and what came of it. */
export interface Tried {
  mutant: Mutant;
  line: number;
  outcome: Outcome;
  ms: number;
}

const states = ["killed", "survived", "open", "equal", "hangs", "unclear"] as const;
const good: readonly Outcome["state"][] = ["killed", "open", "equal"];

/** True if a test saw every mistake that changes something and is not known to be open. */
export function isGood(tried: Tried[]): boolean {
  return tried.every(({ outcome }) => good.includes(outcome.state));
}

/** How many of each area were killed, and so on. */
export function printSummary(tried: Tried[]): string {
  const areas = Map.groupBy(tried, ({ mutant }) => areaOf(mutant));
  const rows = [...areas].map(([area, own]) => [area, ...countStates(own)]);
  return table([["area", ...states, "all"], ...rows, ["all", ...countStates(tried)]]);
}

function countStates(tried: Tried[]): string[] {
  const number = (state: Outcome["state"]) => tried.filter(({ outcome }) => outcome.state === state).length;
  return [...states.map(number), tried.length].map(String);
}

/** A line about one mistake. */
export function printTried({ mutant, line, outcome, ms }: Tried): string {
  const seconds = (ms / 1000).toFixed(1);
  return `${printOutcome(outcome)}  ${mutant.file}:${line}  ${mutant.why}  (${seconds} s)`;
}

function printOutcome(outcome: Outcome): string {
  if (outcome.state === "killed") return `killed by ${outcome.by}`;
  if (outcome.state === "equal" || outcome.state === "unclear" || outcome.state === "open")
    return `${outcome.state}: ${outcome.reason}`;
  return outcome.state.toUpperCase();
}

/** What no test saw, to be looked at; empty if there is nothing. */
export function printOpen(tried: Tried[]): string {
  const open = tried.filter((each) => !isGood([each]));
  if (open.length === 0) return "";
  return [`${count(open.length, "mistake")} that no test sees:`, ...open.map(printTried)].join("\n");
}

/** The content of `results/mutants.json`. */
export interface Results {
  /** When the run ended, as ISO 8601. */
  date: string;
  /** Only of a selection: the seed that chose it. */
  seed?: number;
  mutants: ({ area: string; file: string; line: number; why: string; ms: number } & Outcome)[];
}

export function toResults(tried: Tried[], date: Date, seed?: number): Results {
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
