import type { Cursor } from "@rosetta/protocol";
import { recorded } from "./recorded.ts";

/**
 * How an event came: as it happened, or sent again after a loss. `earlier` is what a newcomer is given of the time
 * before it came.
 */
export type ArrivalKind = "live" | "replayed" | "earlier";

/** An event, with how it came. */
export interface GapLine extends Cursor {
  at: number;
  text: string;
  arrival: ArrivalKind;
}

/** The offsets of lost events, both ends included. */
export interface Lost {
  from: number;
  to: number;
}

/** The events that the last return to the topic brought. */
export interface Comeback {
  /** True if the server sent everything that was missed. */
  recovered: boolean;
  /** False if the log began anew meanwhile: then nobody knows how much is lost. */
  sameEpoch: boolean;
  /** The last event seen before. */
  before: number;
  /** The newest event at the time of the return. */
  head: number;
}

/** One cell of the row of offsets. */
export type OffsetCell = { kind: ArrivalKind; offset: number } | ({ kind: "lost" } & Lost);

/** Lines and cells that are kept. */
const kept = 120;

/** Where a reader stands in a topic, and what came of every offset since it came. */
export class GapBook {
  /** Newest first. */
  lines: GapLine[] = [];
  /** Oldest first. */
  cells: OffsetCell[] = [];
  epoch: string | undefined;
  /** The last event that came. */
  offset = 0;
  comeback: Comeback | undefined;
  lost: Lost | undefined;
  /** Events replayed since the last return. */
  replayed = 0;
  /** Offsets that were skipped though nobody said that they are lost. */
  missed = 0;
  /** Events that came though they had come before. */
  twice = 0;
  #head = 0;
  /** The newest event that its author knows of. */
  #published: Cursor | undefined;
  /** The last return was told as a loss, of which the end is not known yet. */
  #loses = false;
  #isFirst = true;

  /** Events that were published and have not come yet, as far as their author knows. */
  get away(): number {
    return this.#published?.epoch === this.epoch
      ? Math.max(0, (this.#published?.offset ?? 0) - this.offset)
      : 0;
  }

  /** Everything that the server had when we came back is here. */
  get isCaughtUp(): boolean {
    return this.offset >= this.#head;
  }

  /** Notes the place of a publication that its author was told. */
  published({ epoch, offset }: Cursor): void {
    this.#published = { epoch, offset };
  }

  /** Notes that the server confirmed the subscription. */
  subscribed({ epoch, offset, recovered }: Cursor & { recovered: boolean }): void {
    const sameEpoch = epoch === this.epoch && this.offset <= offset;
    this.#isFirst = this.epoch === undefined;
    this.replayed = 0;
    this.#loses = false;
    this.lost = undefined;
    this.#head = offset;
    if (!this.#isFirst) {
      this.comeback = { recovered: recovered && sameEpoch, sameEpoch, before: this.offset, head: offset };
      this.#loses = !this.comeback.recovered;
    }
    this.epoch = epoch;
    if (!sameEpoch) this.offset = 0;
  }

  /** Notes that an event came. */
  event({ epoch, offset }: Cursor, at: number, text: string): void {
    if (offset <= this.offset) {
      this.twice += 1;
      return;
    }
    if (this.offset > 0 || this.#loses) this.#skipTo(offset);
    this.#loses = false;
    this.offset = offset;
    const arrival = this.#arrivalOf(offset);
    if (arrival === "replayed") this.replayed += 1;
    this.lines = [{ epoch, offset, at, text, arrival }, ...this.lines].slice(0, kept);
    this.#addCell({ kind: arrival, offset });
  }

  #arrivalOf(offset: number): ArrivalKind {
    if (offset > this.#head) return "live";
    return this.#isFirst ? "earlier" : "replayed";
  }

  #skipTo(offset: number): void {
    const range = { from: this.offset + 1, to: offset - 1 };
    if (range.to < range.from) return;
    if (!this.#loses) {
      this.missed += range.to - range.from + 1;
      return;
    }
    this.lost = range;
    this.#addCell({ kind: "lost", ...range });
  }

  #addCell(cell: OffsetCell): void {
    this.cells = [...this.cells, cell].slice(-kept);
  }
}

/** Returns how many places of the row a cell takes. What is lost is one cell with its number in it. */
export function placesOf(cell: { kind: ArrivalKind | "lost" }): number {
  return cell.kind === "lost" ? lostPlaces : 1;
}

const lostPlaces = 6;

/** Returns the newest cells that fit into so many places. */
export function newestCells(cells: OffsetCell[], places: number): OffsetCell[] {
  let left = places;
  const first = cells.findLastIndex((cell) => {
    left -= placesOf(cell);
    return left < 0;
  });
  return cells.slice(first + 1);
}

/** Returns what a return brought, in a sentence. */
export function tellComeback({ comeback, lost }: Pick<GapBook, "comeback" | "lost">): string {
  if (!comeback) return "";
  const { recovered, sameEpoch, before, head } = comeback;
  if (recovered && head === before) return `Back at #${before}. Nothing was published meanwhile.`;
  if (recovered)
    return `Back: ${head - before} events replayed, #${before + 1} to #${head}. Nothing is lost.`;
  if (!sameEpoch) {
    return `Back, but the log started over. Everything after #${before} of the old epoch is lost.`;
  }
  const what = lost ? `#${lost.from} to #${lost.to} are lost, ${lost.to - lost.from + 1} events` : "";
  return `Back, but too late: ${what || "the server does not say how much is lost"}. The newest events follow.`;
}

/** A book to show before there is one: a cut that was recorded, and the events that were sent again after it. */
export const exampleBook: GapBook = recordedBook();

function recordedBook(): GapBook {
  const book = new GapBook();
  const { before, head, last } = recorded;
  const epoch = "recorded";
  const events = (from: number, to: number) => {
    for (let offset = from; offset <= to; offset++) book.event({ epoch, offset }, 0, "");
  };
  book.subscribed({ epoch, offset: 0, recovered: false });
  events(1, before);
  book.subscribed({ epoch, offset: head, recovered: true });
  events(before + 1, last);
  return book;
}
