import type { Clock } from "./clock.ts";

/** By how many tokens a sum of fractions can fall short of a whole one. */
const rounding = 1e-9;

/**
 * A token bucket: it gives up to `size` tokens at once, and a fixed number per second on average.
 *
 * A peer is limited by when it sends, but the bucket counts when something is handled. After a standstill of this
 * process, everything that arrived meanwhile is handled at once. So while the process is behind, the bucket also holds
 * the tokens that the peer earned in that time.
 */
export class Bucket {
  readonly #size: number;
  readonly #perSecond: number;
  readonly #clock: Pick<Clock, "now" | "lost" | "behind">;
  #tokens: number;
  #filledAt: number;

  /** Holds at most `size` tokens. Starts with `tokens`, by default full. */
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

  /** Takes a token. Returns false if there is none. */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1 - rounding) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes up to `most` tokens. Returns how many it took. */
  takeSome(most: number): number {
    const taken = Math.min(this.tokens, most);
    this.#tokens -= taken;
    return taken;
  }

  /** Puts tokens back. Those that do not fit are lost. */
  give(tokens: number): void {
    this.#tokens = this.tokens + tokens;
  }

  /** The tokens available now. */
  get tokens(): number {
    this.#fill();
    return this.#tokens;
  }

  /** Milliseconds until there is a token. */
  waitMs(): number {
    return Math.ceil((Math.max(0, 1 - rounding - this.tokens) / this.#perSecond) * 1000);
  }

  #fill(): void {
    // One reading of the clock, because every message takes a token.
    const lived = this.#clock.now();
    const now = lived + this.#clock.lost;
    const earned = ((now - this.#filledAt) / 1000) * this.#perSecond;
    const size = this.#size + (this.#clock.behind(lived) / 1000) * this.#perSecond;
    this.#tokens = Math.min(size, this.#tokens + earned);
    this.#filledAt = now;
  }
}
