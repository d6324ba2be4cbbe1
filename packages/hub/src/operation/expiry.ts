import type { Platform } from "../port.ts";
import { OrderedSet } from "./ordered-set.ts";

/** Things that expire in one go. More than that wait for the next turn, so that no turn takes long. */
const mostAtOnce = 500;

interface ExpiryOptions<T> {
  platform: Pick<Platform, "now" | "after">;
  /** Milliseconds after which something expires. */
  ms: number;
  /** Is called when something has expired. It is not among the things here any more. */
  expired(item: T): void;
}

/**
 * Things that will be forgotten, all after the same time. The first to come is the first to go, so one timer is enough
 * for all of them.
 */
export class Expiry<T extends { expiresAt: number }> {
  readonly #options: ExpiryOptions<T>;
  readonly #line = new OrderedSet<T>();
  #cancel: (() => void) | undefined;

  constructor(options: ExpiryOptions<T>) {
    this.#options = options;
  }

  /** The one that will expire next, or `undefined` if there is none. */
  get first(): T | undefined {
    return this.#line.first;
  }

  /** Adds something. If it was here before, its time begins again. */
  add(item: T): void {
    const { platform, ms } = this.#options;
    item.expiresAt = platform.now() + ms;
    this.#line.add(item);
    this.#cancel ??= platform.after(ms, () => this.#ring());
  }

  /** Removes something, which does not expire then. */
  delete(item: T): void {
    if (!this.#line.delete(item) || this.#line.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #ring(): void {
    const now = this.#options.platform.now();
    try {
      this.#expire(now);
    } finally {
      // What has expired may have added or removed something. And if it threw, the rest still has to be forgotten.
      this.#cancel?.();
      const next = this.#line.first;
      this.#cancel =
        next && this.#options.platform.after(Math.max(0, next.expiresAt - now), () => this.#ring());
    }
  }

  #expire(now: number): void {
    for (let count = 0; count < mostAtOnce; count++) {
      const { first } = this.#line;
      // A timer can fire a fraction of a millisecond too early.
      if (!first || first.expiresAt - now >= 1) return;
      this.#line.delete(first);
      this.#options.expired(first);
    }
  }
}
