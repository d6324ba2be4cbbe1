// What a run prints to the terminal.

import { styleText } from "node:util";
import type { BenchResults, Measure, ResultRow, SelfComparison } from "./results.ts";
import { type Sentence, sentencesOf } from "./sentences.ts";
import { bandOf } from "./statistics.ts";
import { interval, number, punctuality, range } from "./words.ts";

/**
 * Writes the status line during a measurement, on a terminal only. It must fit one line, or it could not be erased.
 */
export function tell(what: string): void {
  if (!process.stdout.isTTY) return;
  // A terminal that does not know its width reports 0.
  const width = process.stdout.columns || Number.POSITIVE_INFINITY;
  process.stdout.write(`\r\x1b[2K${what && dim(`  … ${what}`.slice(0, width - 1))}`);
}

/** Prints what one server showed beside itself. */
export function printSelfComparison(
  { scenario, title, candidate, ratio }: SelfComparison,
  titleOf: (id: string) => string,
): string {
  return `  ${titleOf(candidate).padEnd(42)} ${interval(ratio)}  ${dim(`${scenario} ${title}`)}`;
}

/** Prints the figures of one measure. */
export function printMeasure(measure: Measure, titleOf: (id: string) => string): string {
  const { noise, leastFactor, rows, unit } = measure;
  const equals = noise
    ? [
        dim(
          `  equal servers: ${range(noise)}; a difference counts only beyond ${range(bandOf(noise, leastFactor))}`,
        ),
      ]
    : [];
  return [...equals, ...rows.map((row) => `  ${line(row, unit, titleOf)}`)].join("\n");
}

/** Prints the outcome of a run, in the sentences that open the report. */
export function printSummary(results: BenchResults): string {
  const { decided, undecided, refused, limited } = sentencesOf(results);
  const open = `${undecided.length} undecided, ${limited.length} not measured: the report says why`;
  return [...part("Decided", decided), ...part("Refused", refused), `\n${dim(open)}`].join("\n");
}

function part(title: string, sentences: readonly Sentence[]): string[] {
  return sentences.length > 0 ? [`\n${bold(title)}`, ...sentences.map(({ text }) => `  ${text}`)] : [];
}

export function bold(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}

export function dim(text: string): string {
  return styleText("dim", text, { stream: process.stdout });
}

export function yellow(text: string): string {
  return styleText("yellow", text, { stream: process.stdout });
}

function line(
  { candidate, verdict, why = "", figure, ratio, schedule }: ResultRow,
  unit: string,
  titleOf: (id: string) => string,
) {
  const name = titleOf(candidate).padEnd(42);
  if (verdict !== "measured" || !figure) return `${name} ${yellow(verdict)}: ${why}`;
  const held = schedule ? dim(` at ${punctuality(schedule)}`) : "";
  const value = `${number(figure.value)} ${unit}${held}`;
  if (!ratio) return `${name} ${value}${why && dim(`  ${why}`)}`;
  const beside = ratio.control === candidate ? "its own plain echo" : ratio.control;
  return `${name} ${value}  ${dim(`${interval(ratio)} of ${beside}: ${ratio.decision}`)}`;
}
