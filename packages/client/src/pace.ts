/** What a server takes of one connection, as its `welcome` tells. */
export interface Allowance {
  /** Bytes of one message. */
  messageBytes: number;
  /** Messages per second on average. */
  messagesPerSecond: number;
  /** Messages at once. */
  burst: number;
}

/** Before `welcome` nothing is known: so little that no server closes the connection for it, whatever its limits. */
const beforeWelcome = { messageBytes: 1024, burst: 16 } as const;
/** Of what the server grants. A message may be faster than the one before it, so that the server counts otherwise. */
const share = 0.8;

/** However long a server wants a message to wait, people wait for it (ms). */
const longestHoldMs = 30_000;

/** When the next message may go out, so that the server need not refuse it. One for each connection. */
export class Pace {
  #allowance: Allowance | undefined;
  /** How many messages may go out at once; below zero after more than the server turned out to grant. */
  #level: number = beforeWelcome.burst;
  #levelAt = 0;
  #heldUntil = 0;

  /** The server told what it takes. */
  learn(allowance: Allowance, now: number): void {
    const sent = beforeWelcome.burst - this.#level;
    this.#allowance = allowance;
    this.#level = this.#capacity - sent;
    this.#levelAt = now;
  }

  /** The server refused a message: it has counted more than we did. */
  hold(ms: number, now: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, now + Math.min(ms, longestHoldMs));
  }

  /** True if a message of so many bytes would cost the connection, now and later. */
  isTooLong(bytes: number): boolean {
    return this.#allowance !== undefined && bytes > this.#allowance.messageBytes;
  }

  /** Milliseconds until a message of so many bytes may go out. `Infinity`: not before `welcome`. */
  waitMs(bytes: number, now: number): number {
    if (!this.#allowance) return this.#level >= 1 && bytes <= beforeWelcome.messageBytes ? 0 : Infinity;
    this.#refill(now);
    const missing = Math.max(0, 1 - this.#level);
    const refilledMs = missing === 0 ? 0 : (missing / this.#perSecond) * 1_000;
    // Whole milliseconds: a timer that is a rounding error early would begin again for ever.
    return Math.ceil(Math.max(0, refilledMs, this.#heldUntil - now));
  }

  /** A message went out. */
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
