// What a run found, in plain sentences for the beginning of the report and the end of a run. Pure.

import { type BenchResults, type Measure, type ResultRow, titlesIn } from "./results.ts";
import { number, times } from "./words.ts";

/** One finding of a run. */
export interface Sentence {
  scenario: string;
  /** The kind of candidate: see `Candidate`. */
  kind: string;
  text: string;
}

/** All findings of a run. */
export interface Sentences {
  /** Differences beyond the noise of the machine and beyond what another run may show. */
  decided: readonly Sentence[];
  /** Differences within them, or beside a control that could not be trusted, with the reason. */
  undecided: readonly Sentence[];
  /** Candidates that lose, change or reorder messages, or do not bear the load. */
  refused: readonly Sentence[];
  /** Measures in which something other than the server was the limit. */
  limited: readonly Sentence[];
}

/** The question that each scenario asks, the main figure first. */
export const questions: Readonly<Record<string, string>> = {
  cpu: "What does a message cost?",
  calls: "How often is the kernel asked?",
  echo: "How many messages a second?",
  typed: "What do the envelope and its validation cost?",
  latency: "How long does an answer take?",
  fanout: "One publishes to a thousand",
  connect: "How many connections a second?",
  memory: "What does an idle connection cost?",
  slow: "One of ten does not read",
};

const kinds = ["app", "rung", "bare", "variant", "limit"];

interface Found {
  measure: Measure;
  row: ResultRow;
  kind: string;
}

/** Puts the results of a run into words. */
export function sentencesOf({
  measures,
  candidates,
}: Pick<BenchResults, "measures" | "candidates">): Sentences {
  const titleOf = titlesIn(candidates);
  const kindOf = (id: string) => candidates.find((each) => each.id === id)?.kind ?? "app";
  const rank = ({ measure, row }: Found) =>
    Object.keys(questions).indexOf(measure.scenario) * kinds.length + kinds.indexOf(kindOf(row.candidate));
  const all = measures
    .flatMap((measure) => measure.rows.map((row) => ({ measure, row, kind: kindOf(row.candidate) })))
    .toSorted((a, b) => rank(a) - rank(b));
  const compared = (isDecided: boolean) =>
    all.filter(({ row: { ratio } }) => ratio && (ratio.decision !== "undecided") === isDecided);
  const verdicts = (...names: ResultRow["verdict"][]) => all.filter(({ row }) => names.includes(row.verdict));
  return {
    decided: compared(true).map((found) => said(found, comparison(found, titleOf))),
    undecided: compared(false).map((found) =>
      said(found, `${comparison(found, titleOf)} ${reason(found.row)}`),
    ),
    refused: once(verdicts("refused"), titleOf),
    limited: once(verdicts("generator-bound", "disturbed", "unknown"), titleOf),
  };
}

function said({ measure: { scenario }, kind }: Found, text: string): Sentence {
  return { scenario, kind, text: capital(text) };
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** Writes a comparison as a sentence: `Fastify costs 1.12 × the processor time of ws per message [1.05–1.18].` */
function comparison({ measure, row }: Found, titleOf: (id: string) => string): string {
  const { value = 1, low = 1, high = 1, control = "" } = row.ratio ?? {};
  const phrase = measure.phrase.replace("{ratio}", times(value)).replace("{control}", titleOf(control));
  return `${titleOf(row.candidate)} ${phrase} [${number(low)}–${number(high)}].`;
}

function reason({ ratio }: ResultRow): string {
  const why = ratio?.why ?? "";
  return why && `${capital(why)}.`;
}

// A candidate that fails the check fails everywhere for one reason, which is given once.
function once(all: readonly Found[], titleOf: (id: string) => string): Sentence[] {
  const groups = Map.groupBy(all, ({ row }) => `${titleOf(row.candidate)}, ${row.verdict}: ${row.why}`);
  return [...groups].flatMap(([text, [first, ...more]]) => {
    if (!first) return [];
    if (more.length > 0) return said(first, `${text} (in ${more.length + 1} measures).`);
    return said(first, `${text} (${first.measure.title}).`);
  });
}
