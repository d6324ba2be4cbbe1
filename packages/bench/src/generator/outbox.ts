import type { Link } from "./link.ts";

/** The bytes to send on a link, in order. Bytes that the kernel does not accept wait for `drain`. */
export class Outbox {
  readonly #waiting: Uint8Array[] = [];
  #link: Link | undefined;

  /** Starts sending. */
  open(link: Link): void {
    this.#link = link;
    this.drain();
  }

  send(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    if (this.#waiting.length === 1) this.drain();
  }

  drain(): void {
    if (!this.#link) return;
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const taken = this.#link.write(first);
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
  }
}
