import type { Clock } from "./clock.ts";

/** Tokens that a sum of fractions may be short of a whole one. */
const rounding = 1e-9;

/**
 * A token bucket: so many at once, so many per second on average.
 *
 * It counts when something is handled, while a peer is bound by when it sends. What came while this process stood
 * still is handled at once afterwards: as long as the process is behind, the bucket holds what that time earned, too.
 */
export class Bucket {
  readonly #size: number;
  readonly #perSecond: number;
  readonly #clock: Pick<Clock, "now" | "lost" | "behind">;
  #tokens: number;
  #filledAt: number;

  /** Holds `size` tokens at most, and has as many at first unless `tokens` says how many. */
  constructor(
    size: number,
    perSecond: number,
    clock: Pick<Clock, "now" | "lost" | "behind">,
    tokens: number = size,
  ) {
    this.#size = size;
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#tokens = Math.min(size, tokens);
    this.#filledAt = clock.now() + clock.lost;
  }

  /** Takes one. Returns false if there is none. */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1 - rounding) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes as many as there are, up to `most`. Returns how many. */
  takeSome(most: number): number {
    const taken = Math.min(this.tokens, most);
    this.#tokens -= taken;
    return taken;
  }

  /** Puts tokens back; what it cannot hold is gone. */
  give(tokens: number): void {
    this.#tokens = this.tokens + tokens;
  }

  /** Tokens that are there now. */
  get tokens(): number {
    this.#fill();
    return this.#tokens;
  }

  /** Milliseconds until there is one. */
  waitMs(): number {
    return Math.ceil((Math.max(0, 1 - rounding - this.tokens) / this.#perSecond) * 1000);
  }

  #fill(): void {
    const now = this.#clock.now() + this.#clock.lost;
    const earned = ((now - this.#filledAt) / 1000) * this.#perSecond;
    const size = this.#size + (this.#clock.behind() / 1000) * this.#perSecond;
    this.#tokens = Math.min(size, this.#tokens + earned);
    this.#filledAt = now;
  }
}
