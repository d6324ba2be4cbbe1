import type { Soon } from "../cluster/soon.ts";

interface Turn {
  bytes: number;
  run(): Soon<void>;
}

/** The connection whose requests take turns. */
interface TurnOwner {
  /** Called when a request throws that had to wait. */
  failed(error: unknown): void;
}

/** Approximate bytes of memory for a request that waits, beyond its text. */
const turnBytes = 200;

/**
 * Lets the requests of a connection take effect one after the other. One that need not wait for other servers is done
 * at once; those behind one that has to wait, wait too.
 */
export class Turns {
  readonly #owner: TurnOwner;
  /** Made for the first request that has to wait. */
  #waiting: Turn[] | undefined;
  #isBusy = false;
  #bytes = 0;

  constructor(owner: TurnOwner) {
    this.#owner = owner;
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
    this.#waiting ??= [];
    this.#waiting.push(turn);
  }

  /** Forgets whatever waits. */
  clear(): void {
    this.#waiting = undefined;
    this.#bytes = 0;
  }

  #hold(outcome: Soon<void>): void {
    if (!(outcome instanceof Promise)) return;
    this.#isBusy = true;
    outcome.catch((error) => this.#owner.failed(error)).then(() => this.#next());
  }

  #next(): void {
    this.#isBusy = false;
    while (!this.#isBusy) {
      const turn = this.#waiting?.shift();
      if (!turn) return;
      this.#bytes -= turn.bytes;
      try {
        this.#hold(turn.run());
      } catch (error) {
        this.#owner.failed(error);
      }
    }
  }
}
