import type { Socket } from "node:net";

/** What a message that waits in ws costs Node beside its bytes: its frame, chunks and callback (measured: 340 and more). */
const messageCost = 384;

/** Bytes of a client's control frame beside its payload: two of head, four of mask (RFC 6455 §5.2). */
const controlHead = 6;

/**
 * What a WebSocket of ws holds in memory that ws itself does not tell: messages are counted by it in bytes only, and one
 * that is not complete yet not at all.
 */
export class Traffic {
  readonly #tcp: Socket;
  #unsent = 0;
  #messageEnd: number;
  #controlBytes = 0;

  /** @param tcp the socket below the WebSocket, which has just been opened. */
  constructor(tcp: Socket) {
    this.#tcp = tcp;
    this.#messageEnd = tcp.bytesRead;
  }

  /** A message is handed to ws. Returns the callback for `ws.send`, one for all messages. */
  sending(): () => void {
    this.#unsent += 1;
    return this.#sent;
  }

  /** A message came and is complete. */
  message(): void {
    this.#messageEnd = this.#tcp.bytesRead;
    this.#controlBytes = 0;
  }

  /** A ping or a pong came. It is no part of a message, though it may stand between two fragments of one. */
  control(payload: Buffer): void {
    this.#controlBytes += controlHead + payload.length;
  }

  /** Memory in bytes that waits for the kernel. @param bufferedAmount what ws says of it. */
  queued(bufferedAmount: number): number {
    return bufferedAmount + this.#unsent * messageCost;
  }

  /**
   * Bytes of memory that a message holds which is not complete; 0 if there is none. Everything since the last complete one
   * is held: ws keeps a fragment of one byte as a slice of the segment in which it came.
   */
  get unfinished(): number {
    const bytes = this.#tcp.bytesRead - this.#messageEnd;
    return bytes > this.#controlBytes ? bytes : 0;
  }

  // The kernel has taken a message, or it is lost with its connection.
  readonly #sent = (): void => {
    this.#unsent -= 1;
  };
}
