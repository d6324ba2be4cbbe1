/** Something in which bytes wait for a reader: a socket's session, an event stream, an answer over HTTP. */
export interface Queue {
  /** Bytes of memory that wait. */
  queued(): number;
  /** The budget is exceeded, and nobody waits for more: ends the connection at once, and with it what waits. */
  cut(): void;
}

/** What a message costs beside its bytes, for those who only know how many were written. */
const messageCost = 512;

/**
 * What may wait for all readers together. Each queue has a limit of its own; ten thousand of them would add up to
 * more than the process has. Over the budget the slowest goes first, that is the longest queue.
 *
 * Nobody adds up ten thousand queues for each message: they are asked only when so much was written that the budget
 * could be exceeded if none of it had been read.
 */
export class QueueBudget {
  readonly #bytes: number;
  readonly #queues: () => Iterable<Queue>;
  /** What may still be written before the queues are asked. */
  #room: number;

  /** @param bytes of memory, for all queues together. */
  constructor(bytes: number, queues: () => Iterable<Queue>) {
    this.#bytes = bytes;
    this.#queues = queues;
    this.#room = bytes;
  }

  /** So many messages of so many bytes each were handed to queues. */
  wrote(bytes: number, messages: number): void {
    this.#room -= (bytes + messageCost) * messages;
    if (this.#room < 0) this.settle();
  }

  /** Asks every queue, and cuts the longest until the others are within the budget. */
  settle(): void {
    const queues = [...this.#queues()].map((queue) => ({ queue, bytes: queue.queued() }));
    let sum = queues.reduce((total, { bytes }) => total + bytes, 0);
    if (sum > this.#bytes) {
      for (const { queue, bytes } of queues.sort((a, b) => b.bytes - a.bytes)) {
        queue.cut();
        sum -= bytes;
        if (sum <= this.#bytes) break;
      }
    }
    // Never less than an eighth: with the budget nearly spent, every message would ask everybody.
    this.#room = Math.max(this.#bytes - sum, this.#bytes / 8);
  }
}
