import type { Socket } from "node:net";

/** Bytes of a client's control frame beyond its payload: a header of two and a mask of four (RFC 6455 §5.2). */
const controlHead = 6;

/** Counts the bytes of incomplete messages on a ws WebSocket, which ws itself does not report. */
export class Incoming {
  readonly #tcp: Socket;
  #messageEnd: number;
  #controlBytes = 0;

  /** @param tcp the TCP socket below a WebSocket that has just opened. */
  constructor(tcp: Socket) {
    this.#tcp = tcp;
    this.#messageEnd = tcp.bytesRead;
  }

  /** Notes that a message is complete. */
  message(): void {
    this.#messageEnd = this.#tcp.bytesRead;
    this.#controlBytes = 0;
  }

  /** Notes a ping or a pong. It is not part of a message, even between two of its fragments. */
  control(payload: Buffer): void {
    this.#controlBytes += controlHead + payload.length;
    // Only control frames have come since the last message, so counting begins anew here. Otherwise those of a
    // connection's whole life would add up, and those in one segment with a message would excuse what comes later.
    if (this.#bytes <= this.#controlBytes) this.message();
  }

  /**
   * Bytes of memory that an incomplete message holds, 0 if there is none. Counts every segment since the last complete
   * message, because ws keeps even a one-byte fragment as a slice of the segment in which it came. It cannot see a
   * message that begins in the segment in which another ends, until its next byte comes: at most one segment, 64 KiB.
   */
  get unfinished(): number {
    return this.#bytes > this.#controlBytes ? this.#bytes : 0;
  }

  // Bytes since the segment in which the last message ended.
  get #bytes(): number {
    return this.#tcp.bytesRead - this.#messageEnd;
  }
}
