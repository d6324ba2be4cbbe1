/** Longest payload whose length fits into the first two bytes, and into two more (RFC 6455 §5.2). */
const shortest = 125;
const short = 0xffff;

/** Longest payload that is copied: a copy costs less than a second write up to some 300 bytes (measured). */
const longestCopied = 125;

/** A message from a server as one frame: final and not masked (RFC 6455 §5.2). */
export interface ServerFrame {
  /** The message itself, as ws takes it. */
  readonly payload: Buffer;
  readonly isBinary: boolean;
  /**
   * The frame, ready for the TCP socket: a header of 2, 4 or 10 bytes, and the payload. If left out, ws writes the two
   * apart.
   */
  readonly bytes?: Buffer;
}

let newest = { text: "", frame: encoded("") };

/**
 * Returns the frame of a text. The newest one is kept, because an event can be sent to many sockets one by one.
 */
export function textFrame(text: string): ServerFrame {
  if (text !== newest.text) newest = { text, frame: encoded(text) };
  return newest.frame;
}

/** Returns the frame of a message that already is bytes. */
export function frameOf(payload: Buffer, isBinary: boolean): ServerFrame {
  if (payload.length > longestCopied) return { payload, isBinary };
  const { bytes, head } = begun(payload.length, isBinary);
  bytes.set(payload, head);
  return { payload, isBinary, bytes };
}

// A text becomes bytes in the frame itself, so there is nothing to copy.
function encoded(text: string): ServerFrame {
  const { bytes, head } = begun(Buffer.byteLength(text), false);
  bytes.write(text, head);
  return { payload: bytes.subarray(head), isBinary: false, bytes };
}

// A frame whose payload is still to be written, after a header of `head` bytes.
function begun(length: number, isBinary: boolean): { bytes: Buffer; head: number } {
  const head = length <= shortest ? 2 : length <= short ? 4 : 10;
  const bytes = Buffer.allocUnsafe(head + length);
  bytes[0] = isBinary ? 0x82 : 0x81;
  bytes[1] = head === 2 ? length : head === 4 ? 126 : 127;
  if (head === 4) bytes.writeUInt16BE(length, 2);
  if (head === 10) bytes.writeBigUInt64BE(BigInt(length), 2);
  return { bytes, head };
}
