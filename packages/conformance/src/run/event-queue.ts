/** A queue of events for one consumer that takes them one after another. */
export class EventQueue<T> {
  #items: T[] = [];
  #wake = () => {};

  put(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  /** Returns the next item, or nothing if none came in time. */
  async take(ms: number): Promise<T | undefined> {
    if (this.#items.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const deadline = ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(resolve, ms);
      this.#wake = resolve;
      await promise;
      clearTimeout(deadline);
    }
    return this.#items.shift();
  }

  clear(): void {
    this.#items = [];
  }
}
