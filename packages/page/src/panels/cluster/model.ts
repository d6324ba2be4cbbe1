/** A numbered message, as this page received it. */
export interface HeardNumber {
  number: number;
  /** The id of the server through which it came. */
  server: string;
}

/** A move of this page from one server to another. */
export interface Move {
  from: string;
  to: string;
  /** Milliseconds without a connection. */
  awayMs: number;
  /** The last number that came through the old server. */
  after: number;
  /** The first number that came through the new one; nothing before it has come. */
  next?: number;
}

/** The part of a visit to the room that is shown. */
export interface RoomVisit {
  /** The newest numbers, in the order in which they came. */
  heard: readonly HeardNumber[];
  moves: readonly Move[];
  summary: RoomSummary;
}

/** Counts of the messages that arrived, are missing or came twice. */
export interface RoomSummary {
  received: number;
  /** Acknowledged to their author, older than the newest one here, and not received. */
  missing: number;
  twice: number;
  /** How many lives the numbering of the room has had. */
  epochs: number;
}

/** Numbers that are drawn. */
export const drawn = 40;
/** Moves that are listed. */
const listed = 4;

/** Counts the numbers that an author publishes in a room, as one of its members receives them. */
export class RoomTally implements RoomVisit {
  readonly heard: HeardNumber[] = [];
  readonly moves: Move[] = [];
  #received = 0;
  #twice = 0;
  /** The smallest and the largest number that came. Numbers from before this page came are not missing. */
  #first = Number.POSITIVE_INFINITY;
  #newest = 0;
  /** Numbers in between that did not come. */
  readonly #skipped = new Set<number>();
  /** Numbers that were acknowledged, and have not come yet. */
  readonly #awaited = new Set<number>();
  readonly #epochs = new Set<string>();
  #server: string | undefined;
  #leftAt: number | undefined;

  /** Notes that the room has accepted a number. */
  acknowledged(number: number): void {
    if (number > this.#newest || this.#skipped.has(number)) this.#awaited.add(number);
  }

  /** Notes that a number has come. */
  received(number: number, epoch: string): void {
    this.#epochs.add(epoch);
    this.#count(number);
    this.#awaited.delete(number);
    const move = this.moves.at(-1);
    if (move) move.next ??= number;
    this.heard.push({ number, server: this.#server ?? "" });
    if (this.heard.length > drawn) this.heard.shift();
  }

  /** Notes that the connection is lost, at a time in milliseconds. */
  left(at: number): void {
    this.#leftAt ??= at;
  }

  /** Notes that a server has accepted this page. */
  arrived(server: string, at: number): void {
    const from = this.#server;
    if (from !== undefined && from !== server) {
      const after = this.heard.at(-1)?.number ?? 0;
      this.moves.push({ from, to: server, awayMs: at - (this.#leftAt ?? at), after });
      if (this.moves.length > listed) this.moves.shift();
    }
    this.#server = server;
    this.#leftAt = undefined;
  }

  get summary(): RoomSummary {
    // Numbers from before this page came are not missing, nor are those still on their way.
    const missing = [...this.#awaited].filter((number) => number > this.#first && number < this.#newest);
    return {
      received: this.#received,
      missing: missing.length,
      twice: this.#twice,
      epochs: this.#epochs.size,
    };
  }

  #count(number: number): void {
    const isNew = number > this.#newest || this.#skipped.delete(number);
    if (isNew) this.#received += 1;
    else this.#twice += 1;
    this.#first = Math.min(this.#first, number);
    if (number <= this.#newest) return;
    const from = this.#newest === 0 ? number : this.#newest + 1;
    for (let skipped = from; skipped < number; skipped += 1) this.#skipped.add(skipped);
    this.#newest = number;
  }
}

/** Numbers in a row that came through the same server. */
export interface Stretch {
  server: string;
  from: number;
  to: number;
}

/** Returns the runs of numbers that came from one server, in order. */
export function stretchesOf(heard: readonly HeardNumber[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { number, server } of heard) {
    const last = stretches.at(-1);
    if (last?.server === server) last.to = number;
    else stretches.push({ server, from: number, to: number });
  }
  return stretches;
}
