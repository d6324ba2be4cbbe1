/** What may go wrong elsewhere while something is awaited: a connection that ends, a message out of order. */
export class Trouble {
  readonly #first = Promise.withResolvers<never>();

  constructor() {
    // It may be told when nobody waits any more.
    this.#first.promise.catch(() => {});
  }

  /** Tells what went wrong; only the first time counts. */
  readonly tell = (why: string): void => this.#first.reject(new Error(why));

  /** Waits for something; rejects as soon as there is trouble. */
  orEnd<Value>(what: Promise<Value>): Promise<Value> {
    return Promise.race([what, this.#first.promise]);
  }
}
