/** A look at a server's /metrics. */
export interface Sample {
  /** Milliseconds since the reader was stalled. */
  at: number;
  queueBytes: number;
  skipped: number;
  slow: number;
  /** Connections that ended otherwise than as agreed, by code. */
  lost: Map<string, number>;
}

/** Reads what the flood is about from the text of /metrics (Prometheus 0.0.4). */
export function readMetrics(text: string, at: number): Sample {
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
export interface Mark {
  at: number;
  kind: "waits" | "skipped" | "drained" | "slow" | "closed";
  text: string;
}

/** What happened, in order: each thing where it is seen first. */
export function marksOf(samples: Sample[]): Mark[] {
  return samples.slice(1).flatMap((sample, index) => changes(samples[index] as Sample, sample));
}

function changes(before: Sample, { at, queueBytes, skipped, slow, lost }: Sample): Mark[] {
  const codes = [...lost]
    .filter(([code, count]) => count > (before.lost.get(code) ?? 0))
    .map(([code]) => code);
  const marks: Mark[] = [];
  const mark = (kind: Mark["kind"], text: string): void => void marks.push({ at, kind, text });
  if (before.queueBytes === 0 && queueBytes > 0) mark("waits", "bytes wait: the kernel takes no more");
  if (skipped > before.skipped)
    mark("skipped", `${skipped - before.skipped} skipped of the topic of mode latest`);
  if (slow > before.slow) mark("slow", "over the limit: the server closes");
  for (const code of codes) mark("closed", `a connection is gone, with ${code} for the server`);
  // Otherwise the queue went with its reader.
  if (before.queueBytes > 0 && queueBytes === 0 && codes.length === 0)
    mark("drained", "drain: nothing waits any more");
  return marks;
}

/** Offsets that followed each other on one connection. */
export interface Run {
  from: number;
  to: number;
}

/** The offsets that a reader got, as runs without a gap. Another connection begins another run. */
export class Runs {
  readonly all: Run[] = [];
  #isCut = true;

  add(offset: number): void {
    const last = this.all.at(-1);
    if (last && !this.#isCut && offset === last.to + 1) last.to = offset;
    else this.all.push({ from: offset, to: offset });
    this.#isCut = false;
  }

  /** The connection is lost. */
  cut(): void {
    this.#isCut = true;
  }

  clear(): void {
    this.all.length = 0;
    this.#isCut = true;
  }
}

/** What the reader in its worker tells of itself. */
export interface ReaderReport {
  /** The state of its connection. */
  state: string;
  /** The offsets of the flood, since it was stalled: a run for each connection, and more only where there is a gap. */
  runs: Run[];
  /** How often it began to read anew. */
  connections: number;
  /** With what its connection was lost since it was stalled. */
  code: number | undefined;
  /** What the server said when it came back. */
  recovered: boolean | undefined;
  /** Places of the topic of mode `latest` that it was never sent. */
  skipped: number;
  /** It follows its topics, and knows its place in that of mode `latest`: it can count what it is not sent. */
  isReady: boolean;
  /** It does not read at the moment. Told just before. */
  isStalled: boolean;
}

/** What the reader got, in a sentence. */
export function sentenceOf({ runs, code, recovered, skipped, connections }: ReaderReport): string {
  const [first, ...rest] = runs;
  if (!first) return "It has read nothing of the flood yet.";
  const count = first.to - first.from + 1;
  const gap = rest.length >= connections && connections > 0 ? "with a gap!" : "without a gap";
  const read = `It read ${count} events, #${first.from} to #${first.to}, ${gap}.`;
  const latest = skipped > 0 ? ` Of the weather it was never sent ${skipped}.` : "";
  if (code === undefined) return `${read}${latest}`;
  const back =
    recovered === undefined
      ? " It is on its way back."
      : ` It came back: recovered ${recovered}${resumed(rest, recovered)}.`;
  return `${read} Then its connection was closed with ${code}.${back}${latest}`;
}

function resumed([next]: Run[], recovered: boolean): string {
  if (!next) return "";
  return recovered
    ? `, and went on at #${next.from}`
    : `, and began again at #${next.from}: what lies between is lost to it`;
}
