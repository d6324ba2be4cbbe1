import type { Socket } from "node:net";
import type { Limits } from "@rosetta/protocol";

/** Bytes that a message waiting in ws costs beyond its own: frame, chunks and callback (measured: 340 and more). */
const messageCost = 384;

/** Bytes of memory in a corked socket that are handed to the kernel within a turn: 64 KiB. */
const corkedBytes = 64 * 1024;

/**
 * Returns how many pongs may wait for a peer that does not read: as many as a queue may hold, by what they cost. By
 * default, ws hangs up on the 61st, even if a standstill of this process made them wait.
 */
export function mostPongs({ queueBytes }: Pick<Limits, "queueBytes">): number {
  return Math.max(1, Math.floor(queueBytes / messageCost));
}

/** Bytes of a client's control frame beyond its payload: a header of two and a mask of four (RFC 6455 §5.2). */
const controlHead = 6;

/**
 * Counts the memory of a ws WebSocket that ws itself does not report. ws counts the bytes of waiting messages, but not
 * what each message costs, and it does not count incomplete messages at all.
 */
export class Traffic {
  readonly #tcp: Socket;
  /** Messages handed to ws or to the TCP socket so far, those that it has called back for, and those that the kernel is known to have. */
  #handed = 0;
  #calledBack = 0;
  #taken = 0;
  /** Called when the kernel has taken a message, or it is lost with its connection. Made for the first message. */
  #sent: (() => void) | undefined;
  #messageEnd: number;
  #controlBytes = 0;

  /** @param tcp the TCP socket below a WebSocket that has just opened. */
  constructor(tcp: Socket) {
    this.#tcp = tcp;
    this.#messageEnd = tcp.bytesRead;
  }

  /**
   * Corks the TCP socket for the rest of this turn of the event loop, so that the kernel gets all messages of the turn in
   * one write. In a long turn it is emptied now and then, so that corked bytes are not mistaken for a slow reader.
   * @param bufferedAmount as ws reports it.
   */
  cork(bufferedAmount: number): void {
    if (this.#tcp.writableCorked === 0) process.nextTick(uncork, this.#tcp);
    else if (this.queued(bufferedAmount) > corkedBytes) this.#tcp.uncork();
    else return;
    this.#tcp.cork();
  }

  /** Notes that a message is handed to ws or to the TCP socket. Returns the callback for it, the same for all messages. */
  sending(): () => void {
    this.#handed += 1;
    this.#sent ??= () => {
      this.#calledBack += 1;
    };
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
    // Only control frames have come since the last message, so it is as if it had ended here. Otherwise those of a
    // connection's whole life would add up, and those in one segment with a message would excuse what comes later.
    if (this.#bytes <= this.#controlBytes) this.message();
  }

  /**
   * Returns the bytes of memory that wait for the kernel.
   * @param bufferedAmount as ws reports it.
   */
  queued(bufferedAmount: number): number {
    // ws calls back at the end of a turn. Until then, all that was sent in it would seem to wait.
    if (bufferedAmount === 0) this.#taken = this.#handed;
    return bufferedAmount + (this.#handed - Math.max(this.#taken, this.#calledBack)) * messageCost;
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

// Without a closure, because it runs in every turn.
function uncork(tcp: Socket): void {
  tcp.uncork();
}
