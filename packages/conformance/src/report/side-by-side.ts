// Prints several servers side by side on a terminal.

import {
  type CaseReport,
  type Counts,
  count,
  countedAs,
  differing,
  type Report,
  type ResultReport,
  resultsByGroup,
  signs,
  type TargetReport,
} from "./report.ts";
import { cut, duration, lengthOf, type Paint, plain, plural, table } from "./terminal.ts";
import { columns, type Printing, styles } from "./verdict-styles.ts";

/**
 * Writes a table of group × server: how many cases pass, and what does not. A server's cells stand together below its
 * name.
 */
export function sideBySide(report: Report, { paint, width }: Printing): string {
  const blocks = report.targets.map((target) => blockOf(report, target, paint));
  const room = width - 4 - blocks.reduce((sum, { width }) => sum + width + 2, 0);
  const titles = report.groups.map(({ number, title }) => [String(number), cut(title, Math.max(8, room))]);
  const names = table([["", ""], ...titles, ["", paint("dim", "all")], ["", paint("dim", "time")]], 2);
  const nameWidth = Math.max(...names.map(lengthOf));
  return names
    .map((name, row) => [
      pad(name, nameWidth),
      ...blocks.map(({ lines, width }) => pad(lines[row] ?? "", width)),
    ])
    .map((cells) => cells.join("  ").trimEnd())
    .join("\n");
}

interface Block {
  /** The head, a line for each group, the sum, the time. */
  lines: string[];
  width: number;
}

function blockOf(report: Report, target: TargetReport, paint: Paint): Block {
  const shown = columns.filter((each) => each === "pass" || target.counts[each] > 0);
  const found = new Map(resultsByGroup(report, target).map(({ number, results }) => [number, results]));
  const groups = report.groups.map(({ number }) => count(found.get(number) ?? []));
  const rows = table(
    [...groups, target.counts].map((counts) => marks(counts, shown, paint)),
    0,
    " ",
  );
  const lines = [paint("bold", plain(target.id)), ...rows, paint("dim", duration(target.ms))];
  return { lines, width: Math.max(...lines.map(lengthOf)) };
}

function marks(counted: Counts, shown: readonly (keyof Counts)[], paint: Paint): string[] {
  return shown.map((each) => {
    const number = counted[each];
    return number === 0 ? paint("dim", "·") : paint(styles[each], `${number}${signs[each]}`);
  });
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - lengthOf(text)));
}

/**
 * Writes the cases that the servers handle differently. Cases of a family that differ in the same way share a line.
 */
export function differences(report: Report, { paint, width }: Printing): string {
  const differ = new Set(differing(report));
  if (differ.size === 0) return paint("dim", `All ${report.peer}s give the same result in every case.`);
  const results = report.targets.map((target) => new Map(target.results.map((each) => [each.id, each])));
  const marksOf = (id: string) => results.map((found) => mark(found.get(id), paint));
  const runs = runsOf(
    report.cases.filter(({ id }) => differ.has(id)),
    (id) => marksOf(id).join(),
  );
  const room = width - 20 - report.targets.reduce((sum, { id }) => sum + Math.max(id.length, 11) + 2, 0);
  const rows = runs.map((run) => {
    const [first, last] = [run[0], run.at(-1)] as [CaseReport, CaseReport];
    const id = run.length === 1 ? first.id : `${first.id}–${last.id}`;
    const more = run.length === 1 ? "" : ` +${run.length - 1}`;
    const title = cut(first.title, Math.max(16, room - more.length));
    return [paint("bold", id), title + paint("dim", more), ...marksOf(first.id)];
  });
  const head = ["", "", ...report.targets.map(({ id }) => paint("dim", id))];
  const title = paint("bold", `${plural(differ.size, "case")} with different results`);
  return [title, ...table([head, ...rows], head.length)].join("\n");
}

// Groups neighbours of a family that had the same results everywhere.
function runsOf(cases: readonly CaseReport[], outcome: (id: string) => string): CaseReport[][] {
  const runs: CaseReport[][] = [];
  for (const each of cases) {
    const last = runs.at(-1);
    const before = last?.[0];
    const alike = before && familyOf(before) === familyOf(each) && outcome(before.id) === outcome(each.id);
    if (alike) last?.push(each);
    else runs.push([each]);
  }
  return runs;
}

function familyOf({ id }: CaseReport): string {
  return id.slice(0, id.lastIndexOf("."));
}

function mark(result: ResultReport | undefined, paint: Paint): string {
  if (!result) return paint("dim", "not run");
  const counted = countedAs(result);
  return paint(styles[counted], `${signs[counted]} ${counted}`);
}
