import type { WireRecord, WireSection } from "../../wire/record.ts";

/** A line of the wire log: a message, or a line about several of them. */
export type WireItem =
  | { kind: "record"; key: string; entry: WireRecord }
  /** The beginning of a lesson. The messages of an earlier lesson are folded away until it is opened. */
  | { kind: "lesson"; key: string; title: string; count: number; isOpen: boolean; isCurrent: boolean }
  /** Messages of connections that the lesson is not about. They are hidden until it is opened. */
  | { kind: "others"; key: string; paths: string[]; count: number; isOpen: boolean }
  /** Nothing came for a while. */
  | { kind: "quiet"; key: string; ms: number };

/** An item that can be opened. */
export type FoldItem = Extract<WireItem, { isOpen: boolean }>;

/** The shortest silence that gets a line (ms). */
const quietMs = 2000;

/**
 * Returns the lines of the log, oldest first, with a divider for each lesson. Rows of earlier lessons and of no lesson
 * are folded. `opened` has the keys of the folds that the visitor opened.
 */
export function itemsOf(
  entries: readonly WireRecord[],
  current: WireSection,
  opened: ReadonlySet<string>,
): WireItem[] {
  return runsOf(entries, ({ section }) => section).flatMap((run) => {
    const { section } = run[0];
    const key = `lesson-${section.number}`;
    const isCurrent = section === current;
    const isOpen = isCurrent || opened.has(key);
    const lines = isOpen ? linesOf(run, opened) : [];
    if (section.title === "") return lines;
    return [{ kind: "lesson", key, title: section.title, count: run.length, isOpen, isCurrent }, ...lines];
  });
}

/** Returns the lines of search results: each record by itself, wherever it comes from. */
export function foundItems(entries: readonly WireRecord[]): WireItem[] {
  return entries.map(itemOf);
}

// One fold for all of them: folded where they came, they would interrupt what the lesson is about at every turn. Once
// it is open, they stand where they came.
function linesOf(records: Run, opened: ReadonlySet<string>): WireItem[] {
  const others = records.filter(({ isOwn }) => !isOwn);
  if (others.length === 0) return withSilences(records);
  const key = `others-${records[0].section.number}`;
  const isOpen = opened.has(key);
  const paths = [...new Set(others.map(({ path }) => path))];
  const fold: WireItem = { kind: "others", key, paths, count: others.length, isOpen };
  return [fold, ...withSilences(isOpen ? records : records.filter(({ isOwn }) => isOwn))];
}

function withSilences(records: readonly WireRecord[]): WireItem[] {
  return records.flatMap((entry, index) => {
    const ms = entry.at - (records[index - 1]?.at ?? entry.at);
    if (ms < quietMs) return [itemOf(entry)];
    return [{ kind: "quiet", key: `quiet-${entry.number}`, ms }, itemOf(entry)];
  });
}

function itemOf(entry: WireRecord): WireItem {
  return { kind: "record", key: `record-${entry.number}`, entry };
}

type Run = [WireRecord, ...WireRecord[]];

/** Cuts records into runs of the same kind. */
function runsOf(records: readonly WireRecord[], kindOf: (record: WireRecord) => unknown): Run[] {
  const runs: Run[] = [];
  for (const record of records) {
    const run = runs.at(-1);
    if (run && kindOf(run[0]) === kindOf(record)) run.push(record);
    else runs.push([record]);
  }
  return runs;
}
