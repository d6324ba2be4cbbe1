import type { Socket } from "node:net";

/** Bytes of the mask that every frame of a client has (RFC 6455 §5.3). ws closes on a frame without one. */
const maskBytes = 4;

/**
 * Follows the frames that come in on a ws WebSocket, because ws reports only what is complete. The sum of what it reports
 * does not do: what is missing from that may be a ping that was cut, or 18 fragments that keep 64 KiB each.
 */
export class Incoming {
  /** Bytes of the segments since what is incomplete began. */
  #bytes = 0;
  /** The first byte of the frame that is coming in: FIN and opcode (RFC 6455 §5.2). */
  #first: number | undefined;
  #lengthBytesLeft = 0;
  #payloadLength = 0;
  /** Bytes of its mask and payload that are still to come. 0 as long as its length is not known. */
  #bytesLeft = 0;
  /** True from the first fragment of a message until its last. */
  #isFragmented = false;

  /** @param tcp the TCP socket below a WebSocket that has just opened. */
  constructor(tcp: Socket) {
    // Before ws, which reports the frames of a segment in turn: whoever asks meanwhile hears of the segment's end.
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
   * Bytes of memory that a cut ping, pong or close frame holds, 0 if there is none: the segment in which it began, up to
   * 64 KiB. A peer that sends nothing but pings may have one at any time, so it is not a message that takes too long.
   */
  get cut(): number {
    return this.#isInMessage ? 0 : this.#bytes;
  }

  get #isInMessage(): boolean {
    return this.#isFragmented || (this.#first !== undefined && !isControl(this.#first));
  }

  #read(segment: Buffer): void {
    for (let at = 0; at < segment.length; ) {
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
    if (this.#isFragmented || this.#first !== undefined) this.#bytes += segment.length;
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
    if (!isControl(first)) this.#isFragmented = (first & 0x80) === 0;
    // Nothing is incomplete here, so counting begins anew with whatever comes behind.
    if (!this.#isFragmented) this.#bytes = 0;
  }
}

// RFC 6455 §5.5: the opcodes of control frames have their highest bit set.
function isControl(first: number): boolean {
  return (first & 0x08) !== 0;
}
