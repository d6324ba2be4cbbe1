import type { Soon } from "../cluster/soon.ts";

interface Turn {
  bytes: number;
  run(): Soon<void>;
}

/** Approximate bytes of memory for a request that waits, beyond its text. */
const turnBytes = 200;

/**
 * Lets the requests of a connection take effect one after the other. One that need not wait for other servers is done
 * at once; those behind one that has to wait, wait too.
 */
export class Turns {
  readonly #waiting: Turn[] = [];
  readonly #failed: (error: unknown) => void;
  #isBusy = false;
  #bytes = 0;

  /** @param failed called when a request throws that had to wait. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Bytes of memory that waiting requests take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Runs a request of `bytes` bytes when it is its turn. Throws if it runs at once and throws. */
  take(bytes: number, run: () => Soon<void>): void {
    if (!this.#isBusy) return this.#hold(run());
    const turn = { bytes: bytes + turnBytes, run };
    this.#bytes += turn.bytes;
    this.#waiting.push(turn);
  }

  /** Forgets whatever waits. */
  clear(): void {
    this.#waiting.length = 0;
    this.#bytes = 0;
  }

  #hold(outcome: Soon<void>): void {
    if (!(outcome instanceof Promise)) return;
    this.#isBusy = true;
    outcome.catch(this.#failed).then(() => this.#next());
  }

  #next(): void {
    this.#isBusy = false;
    while (!this.#isBusy) {
      const turn = this.#waiting.shift();
      if (!turn) return;
      this.#bytes -= turn.bytes;
      try {
        this.#hold(turn.run());
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
