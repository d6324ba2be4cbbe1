import { bytesOf, hexBytes } from "../shared/format.ts";

/** The two kinds of message a WebSocket carries. */
export type MessageKind = "text" | "binary";

/** One field of a frame (RFC 6455 §5.2), as it is drawn. */
export interface FramePart {
  name: string;
  /** Bits of the first two bytes as `0` and `1`, whole bytes in hex; of a long payload only the beginning. */
  value: string;
  words: string;
}

/** A frame, cut into its fields. */
export interface DrawnFrame {
  parts: FramePart[];
  headerBytes: number;
  payloadBytes: number;
}

/** A character of a text and what becomes of it. */
export interface DrawnCharacter {
  character: string;
  /** `U+1F44B` */
  codePoint: string;
  /** Its UTF-8 in hex. */
  bytes: string;
}

/** Bytes of a payload that are drawn. */
export const drawnBytes = 24;

/** Returns the header of a frame that is a whole message, with the fewest length bytes, as §5.2 demands. */
export function frameHeader(kind: MessageKind, length: number, key?: Uint8Array): Uint8Array {
  const masked = key ? 0x80 : 0;
  const first = 0x80 | (kind === "text" ? 1 : 2);
  if (length < 126) return Uint8Array.of(first, masked | length, ...(key ?? []));
  const extended = new DataView(new ArrayBuffer(length < 65_536 ? 2 : 8));
  if (extended.byteLength === 2) extended.setUint16(0, length);
  else extended.setBigUint64(0, BigInt(length));
  const short = extended.byteLength === 2 ? 126 : 127;
  return Uint8Array.of(first, masked | short, ...new Uint8Array(extended.buffer), ...(key ?? []));
}

/** Returns the payload under a masking key: byte by byte XOR, the key again and again (§5.3). */
export function maskedWith(payload: Uint8Array, key: Uint8Array): Uint8Array {
  return payload.map((byte, index) => byte ^ (key[index % key.length] ?? 0));
}

/**
 * Returns the frame around a message, in fields: with a key as a client sends it, without as a server does. `length` is
 * that of the whole message, if `payload` is only its beginning.
 */
export function drawFrame(
  kind: MessageKind,
  payload: Uint8Array,
  key?: Uint8Array,
  length = payload.length,
): DrawnFrame {
  const header = frameHeader(kind, length, key);
  const [first = 0, second = 0] = header;
  const extended = header.subarray(2, header.length - (key ? 4 : 0));
  return {
    parts: [
      ...firstByte(first),
      ...secondByte(second, length),
      ...(extended.length > 0 ? [extendedLength(extended, length)] : []),
      ...(key ? [{ name: "Masking key", value: hexBytes(key), words: "4 bytes, new for every frame" }] : []),
      payloadPart(payload, length, key),
    ],
    headerBytes: header.length,
    payloadBytes: length,
  };
}

/** Returns the first characters of a text, each with its bytes. */
export function drawCharacters(text: string, most: number): DrawnCharacter[] {
  const drawn: DrawnCharacter[] = [];
  // Not `Array.from`: the text may be long, and only its beginning is drawn.
  for (const character of text) {
    if (drawn.length === most) break;
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    drawn.push({ character, codePoint: `U+${code}`, bytes: hexBytes(bytesOf(character)) });
  }
  return drawn;
}

/** Returns the bytes that a line of hex such as `00 ff 0a` stands for, or nothing for any other line. */
export function parseHex(line: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = line.replaceAll(/\s/g, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) return undefined;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function firstByte(byte: number): FramePart[] {
  const bits = bitsOf(byte);
  const kind = bits.endsWith("1") ? "text" : "binary";
  return [
    { name: "FIN", value: bits.slice(0, 1), words: "1: no more pieces follow" },
    { name: "RSV1–3", value: bits.slice(1, 4), words: "reserved for extensions" },
    { name: "Opcode", value: bits.slice(4), words: `${byte & 0x0f}: ${kind}` },
  ];
}

function secondByte(byte: number, length: number): FramePart[] {
  const bits = bitsOf(byte);
  return [
    { name: "MASK", value: bits.slice(0, 1), words: byte & 0x80 ? "1: a key follows" : "0: not masked" },
    { name: "Length", value: bits.slice(1), words: lengthWords(byte & 0x7f, length) },
  ];
}

function lengthWords(short: number, length: number): string {
  if (short === 126) return "126: see the next 16 bits";
  if (short === 127) return "127: see the next 64 bits";
  return countOf(length);
}

function extendedLength(bytes: Uint8Array, length: number): FramePart {
  return { name: `Length, ${bytes.length * 8} bits`, value: hexBytes(bytes), words: countOf(length) };
}

function payloadPart(payload: Uint8Array, length: number, key: Uint8Array | undefined): FramePart {
  const shown = payload.subarray(0, drawnBytes);
  const rest = length - shown.length;
  const hex = hexBytes(key ? maskedWith(shown, key) : shown);
  const masked = "each byte XOR one of the key, in turn";
  return {
    name: key ? "Masked payload" : "Payload",
    value: hex === "" ? "nothing" : hex,
    words: [key ? masked : "the message as it is", rest > 0 ? `and ${grouped(rest)} more bytes` : ""]
      .filter(Boolean)
      .join("; "),
  };
}

function countOf(bytes: number): string {
  return bytes === 1 ? "1 byte" : `${grouped(bytes)} bytes`;
}

function grouped(value: number): string {
  return value.toLocaleString("en");
}

function bitsOf(byte: number): string {
  return byte.toString(2).padStart(8, "0");
}
