// The small part of RFC 6455 that a load generator needs: writing its own frames and counting the server's.

import { randomBytes } from "node:crypto";

/** Returns a masked text frame (RFC 6455 §5.2). Reusing a masking key is acceptable only in a benchmark (§5.3). */
export function maskedText(payload: Uint8Array, key: Uint8Array = randomBytes(4)): Uint8Array {
  const header = headerOf(payload.length, 0x80);
  const frame = new Uint8Array(header.length + 4 + payload.length);
  frame.set(header);
  frame.set(key, header.length);
  payload.forEach((byte, index) => {
    frame[header.length + 4 + index] = byte ^ (key[index & 3] ?? 0);
  });
  return frame;
}

/** Returns the frame as a server would send it. */
export function plainText(payload: Uint8Array): Uint8Array {
  const header = headerOf(payload.length, 0);
  const frame = new Uint8Array(header.length + payload.length);
  frame.set(header);
  frame.set(payload, header.length);
  return frame;
}

function headerOf(length: number, mask: number): Uint8Array {
  if (length < 126) return Uint8Array.of(0x81, mask | length);
  if (length < 65_536) return Uint8Array.of(0x81, mask | 126, length >> 8, length & 0xff);
  const header = new Uint8Array(10);
  header[0] = 0x81;
  header[1] = mask | 127;
  new DataView(header.buffer).setBigUint64(2, BigInt(length));
  return header;
}

/** Returns ASCII letters, each different from the one before, so that a lost or moved byte shows. */
export function letters(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => 97 + ((index * 7) % 26));
}
