import { join } from "./bytes.ts";
import type { Duplex, DuplexListener } from "./duplex.ts";

/** Sends the given bytes in one piece with the first ones that are written. */
export class JoinedDuplex implements Duplex {
  readonly #duplex: Duplex;
  #first: Uint8Array | undefined;

  constructor(duplex: Duplex, first: Uint8Array) {
    this.#duplex = duplex;
    this.#first = first;
  }

  listen(listener: DuplexListener): void {
    this.#duplex.listen(listener);
  }

  write(bytes: Uint8Array): Promise<void> {
    const whole = this.#first ? join([this.#first, bytes]) : bytes;
    this.#first = undefined;
    return this.#duplex.write(whole);
  }

  pause(): void {
    this.#duplex.pause();
  }

  resume(): void {
    this.#duplex.resume();
  }

  end(): void {
    this.#duplex.end();
  }

  destroy(): void {
    this.#duplex.destroy();
  }
}
