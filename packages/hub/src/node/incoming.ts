import type { Socket } from "node:net";

/** Bytes of the mask that every frame of a client has (RFC 6455 §5.3). ws closes on a frame without one. */
const maskBytes = 4;
const closeOpcode = 0x8;

/**
 * Follows the frames that come in on a ws WebSocket, because ws reports only what is complete. To subtract what it reports
 * from what was read is not enough: the rest may be a ping that was cut, or 18 fragments of one byte that hold 64 KiB each.
 *
 * A segment, here, is what one `data` event delivers: up to 64 KiB.
 */
export class Incoming {
  /** Bytes of all segments since the start of the message or frame that is incomplete. */
  #bytes = 0;
  /** The first byte of the frame that is coming in: FIN and opcode (RFC 6455 §5.2). */
  #first: number | undefined;
  #lengthBytesLeft = 0;
  #payloadLength = 0;
  /** Bytes of the frame's mask and payload that are still to come. 0 as long as its length is not known. */
  #bytesLeft = 0;
  /** True from the first fragment of a message until its last. */
  #isFragmented = false;
  #hasEnded = false;

  /** @param tcp the TCP socket below a WebSocket that has just opened. */
  constructor(tcp: Socket) {
    // Before the listener of ws: when ws reports a message, all of its segment has been counted already.
    tcp.prependListener("data", (segment: Buffer) => this.#read(segment));
  }

  /**
   * Bytes of memory that an incomplete message holds, 0 if there is none. Counts each segment since the message began,
   * whatever else is in it, because ws keeps even a one-byte fragment as a slice of the segment in which it came. Does
   * not count complete messages that ws is still decompressing: ws stops reading while it has more than 64 KiB of them.
   */
  get unfinished(): number {
    return this.#isInMessage ? this.#bytes : 0;
  }

  /**
   * The same for whatever is incomplete, a message or a control frame. A cut ping holds the segment in which it began, up
   * to 64 KiB. A peer that sends nothing but pings may have one at any time, so it is not a message that takes too long.
   */
  get held(): number {
    return this.#bytes;
  }

  /** Stops counting. Call it when ws has found a fault: from then on it drops what comes, as after a close frame. */
  stop(): void {
    this.#hasEnded = true;
    this.#isFragmented = false;
    this.#first = undefined;
    this.#bytes = 0;
  }

  get #isInMessage(): boolean {
    return this.#isFragmented || (this.#first !== undefined && !isControl(this.#first));
  }

  #read(segment: Buffer): void {
    for (let at = 0; at < segment.length && !this.#hasEnded; ) {
      if (this.#bytesLeft === 0) {
        this.#readHead(segment[at] as number);
        at += 1;
        continue;
      }
      const bytes = Math.min(this.#bytesLeft, segment.length - at);
      at += bytes;
      this.#bytesLeft -= bytes;
      if (this.#bytesLeft === 0) this.#endFrame();
    }
    // The whole ArrayBuffer: bytes that came with the handshake are a slice of it, and keep all of it in memory.
    if (this.#isFragmented || this.#first !== undefined) this.#bytes += segment.buffer.byteLength;
  }

  #readHead(byte: number): void {
    if (this.#first === undefined) {
      this.#first = byte;
      return;
    }
    if (this.#lengthBytesLeft > 0) {
      this.#payloadLength = this.#payloadLength * 256 + byte;
      this.#lengthBytesLeft -= 1;
    } else {
      const length = byte & 0x7f;
      this.#lengthBytesLeft = length === 126 ? 2 : length === 127 ? 8 : 0;
      this.#payloadLength = this.#lengthBytesLeft === 0 ? length : 0;
    }
    if (this.#lengthBytesLeft === 0) this.#bytesLeft = this.#payloadLength + maskBytes;
  }

  #endFrame(): void {
    const first = this.#first as number;
    this.#first = undefined;
    if ((first & 0x0f) === closeOpcode) return this.stop();
    if (!isControl(first)) this.#isFragmented = (first & 0x80) === 0;
    // Nothing is incomplete here, so counting begins anew with whatever follows.
    if (!this.#isFragmented) this.#bytes = 0;
  }
}

// RFC 6455 §5.5: the opcodes of control frames have their highest bit set.
function isControl(first: number): boolean {
  return (first & 0x08) !== 0;
}
