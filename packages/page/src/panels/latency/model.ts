import { recorded } from "./recorded.ts";

/** One ping: what came of it. */
export interface Beat {
  /** Counts 1, 2, 3 … */
  number: number;
  /** Milliseconds there and back; nothing if no answer came. */
  roundTripMs: number | undefined;
  /** How far the server's clock is ahead, in milliseconds. */
  clockOffsetMs: number | undefined;
  /** Why there is no answer. */
  reason: string;
}

/** Beats that are kept and drawn. */
export const keptBeats = 60;

/** The newest pings, and what they tell together. */
export class LatencyBook {
  /** Oldest first. */
  beats: Beat[] = [];
  count = 0;
  missed = 0;

  answered(roundTripMs: number, clockOffsetMs: number): void {
    this.#add({ roundTripMs, clockOffsetMs, reason: "" });
  }

  unanswered(reason: string): void {
    this.missed += 1;
    this.#add({ roundTripMs: undefined, clockOffsetMs: undefined, reason });
  }

  /**
   * Returns the round trip that this many per cent of the kept ones do not exceed. By rank, so it is one that
   * happened.
   */
  percentile(percent: number): number | undefined {
    const sorted = this.#answers()
      .map(({ roundTripMs }) => roundTripMs)
      .sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  }

  /** From the fastest answer, which was least delayed on the way, and so is nearest to the truth. */
  get clockOffsetMs(): number | undefined {
    const [first, ...others] = this.#answers();
    if (!first) return undefined;
    return others.reduce((best, beat) => (beat.roundTripMs < best.roundTripMs ? beat : best), first)
      .clockOffsetMs;
  }

  #answers(): (Beat & { roundTripMs: number })[] {
    return this.beats.filter(
      (beat): beat is Beat & { roundTripMs: number } => beat.roundTripMs !== undefined,
    );
  }

  #add(beat: Omit<Beat, "number">): void {
    this.count += 1;
    this.beats = [...this.beats, { number: this.count, ...beat }].slice(-keptBeats);
  }
}

/** A book to show before there is one: recorded pings, some of them while the connection was closed. */
export const exampleBook: LatencyBook = recordedBook();

function recordedBook(): LatencyBook {
  const book = new LatencyBook();
  for (const time of recorded) {
    if (time === null) book.unanswered("no reply in time");
    else book.answered(time, 0);
  }
  return book;
}

/**
 * Returns what the text of `/metrics` says of one metric, all its labels together, or nothing if it does not name it.
 */
export function readMetric(text: string, name: string, label = ""): number | undefined {
  const values = text
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter((line) => line.includes(label))
    .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}
