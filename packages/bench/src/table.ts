// Writes the table of README.md from results/bench.json alone, so that no figure is copied by hand.

import type { BenchResults, Measure, ResultRow } from "./results.ts";
import { bracket, interval, number, range } from "./words.ts";

const begin = "<!-- table:begin -->";
const end = "<!-- table:end -->";

/**
 * Returns the text of README.md with the run's table between its two marks. Throws if the text does not have them.
 */
export function withTable(readme: string, results: BenchResults): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`there is no place for the table: ${begin} … ${end}`);
  return `${readme.slice(0, from + begin.length)}\n${tableOf(results)}\n${readme.slice(to)}`;
}

/**
 * Returns the run as Markdown: what it ran on, then a row for each measure and a column for each server. First rungs
 * are left out, because they are measured in a few rows only.
 */
export function tableOf(results: BenchResults): string {
  const columns = results.candidates.filter(
    ({ id, kind }) => kind !== "rung" && results.measures.some(({ rows }) => rowOf(id, rows)),
  );
  const head = ["", ...columns.map(({ title }) => title), "equal servers"];
  const lines = results.measures.map((measure) => [
    `${measure.title}, ${measure.unit}`,
    ...columns.map(({ id }) => cell(rowOf(id, measure.rows))),
    equalsIn(measure),
  ]);
  return [conditionsOf(results), "", row(head), row(head.map(() => "---")), ...lines.map(row)].join("\n");
}

function conditionsOf({ machine, versions, stolen, quick, complete, date }: BenchResults): string {
  const kind = `${complete ? "One" : "An interrupted"} ${quick ? "quick" : "full"} run`;
  const named = ["node", "bun", "ws"].flatMap((name) => (versions[name] ? `${name} ${versions[name]}` : []));
  // Without what a distribution or a hypervisor adds to the version of its kernel.
  const system = machine.platform.replace(/^(\S+ \d+\.\d+)\S*/, "$1").replace(/^linux/, "Linux");
  const facts = [date.slice(0, 10), machine.cpu, `${machine.cores} cores`, system, ...named];
  const taken =
    stolen === undefined ? "" : `; a hypervisor took ${(stolen * 100).toFixed(1)} % of the two cores`;
  return `${kind}: ${facts.join(", ")}; load ${number(machine.load)} at the start${taken}.`;
}

function rowOf(id: string, rows: readonly ResultRow[]): ResultRow | undefined {
  return rows.find(({ candidate }) => candidate === id);
}

function cell(result: ResultRow | undefined): string {
  if (!result) return "";
  const { verdict, figure, ratio } = result;
  if (verdict !== "measured" || !figure) return verdict;
  const value = `${number(figure.value)}${bracket(figure)}`;
  if (!ratio) return value;
  const compared = interval(ratio);
  return `${value}<br>${ratio.decision === "undecided" ? compared : `**${compared}**`}`;
}

function equalsIn({ noise }: Measure): string {
  return noise ? range(noise) : "";
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
