import type { Host } from "./port.ts";

/** Milliseconds between two beats of the pulse: as much of a standstill stays unnoticed at most. */
const pulseMs = 100;
/** A standstill is made up for as if it had been no longer than this, in milliseconds. */
const longestMs = 60_000;

/**
 * Time as this process lives it: it stands still while the process does. A process that was stopped, swapped out or
 * busy for three seconds has given its peers nothing in that time, so it must not hold it against them: a deadline
 * waits for lived time, and a rate allows what came meanwhile.
 *
 * A pulse is due every 100 ms. Lived time never runs past a pulse that is overdue, whoever asks first: after a
 * standstill, messages may be handled before timers.
 */
export class Clock {
  readonly #host: Pick<Host, "now" | "after">;
  #lost = 0;
  #behind = 0;
  #behindAt = 0;
  /** In the host's time. Nothing is due while the clock has not begun, or has stopped. */
  #dueAt = Number.POSITIVE_INFINITY;
  #cancelPulse = (): void => {};

  constructor(host: Pick<Host, "now" | "after">) {
    this.#host = host;
  }

  /** Milliseconds that this process lived. Monotonic. */
  now(): number {
    const now = this.#host.now();
    if (now > this.#dueAt) this.#lose(now - this.#dueAt, now);
    return now - this.#lost;
  }

  /** Milliseconds in which this process stood still, in all, as of the last `now()`. */
  get lost(): number {
    return this.#lost;
  }

  /**
   * Milliseconds that this process is behind its peers: what it stood still, less what it lived since, and a minute at
   * most. Of so much time there may be messages yet that were sent in time.
   */
  behind(): number {
    const now = this.now();
    return Math.max(0, this.#behind - (now - this.#behindAt));
  }

  /** Runs something once, after `ms` milliseconds of lived time. Returns its cancellation. */
  after(ms: number, run: () => void): () => void {
    const dueAt = this.now() + ms;
    const ring = (): void => {
      const left = dueAt - this.now();
      // Timers count in whole milliseconds, and may come a part of one too early.
      if (left < 1) return run();
      cancel = this.#host.after(left, ring);
    };
    let cancel = this.#host.after(ms, ring);
    return () => cancel();
  }

  /** From now on a standstill is noticed. Returns the end of it. */
  start(): () => void {
    this.#cancelPulse();
    this.#dueAt = this.#host.now() + pulseMs;
    this.#cancelPulse = this.#host.after(pulseMs, () => {
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
