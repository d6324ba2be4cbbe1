/** The limits of a server for one connection, according to its `welcome`. */
export interface Allowance {
  /** Bytes in one message. */
  messageBytes: number;
  /** Messages per second on average. */
  messagesPerSecond: number;
  /** Messages at once. */
  burst: number;
}

/** The limits before `welcome`: so low that no server closes the connection, whatever its own are. */
const beforeWelcome = { messageBytes: 1024, burst: 16 } as const;
/** The share of the limits that we use. Messages can bunch up on the way, so the server's count differs from ours. */
const share = 0.8;

/** The longest that a server can hold messages back, because people wait for them (ms). */
const longestHoldMs = 30_000;

/** Tells when the next message can go out without the server refusing it. One per connection. */
export class Pace {
  #allowance: Allowance | undefined;
  /** How many messages can go out at once. Below zero if we sent more than the server turned out to allow. */
  #level: number = beforeWelcome.burst;
  #levelAt = 0;
  #heldUntil = 0;

  /** Takes over what the server said that it accepts. */
  learn(allowance: Allowance, now: number): void {
    const sent = beforeWelcome.burst - this.#level;
    this.#allowance = allowance;
    this.#level = this.#capacity - sent;
    this.#levelAt = now;
  }

  /** Sends nothing for `ms` milliseconds, because the server refused a message: it counted more than we did. */
  hold(ms: number, now: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, now + Math.min(ms, longestHoldMs));
  }

  /** Returns whether the server would close the connection over a message of this size, however long we wait. */
  isTooLong(bytes: number): boolean {
    return this.#allowance !== undefined && bytes > this.#allowance.messageBytes;
  }

  /** Returns the milliseconds until a message of this size can go out. `Infinity`: not before `welcome`. */
  waitMs(bytes: number, now: number): number {
    if (!this.#allowance) return this.#level >= 1 && bytes <= beforeWelcome.messageBytes ? 0 : Infinity;
    this.#refill(now);
    const missing = Math.max(0, 1 - this.#level);
    const refilledMs = missing === 0 ? 0 : (missing / this.#perSecond) * 1_000;
    // Rounded up: a timer that fires early by a rounding error would be set again and again.
    return Math.ceil(Math.max(0, refilledMs, this.#heldUntil - now));
  }

  /** Counts a message that went out. */
  spend(): void {
    this.#level -= 1;
  }

  get #capacity(): number {
    return Math.max(1, Math.floor(share * (this.#allowance?.burst ?? 0)));
  }

  get #perSecond(): number {
    return share * (this.#allowance?.messagesPerSecond ?? 0);
  }

  #refill(now: number): void {
    const seconds = (now - this.#levelAt) / 1_000;
    this.#level = Math.min(this.#capacity, this.#level + seconds * this.#perSecond);
    this.#levelAt = now;
  }
}
