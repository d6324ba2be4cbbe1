import type { Platform } from "../port.ts";

/** Milliseconds between two pulses. A standstill of up to this long stays unnoticed. */
const pulseMs = 100;
/** Milliseconds of a standstill that are made up for at most. */
const longestMs = 60_000;

/**
 * Lived time: it stands still while this process does. A process that was stopped, swapped out or busy for three
 * seconds did not serve its peers in that time and must not hold it against them. So deadlines wait for lived time, and
 * rate limits allow what arrived meanwhile.
 *
 * A pulse is due every 100 ms. Lived time never runs past an overdue pulse, even if a message asks for it first:
 * after a standstill, messages can be handled before timers.
 */
export class Clock {
  readonly #platform: Pick<Platform, "now" | "after">;
  #lost = 0;
  #newest = 0;
  #behind = 0;
  #behindAt = 0;
  /** In the platform's time. Infinite while the clock is not running. */
  #dueAt = Number.POSITIVE_INFINITY;
  #cancelPulse = (): void => {};

  constructor(platform: Pick<Platform, "now" | "after">) {
    this.#platform = platform;
  }

  /** Milliseconds of lived time. Monotonic. */
  now(): number {
    const now = this.#platform.now();
    if (now > this.#dueAt) this.#lose(now - this.#dueAt, now);
    this.#newest = now - this.#lost;
    return this.#newest;
  }

  /**
   * Milliseconds of lived time as of the last `now()`, which is at most a pulse of 100 ms ago. For what happens with
   * every message, because reading the system's clock can take longer than all the rest of a message.
   */
  get newest(): number {
    return this.#newest;
  }

  /** Milliseconds for which this process has stood still in total, as of the last `now()`. */
  get lost(): number {
    return this.#lost;
  }

  /**
   * Milliseconds by which this process is behind its peers: the time it stood still less the time lived since, at most
   * one minute. Messages that were sent in that time can still be waiting. `now` is the result of `now()` if the caller
   * has just asked.
   */
  behind(now: number = this.now()): number {
    return Math.max(0, this.#behind - (now - this.#behindAt));
  }

  /** Runs a function once, after `ms` milliseconds of lived time. Returns a function that cancels it. */
  after(ms: number, run: () => void): () => void {
    const dueAt = this.now() + ms;
    const ring = (): void => {
      const left = dueAt - this.now();
      // Timers count whole milliseconds and can fire a fraction of one too early.
      if (left < 1) return run();
      cancel = this.#platform.after(left, ring);
    };
    let cancel = this.#platform.after(ms, ring);
    return () => cancel();
  }

  /** Starts to notice standstills. Returns a function that stops the clock. */
  start(): () => void {
    this.#cancelPulse();
    this.#dueAt = this.#platform.now() + pulseMs;
    this.#cancelPulse = this.#platform.after(pulseMs, () => {
      this.now();
      this.start();
    });
    return () => {
      this.#cancelPulse();
      this.#dueAt = Number.POSITIVE_INFINITY;
    };
  }

  #lose(ms: number, now: number): void {
    const livedAt = this.#dueAt - this.#lost;
    this.#behind = Math.min(longestMs, Math.max(0, this.#behind - (livedAt - this.#behindAt)) + ms);
    this.#behindAt = livedAt;
    this.#lost += ms;
    this.#dueAt = now;
  }
}

/**
 * Runs something again and again, even after it has failed, each time after `waitMs()` milliseconds. Returns a function
 * that ends this.
 */
export function every({ after }: Platform, waitMs: () => number, run: () => void): () => void {
  const round = (): void => {
    cancel = after(waitMs(), round);
    run();
  };
  let cancel = after(waitMs(), round);
  return () => cancel();
}
