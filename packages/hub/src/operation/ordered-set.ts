interface Link<T> {
  readonly item: T;
  before: Link<T> | undefined;
  after: Link<T> | undefined;
}

/**
 * Things in the order in which they came, each of them once. The first one is at hand. In a Map or a Set it is not: where
 * things are deleted from the front, the next look for the first one passes all the gaps that they left.
 */
export class OrderedSet<T> {
  readonly #links = new Map<T, Link<T>>();
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;

  /** The number of things in the set. */
  get size(): number {
    return this.#links.size;
  }

  /** The one that came first, or `undefined` if the set is empty. */
  get first(): T | undefined {
    return this.#first?.item;
  }

  /** Puts something at the end, wherever it was before. */
  add(item: T): void {
    const known = this.#links.get(item);
    if (known && known === this.#last) return;
    if (known) this.#unlink(known);
    const link = known ?? { item, before: undefined, after: undefined };
    if (!known) this.#links.set(item, link);
    link.before = this.#last;
    link.after = undefined;
    if (this.#last) this.#last.after = link;
    else this.#first = link;
    this.#last = link;
  }

  /** Takes something out. Returns false if it was not there. */
  delete(item: T): boolean {
    const link = this.#links.get(item);
    if (!link) return false;
    this.#links.delete(item);
    this.#unlink(link);
    return true;
  }

  #unlink({ before, after }: Link<T>): void {
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
  }
}
