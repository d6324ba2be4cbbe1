import { formatCount } from "../../shared/format.ts";
import type { OffsetRun, ReaderReport } from "../../wire/reader-messages.ts";
import { recorded } from "./recorded.ts";

/** A look at a server's /metrics. */
export interface FloodSample {
  /** Milliseconds since the reader was stalled. */
  at: number;
  queueBytes: number;
  skipped: number;
  slow: number;
  /** Connections that ended otherwise than as agreed, by code. */
  lost: Map<string, number>;
}

/** Samples to show before there are some: a queue that was recorded while it grew and drained. */
export const exampleSamples: FloodSample[] = recorded.map(([at, queueBytes, skipped]) => ({
  at,
  queueBytes,
  skipped,
  slow: 0,
  lost: new Map(),
}));

/** Reads what the flood is about from the text of /metrics (Prometheus 0.0.4). */
export function readMetrics(text: string, at: number): FloodSample {
  const values = [...text.matchAll(/^rosetta_([a-z_]+)(?:\{(.*)\})? (\S+)$/gm)];
  const one = (name: string): number => Number(values.find(([, each]) => each === name)?.[3] ?? 0);
  const closed = values.flatMap(([, name, labels = "", value]) => {
    const code = /code="([^"]+)"/.exec(labels)?.[1];
    return name === "closed_total" && code && isLoss(code) ? [[code, Number(value)] as const] : [];
  });
  return {
    at,
    queueBytes: one("queue_bytes"),
    skipped: one("skipped_total"),
    slow: one("slow_total"),
    lost: new Map(closed),
  };
}

// 1000, 1001 and 1005 are what others say who go their way meanwhile.
function isLoss(code: string): boolean {
  return !["1000", "1001", "1005"].includes(code);
}

/** Something that a change of the metrics tells. */
export interface FloodMark {
  at: number;
  kind: "waits" | "skipped" | "drained" | "slow" | "closed";
  text: string;
}

/** Returns what happened, in order: each thing where it is seen first. */
export function marksOf(samples: FloodSample[]): FloodMark[] {
  return samples.slice(1).flatMap((sample, index) => changes(samples[index] as FloodSample, sample));
}

function changes(before: FloodSample, { at, queueBytes, skipped, slow, lost }: FloodSample): FloodMark[] {
  const codes = [...lost]
    .filter(([code, count]) => count > (before.lost.get(code) ?? 0))
    .map(([code]) => code);
  const marks: FloodMark[] = [];
  const mark = (kind: FloodMark["kind"], text: string): void => void marks.push({ at, kind, text });
  if (before.queueBytes === 0 && queueBytes > 0)
    mark("waits", "bytes wait: the operating system takes no more");
  if (skipped > before.skipped)
    mark("skipped", `${formatCount(skipped - before.skipped, "event")} skipped in the topic of mode latest`);
  if (slow > before.slow) mark("slow", "over the limit: the server closes the reader");
  for (const code of codes) mark("closed", `a connection ended; the server recorded ${code}`);
  // Otherwise the queue went with its reader.
  if (before.queueBytes > 0 && queueBytes === 0 && codes.length === 0)
    mark("drained", "drain: nothing waits any more");
  return marks;
}

/** Returns what the reader got, in a sentence. */
export function sentenceOf({ runs, code, recovered, skipped, connections }: ReaderReport): string {
  const [first, ...rest] = runs;
  if (!first) return "It has read nothing of the flood yet.";
  const count = first.to - first.from + 1;
  const gap = rest.length >= connections && connections > 0 ? "with a gap!" : "without a gap";
  const read = `It read ${count} events, #${first.from} to #${first.to}, ${gap}.`;
  const latest =
    skipped > 0
      ? ` The server never sent ${formatCount(skipped, "weather event")}, because newer ones came.`
      : "";
  if (code === undefined) return `${read}${latest}`;
  const back =
    recovered === undefined
      ? " It is reconnecting."
      : ` It came back: recovered ${recovered}${resumed(rest, recovered)}.`;
  return `${read} Then its connection was closed with ${code}.${back}${latest}`;
}

function resumed([next]: OffsetRun[], recovered: boolean): string {
  if (!next) return "";
  return recovered
    ? `, and went on at #${next.from}`
    : `, and began again at #${next.from}. It lost what lies between`;
}
