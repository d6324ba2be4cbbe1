import type { FrameEvent } from "@rosetta/client";

/** The topics that a reader follows: one where every event counts, and perhaps one where only the newest does. */
export interface ReaderTopics {
  flood: string;
  latest?: string;
}

/** Offsets that followed each other on one connection. */
export interface OffsetRun {
  from: number;
  to: number;
}

/** The offsets that a reader got, as runs without a gap. Another connection begins another run. */
export class OffsetRuns {
  readonly all: OffsetRun[] = [];
  #isCut = true;

  add(offset: number): void {
    const last = this.all.at(-1);
    if (last && !this.#isCut && offset === last.to + 1) last.to = offset;
    else this.all.push({ from: offset, to: offset });
    this.#isCut = false;
  }

  /** Notes that the connection is lost. */
  cut(): void {
    this.#isCut = true;
  }

  clear(): void {
    this.all.length = 0;
    this.#isCut = true;
  }
}

/** The reader's report on itself, from its worker. */
export interface ReaderReport {
  /** The state of its connection. */
  state: string;
  /** The offsets of the flood, since it was stalled: a run for each connection, and more only where there is a gap. */
  runs: OffsetRun[];
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

/** An order to the reader. */
export type ReaderOrder = { follow: { url: string } & ReaderTopics } | { stallMs: number };

/** A message from the reader: its report, or a frame that went over its connection. */
export type ReaderNews = { report: ReaderReport } | { frame: FrameEvent };
