/** The neighbours of a thing in a `LinkedSet`. It carries them itself, so it can be in one such set at a time. */
export interface Linked<T> {
  before: T | undefined;
  after: T | undefined;
}

/**
 * Things in the order in which they came, each of them once. Use it for what comes and goes with every connection. In a
 * Map or a Set, V8's outgrown tables point to their successors. Once a full garbage collection has made a table old, all
 * later ones survive until the next full collection, with everything that was in them.
 */
export class LinkedSet<T extends Linked<T>> implements Iterable<T> {
  #size = 0;
  #first: T | undefined;
  #last: T | undefined;

  /** The number of things in the set. */
  get size(): number {
    return this.#size;
  }

  /** The one that came first, or `undefined` if the set is empty. */
  get first(): T | undefined {
    return this.#first;
  }

  /** Returns whether something is in the set. It must not be in another one. */
  has(item: T): boolean {
    return item.before !== undefined || item === this.#first;
  }

  /** Puts something at the end, wherever it was before. */
  add(item: T): void {
    if (item === this.#last) return;
    this.delete(item);
    item.before = this.#last;
    if (this.#last) this.#last.after = item;
    else this.#first = item;
    this.#last = item;
    this.#size += 1;
  }

  /** Takes something out. Returns false if it was not there. */
  delete(item: T): boolean {
    if (!this.has(item)) return false;
    const { before, after } = item;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    item.before = undefined;
    item.after = undefined;
    this.#size -= 1;
    return true;
  }

  /** Goes through all things, the one that came first in front. If the current one is taken out, the loop ends there. */
  *[Symbol.iterator](): Iterator<T> {
    for (let item = this.#first; item; item = item.after) yield item;
  }
}
