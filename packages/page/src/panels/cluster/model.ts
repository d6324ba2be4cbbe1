/** A numbered message, as this page received it. */
export interface HeardNumber {
  number: number;
  /** The id of the server through which it came. */
  server: string;
}

/** How this page went from one server to another. */
export interface Move {
  from: string;
  to: string;
  /** Milliseconds without a connection. */
  awayMs: number;
  /** The last number that came through the old server. */
  after: number;
}

/** What is shown of a visit to the room. */
export interface RoomVisit {
  /** The newest numbers, in the order in which they came. */
  heard: readonly HeardNumber[];
  moves: readonly Move[];
  summary: RoomSummary;
}

/** What became of the messages. */
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

/** Counts the numbers that an author says in a room, as one of its members receives them. */
export class RoomTally implements RoomVisit {
  readonly heard: HeardNumber[] = [];
  readonly moves: Move[] = [];
  #counts = new Map<number, number>();
  #acknowledged: number[] = [];
  #epochs = new Set<string>();
  #server: string | undefined;
  #leftAt: number | undefined;

  /** Notes that the room has taken a number in. */
  acknowledged(number: number): void {
    this.#acknowledged.push(number);
  }

  /** Notes that a number has come. */
  received(number: number, epoch: string): void {
    this.#epochs.add(epoch);
    this.#counts.set(number, (this.#counts.get(number) ?? 0) + 1);
    this.heard.push({ number, server: this.#server ?? "" });
    if (this.heard.length > drawn) this.heard.shift();
  }

  /** Notes that the connection is lost, at a time in milliseconds. */
  left(at: number): void {
    this.#leftAt ??= at;
  }

  /** Notes that a server has taken this page in. */
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
    const numbers = [...this.#counts.keys()];
    // What was said before this page came, and what is still on its way, is not missing.
    const [first, newest] = [Math.min(...numbers), Math.max(...numbers)];
    const missing = this.#acknowledged.filter(
      (number) => number > first && number < newest && !this.#counts.has(number),
    );
    const twice = [...this.#counts.values()].filter((count) => count > 1);
    return {
      received: numbers.length,
      missing: missing.length,
      twice: twice.length,
      epochs: this.#epochs.size,
    };
  }
}

/** Numbers in a row that came through the same server. */
export interface Stretch {
  server: string;
  from: number;
  to: number;
}

/** Returns where which numbers came from, in order. */
export function stretchesOf(heard: readonly HeardNumber[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { number, server } of heard) {
    const last = stretches.at(-1);
    if (last?.server === server) last.to = number;
    else stretches.push({ server, from: number, to: number });
  }
  return stretches;
}
