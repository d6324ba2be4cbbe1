import type { Socket } from "node:net";

/** Bytes that a message waiting in ws costs beyond its own: frame, chunks and callback (measured: 340 and more). */
const messageCost = 384;

/** Bytes of a client's control frame beyond its payload: a header of two and a mask of four (RFC 6455 §5.2). */
const controlHead = 6;

/**
 * Counts the memory of a ws WebSocket that ws itself does not report. ws counts the bytes of waiting messages, but not
 * what each message costs, and it does not count incomplete messages at all.
 */
export class Traffic {
  readonly #tcp: Socket;
  #unsent = 0;
  #messageEnd: number;
  #controlBytes = 0;

  /** @param tcp the TCP socket below a WebSocket that has just opened. */
  constructor(tcp: Socket) {
    this.#tcp = tcp;
    this.#messageEnd = tcp.bytesRead;
  }

  /** Notes that a message is handed to ws. Returns the callback for `ws.send`, the same for all messages. */
  sending(): () => void {
    this.#unsent += 1;
    return this.#sent;
  }

  /** Notes that a message is complete. */
  message(): void {
    this.#messageEnd = this.#tcp.bytesRead;
    this.#controlBytes = 0;
  }

  /** Notes a ping or a pong. It is not part of a message, even between two of its fragments. */
  control(payload: Buffer): void {
    this.#controlBytes += controlHead + payload.length;
  }

  /** Bytes of memory that wait for the kernel. @param bufferedAmount what ws reports. */
  queued(bufferedAmount: number): number {
    return bufferedAmount + this.#unsent * messageCost;
  }

  /**
   * Bytes of memory that an incomplete message holds, 0 if there is none. It counts everything since the last complete
   * message, because ws keeps even a one-byte fragment as a slice of the segment in which it came.
   */
  get unfinished(): number {
    const bytes = this.#tcp.bytesRead - this.#messageEnd;
    return bytes > this.#controlBytes ? bytes : 0;
  }

  // Called when the kernel has taken a message, or it is lost with its connection.
  readonly #sent = (): void => {
    this.#unsent -= 1;
  };
}
