/** Longest payload whose length fits into the seven bits of the second byte, and into two bytes more (RFC 6455 §5.2). */
const longestInSevenBits = 125;
const longestInSixteenBits = 0xffff;

/**
 * Longest payload of bytes that is copied into one buffer with other frames. Up to some 300 bytes a copy costs less than
 * a write of its own (measured).
 */
const longestCopied = 256;

/** The first byte of a pong. */
const pongByte = 0x8a;

/** A message or a pong from a server as one frame: final and not masked (RFC 6455 §5.2). */
export class ServerFrame {
  /** The message, or the payload of the ping that a pong answers. */
  readonly payload: Buffer | string;
  readonly isBinary: boolean;
  /** Bytes of the whole frame: a header of 2, 4 or 10, and the payload. */
  readonly length: number;
  readonly #payloadLength: number;
  readonly #firstByte: number;

  /** @param firstByte FIN and opcode. Default: those of a message. */
  constructor(payload: Buffer | string, isBinary: boolean, firstByte: number = isBinary ? 0x82 : 0x81) {
    this.payload = payload;
    this.isBinary = isBinary;
    this.#firstByte = firstByte;
    this.#payloadLength = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
    this.length = this.#headLength + this.#payloadLength;
  }

  get isPong(): boolean {
    return this.#firstByte === pongByte;
  }

  /**
   * The payload for a stack that keeps it. Bytes are copied, because a slice would keep all of the segment in memory in
   * which it came. The copy is not from Node's pool, because that would be kept in the same way.
   */
  get ownPayload(): Buffer | string {
    if (typeof this.payload === "string") return this.payload;
    const copy = Buffer.allocUnsafeSlow(this.payload.length);
    copy.set(this.payload);
    return copy;
  }

  /** The payload if it is not to be copied. A text always is, because it has to become bytes. */
  get longPayload(): Buffer | undefined {
    return typeof this.payload !== "string" && this.#payloadLength > longestCopied ? this.payload : undefined;
  }

  /** Returns the header as bytes of its own, for a payload that is not copied. */
  head(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#headLength);
    this.#writeHead(bytes, 0);
    return bytes;
  }

  /** Writes the frame into `bytes`, beginning at `offset`. */
  write(bytes: Buffer, offset: number): void {
    const start = this.#writeHead(bytes, offset);
    if (typeof this.payload === "string") bytes.write(this.payload, start);
    else bytes.set(this.payload, start);
  }

  get #headLength(): number {
    if (this.#payloadLength <= longestInSevenBits) return 2;
    return this.#payloadLength <= longestInSixteenBits ? 4 : 10;
  }

  // Returns where the payload begins.
  #writeHead(bytes: Buffer, offset: number): number {
    const length = this.#payloadLength;
    bytes[offset] = this.#firstByte;
    bytes[offset + 1] = length <= longestInSevenBits ? length : length <= longestInSixteenBits ? 126 : 127;
    if (length <= longestInSevenBits) return offset + 2;
    if (length <= longestInSixteenBits) return bytes.writeUInt16BE(length, offset + 2);
    return bytes.writeBigUInt64BE(BigInt(length), offset + 2);
  }
}

let newest = new ServerFrame("", false);

/**
 * Returns the frame of a text. The newest one is kept: the hub sends some events to one socket after the other, and these
 * share a buffer only if they get the same frame.
 */
export function textFrame(text: string): ServerFrame {
  if (text !== newest.payload) newest = new ServerFrame(text, false);
  return newest;
}

/** Returns the pong that answers a ping with this payload (RFC 6455 §5.5.3). */
export function pongFrame(payload: Buffer): ServerFrame {
  return new ServerFrame(payload, true, pongByte);
}
