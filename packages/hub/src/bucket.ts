/** A token bucket: so many at once, so many per second on average. */
export class Bucket {
  readonly #size: number;
  readonly #perSecond: number;
  #tokens: number;
  #filledAt: number;

  constructor(size: number, perSecond: number, now: number) {
    this.#size = size;
    this.#perSecond = perSecond;
    this.#tokens = size;
    this.#filledAt = now;
  }

  /** Takes one. False if there is none. */
  take(now: number): boolean {
    const earned = ((now - this.#filledAt) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#size, this.#tokens + earned);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until there is one. */
  waitMs(): number {
    return Math.ceil((Math.max(0, 1 - this.#tokens) / this.#perSecond) * 1000);
  }
}
