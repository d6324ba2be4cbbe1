import type { Limits } from "@rosetta/protocol";
import { Bucket } from "../operation/bucket.ts";
import type { Clock } from "../operation/clock.ts";

/** Refused messages that make a flood. */
const floodOf = 20;
/** Milliseconds without a refusal after which earlier ones are forgiven. */
const calmMs = 1_000;

/** Limits the rate of one socket's messages. A peer that does not heed the refusals floods. */
export class Throttle {
  readonly #bucket: Bucket;
  readonly #clock: Clock;
  #refusals = 0;
  #refusedAt = 0;

  /** @param granted messages that the socket may send at once now: at most `limits.burst`. */
  constructor({ burst, messagesPerSecond }: Limits, clock: Clock, granted: number) {
    this.#bucket = new Bucket(burst, messagesPerSecond, clock, granted);
    this.#clock = clock;
  }

  /** The messages that the socket may send at once now. */
  get left(): number {
    return this.#bucket.tokens;
  }

  /** Takes a message. Returns false if there are too many. */
  take(): boolean {
    return this.#bucket.take();
  }

  /** Notes that a message was refused. Returns after how long the next may come, and whether this is a flood. */
  refused(): { retryAfterMs: number; isFlood: boolean } {
    const now = this.#clock.now();
    if (now - this.#refusedAt > calmMs) this.#refusals = 0;
    this.#refusedAt = now;
    this.#refusals += 1;
    return { retryAfterMs: this.#bucket.waitMs(), isFlood: this.#refusals >= floodOf };
  }
}
