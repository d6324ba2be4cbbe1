/**
 * Collects what goes wrong while something else is awaited, such as a connection that ends or a message out of order.
 */
export class Trouble {
  readonly #first = Promise.withResolvers<never>();

  constructor() {
    // Trouble may be reported when nobody is waiting any more.
    this.#first.promise.catch(() => {});
  }

  /** Reports what went wrong. Only the first report counts. */
  readonly tell = (why: string): void => this.#first.reject(new Error(why));

  /** Waits for something. Rejects as soon as there is trouble. */
  orEnd<Value>(what: Promise<Value>): Promise<Value> {
    return Promise.race([what, this.#first.promise]);
  }
}
