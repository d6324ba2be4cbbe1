/** Holds bytes that wait for a reader: a socket's session, an event stream, an answer over HTTP. */
export interface Queue {
  /** Returns the bytes of memory in the queue. */
  queued(): number;
  /** Ends the connection at once and drops its queue. Called on the longest queue when the budget is exceeded. */
  cut(): void;
}

/** Bytes of memory that a message costs beyond its own, for estimating from the number of messages written. */
const messageCost = 512;

/**
 * Limits what waits for all readers together. Each queue has its own limit, but ten thousand queues could still add up
 * to more memory than the process has. Over the budget, the longest queue is cut first.
 *
 * Adding up ten thousand queues for each message would be too slow. The queues are asked only when so much was written
 * that the budget could be exceeded if nobody had read any of it. A caller that looks at all queues anyway, some in
 * each turn, can report their sum, which makes that rare.
 */
export class QueueBudget {
  readonly #bytes: number;
  readonly #queues: () => Iterable<Queue>;
  /** Bytes that may still be written before the queues are asked. */
  #room: number;
  /** The value of `#room` when the newest round began. */
  #roomBefore: number;

  /** @param bytes of memory for all queues together. */
  constructor(bytes: number, queues: () => Iterable<Queue>) {
    this.#bytes = bytes;
    this.#queues = queues;
    this.#room = bytes;
    this.#roomBefore = bytes;
  }

  /** Notes that `messages` messages of `bytes` each were added to queues. */
  wrote(bytes: number, messages: number): void {
    this.#room -= (bytes + messageCost) * messages;
    if (this.#room < 0) this.settle();
  }

  /** Begins a round, in which the caller asks all queues. */
  beginRound(): void {
    this.#roomBefore = this.#room;
  }

  /** Ends the round. `sum` is the bytes in all queues, as they answered since `beginRound()`. */
  endRound(sum: number): void {
    if (sum > this.#bytes) return this.settle();
    // Bytes written during the round may be in queues that had already been asked.
    this.#hasRoom(this.#bytes - sum - Math.max(0, this.#roomBefore - this.#room));
  }

  /** Asks every queue, and cuts the longest ones until the rest fit the budget. */
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
    this.#hasRoom(this.#bytes - sum);
    // A round that is under way counts the bytes written from here on.
    this.#roomBefore = this.#room;
  }

  #hasRoom(bytes: number): void {
    // At least an eighth: otherwise, with the budget nearly spent, every message would ask every queue.
    this.#room = Math.max(bytes, this.#bytes / 8);
  }
}
