// What a run decided, in plain sentences: the beginning of the report and the end of a run. Pure.

import type { BenchResults, Measure, Row } from "./results.ts";
import { number, times } from "./words.ts";

/** All that a run has to say. */
export interface Sentences {
  /** Beyond the noise of the machine. */
  decided: readonly string[];
  /** Within it, or without a control that could be trusted. */
  undecided: readonly string[];
  /** Who was refused, or not measured because something else was the limit, and why. */
  refused: readonly string[];
}

/** Puts the results of a run into words. */
export function sentencesOf({
  measures,
  candidates,
}: Pick<BenchResults, "measures" | "candidates">): Sentences {
  const titleOf = (id: string) => candidates.find((each) => each.id === id)?.title ?? id;
  const all = measures.flatMap((measure) => measure.rows.map((row) => ({ measure, row })));
  const compared = all.filter(({ row }) => row.ratio !== undefined);
  const isDecided = ({ row }: { row: Row }) => row.ratio?.decision !== "undecided";
  return {
    decided: compared.filter(isDecided).map(({ measure, row }) => comparison(measure, row, titleOf)),
    undecided: compared
      .filter((each) => !isDecided(each))
      .map(({ measure, row }) => `${comparison(measure, row, titleOf)} ${row.ratio?.why ?? ""}`.trim()),
    refused: refusals(all, titleOf),
  };
}

/** `Fastify costs 1.12 × the processor time of ws per message [1.05–1.18].` */
function comparison({ phrase }: Measure, { candidate, ratio }: Row, titleOf: (id: string) => string): string {
  if (!ratio) return "";
  const { value, low, high, control } = ratio;
  const said = phrase.replace("{ratio}", times(value)).replace("{control}", titleOf(control));
  return `${titleOf(candidate)} ${said} [${number(low)}–${number(high)}].`;
}

// One who fails the check fails everywhere, for one reason: said once.
function refusals(all: readonly { measure: Measure; row: Row }[], titleOf: (id: string) => string): string[] {
  const where = new Map<string, string[]>();
  for (const { measure, row } of all) {
    if (row.verdict === "measured") continue;
    const said = `${titleOf(row.candidate)}, ${row.verdict}: ${row.why}`;
    where.set(said, [...(where.get(said) ?? []), `${measure.scenario}, ${measure.title}`]);
  }
  return [...where].map(
    ([said, measures]) => `${said} (${measures.length === 1 ? measures[0] : "everywhere"}).`,
  );
}
