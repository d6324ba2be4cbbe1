/** Longest payload whose length fits into the first two bytes, and into two more (RFC 6455 §5.2). */
const shortest = 125;
const short = 0xffff;

/** A text message as one unmasked frame, built once for all sockets that get it. */
export interface TextFrame {
  /** The UTF-8 of the text, for a socket that compresses it. */
  readonly payload: Buffer;
  /** The whole frame: a header of 2, 4 or 10 bytes, and the payload. */
  readonly bytes: Buffer;
}

let newest = { text: "", frame: createFrame("") };

/**
 * Returns the frame of a text message from a server: final, a text, not masked (RFC 6455 §5.2). The newest one is kept,
 * because an event can be sent to many sockets one by one.
 */
export function textFrame(text: string): TextFrame {
  if (text !== newest.text) newest = { text, frame: createFrame(text) };
  return newest.frame;
}

function createFrame(text: string): TextFrame {
  const length = Buffer.byteLength(text);
  const head = length <= shortest ? 2 : length <= short ? 4 : 10;
  const bytes = Buffer.allocUnsafe(head + length);
  bytes[0] = 0x81;
  bytes[1] = head === 2 ? length : head === 4 ? 126 : 127;
  if (head === 4) bytes.writeUInt16BE(length, 2);
  if (head === 10) bytes.writeBigUInt64BE(BigInt(length), 2);
  bytes.write(text, head);
  return { payload: bytes.subarray(head), bytes };
}
