import type { Platform } from "../port.ts";
import { OrderedSet } from "./ordered-set.ts";

/** The most items that expire in one turn. The rest wait for the next one, so that no turn takes long. */
const mostAtOnce = 500;

interface ExpiryOptions<T> {
  platform: Pick<Platform, "now" | "after">;
  /** Milliseconds after which something expires. */
  ms: number;
  /** Called when an item has expired. The item has already been removed. */
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

  /** Adds an item. If it was here before, its time starts over. */
  add(item: T): void {
    const { platform, ms } = this.#options;
    item.expiresAt = platform.now() + ms;
    this.#line.add(item);
    this.#cancel ??= platform.after(ms, () => this.#ring());
  }

  /** Removes an item, so that it does not expire. */
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
      // A callback may have added or removed an item. And if one threw, the rest must still expire.
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
