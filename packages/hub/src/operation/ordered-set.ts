import { type Linked, LinkedSet } from "./linked-set.ts";

interface Link<T> extends Linked<Link<T>> {
  readonly item: T;
}

/**
 * Things in the order in which they came, each of them once. The first one is at hand. In a Map or a Set it is not: where
 * things are deleted from the front, the next look for the first one passes all the gaps that they left.
 */
export class OrderedSet<T> {
  readonly #links = new Map<T, Link<T>>();
  readonly #line = new LinkedSet<Link<T>>();

  /** The number of things in the set. */
  get size(): number {
    return this.#line.size;
  }

  /** The one that came first, or `undefined` if the set is empty. */
  get first(): T | undefined {
    return this.#line.first?.item;
  }

  /** Puts something at the end, wherever it was before. */
  add(item: T): void {
    const link = this.#links.get(item) ?? { item, before: undefined, after: undefined };
    if (!this.#line.has(link)) this.#links.set(item, link);
    this.#line.add(link);
  }

  /** Takes something out. Returns false if it was not there. */
  delete(item: T): boolean {
    const link = this.#links.get(item);
    if (!link) return false;
    this.#links.delete(item);
    return this.#line.delete(link);
  }
}
