import type { Cursor, Mode, ServerMessage } from "@rosetta/protocol";

/** The verdict on a place in the log: hand the event on, leave it, or ask again from the cursor. */
export type PlaceDecision = "deliver" | "drop" | "gap";

/**
 * Where one reader stands in one topic: what it has seen, what it missed, and from where to go on.
 *
 * When exactly is a hole a gap? Offsets count 1, 2, 3 … for everyone, but not everyone is sent everything, so
 * a jump in the offsets may be legal. Four rules tell the two apart:
 *
 * 1. Before `subscribed`, nothing counts. What still arrives belongs to a subscription that was given up; all
 *    of it lies after our cursor, so the replay will bring it again.
 * 2. Up to the head (`subscribed.offset`), any step forward is legal. The replay leaves out what we are not
 *    meant to see, and it may be empty for that reason. The connection carries it whole, in order, and before
 *    the first live event; so the first place after the head proves that everything up to the head is seen.
 *    Until then the cursor stays at the last event that came: a connection may be cut amid the replay.
 * 3. After the head, every place must be the next one. The only event withheld from us is our own
 *    publication to `others`, and there our `ack` stands in for it, in its place in the order. (An ack at or
 *    below the head is the answer to a repeated request, and may overtake the replay: it proves nothing.)
 *    Whatever skips a place is a gap. The event that shows it is not delivered: asking again brings it, in order.
 * 4. In a `latest` topic only the newest matters: every step forward is legal, always.
 *
 * An offset counts only within its epoch, the life of the log. A live event of another epoch is a gap of
 * unknown size: asking again tells the new epoch, and that there is no going on from the old one.
 */
export class Position {
  #mode: Mode = "stream";
  #epoch: string | undefined;
  #seen = 0;
  #head = 0;
  #confirmed = false;

  /** After what to go on; `undefined` before the first `subscribed`. */
  get cursor(): Cursor | undefined {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, offset: this.#seen };
  }

  /** Notes that `subscribe` goes out. Nothing counts until its answer. */
  ask(): void {
    this.#confirmed = false;
  }

  /** Notes the answer to `subscribe`. Returns whether the replay goes on where we stopped. */
  confirm({ mode, epoch, offset, recovered }: ServerMessage<"subscribed">): boolean {
    // A log of our epoch that is shorter than what we saw of it has lost its end: not the same life.
    const sameLife = epoch === this.#epoch && this.#seen <= offset;
    if (!sameLife) this.#seen = 0;
    this.#mode = mode;
    this.#epoch = epoch;
    this.#head = offset;
    this.#confirmed = true;
    return recovered && sameLife;
  }

  /** Judges an event that came. */
  event({ epoch, offset }: Cursor): PlaceDecision {
    if (!this.#confirmed) return "drop";
    if (epoch !== this.#epoch) return "gap";
    if (offset <= this.#seen) return "drop";
    if (this.#skips(offset)) return "gap";
    this.#seen = offset;
    return "deliver";
  }

  /** Judges the ack of our own publication to `others`, which stands for an event that we are not sent. */
  ownAck({ epoch, offset }: Cursor): Exclude<PlaceDecision, "deliver"> {
    if (!this.#confirmed || epoch !== this.#epoch || offset <= this.#known) return "drop";
    if (this.#skips(offset)) return "gap";
    this.#seen = offset;
    return "drop";
  }

  get #known(): number {
    return Math.max(this.#seen, this.#head);
  }

  #skips(offset: number): boolean {
    return this.#mode === "stream" && offset > this.#known + 1;
  }
}
