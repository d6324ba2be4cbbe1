// DEFLATE written by hand, block by block (RFC 1951 §3.2), to produce what no compressor would.

import { distanceBase, distanceBits, lengthBase, lengthBits } from "../wire/inflate.ts";

/** Writes a part of a DEFLATE stream. */
export type StreamPart = (bits: BitWriter) => void;

/** Packs bits into bytes, the lowest bit first. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #free = 0;

  /** Writes a number in the given count of bits, the lowest first, as everything but Huffman codes is written. */
  number(value: number, count: number): void {
    for (let bit = 0; bit < count; bit++) this.#push((value >> bit) & 1);
  }

  /** Writes a Huffman code, the highest bit first. */
  code(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) this.#push((value >> bit) & 1);
  }

  /** Pads the byte with zeros. */
  align(): void {
    this.#free = 0;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #push(bit: number): void {
    if (this.#free === 0) this.#free = this.#bytes.push(0) && 8;
    const last = this.#bytes.length - 1;
    this.#bytes[last] = (this.#bytes[last] ?? 0) | (bit << (8 - this.#free--));
  }
}

/** Returns the parts as bytes. */
export function compose(...parts: readonly StreamPart[]): Uint8Array {
  const bits = new BitWriter();
  for (const part of parts) part(bits);
  return bits.bytes();
}

/** Writes arbitrary bits: pairs of a number and how many bits it takes. */
export function raw(...numbers: readonly (readonly [value: number, count: number])[]): StreamPart {
  return (bits) => {
    for (const [value, count] of numbers) bits.number(value, count);
  };
}

/** Returns the end of a message: the empty block without compression, less its last four bytes (RFC 7692 §7.2.1). */
export const flush: StreamPart = (bits) => {
  bits.number(0, 3);
  bits.align();
};

/** Returns a block without compression (RFC 1951 §3.2.4), of at most 65,535 bytes. */
export function stored(data: Uint8Array, final = false): StreamPart {
  return (bits) => {
    bits.number(final ? 1 : 0, 3);
    bits.align();
    bits.number(data.length, 16);
    bits.number(data.length ^ 0xffff, 16);
    for (const byte of data) bits.number(byte, 8);
  };
}

/** A match: repeats what lies this far back. */
export interface Match {
  distance: number;
  length: number;
}

/** Returns a block with the fixed codes of RFC 1951 §3.2.6. */
export function fixedBlock(items: readonly (Uint8Array | Match)[], final = false): StreamPart {
  return (bits) => {
    bits.number(final ? 3 : 2, 3);
    for (const item of items) {
      if (item instanceof Uint8Array) for (const byte of item) fixedLiteral(bits, byte);
      else fixedMatch(bits, item);
    }
    fixedLiteral(bits, 256);
    // The next block begins with a new byte: RFC 7692 §7.2.1.
    if (final) bits.align();
  };
}

/**
 * Returns the beginning of a block with codes of its own (RFC 1951 §3.2.7). `lengths` are those of the code for
 * lengths.
 */
export function dynamicHeader(literals: number, distances: number, lengths: readonly number[]): StreamPart {
  return raw(
    [4, 3],
    [literals - 257, 5],
    [distances - 1, 5],
    [lengths.length - 4, 4],
    ...lengths.map((length) => [length, 3] as const),
  );
}

/**
 * Returns a block of literals with codes of its own: 8 bits for everything except byte 255 and the end, which take 9.
 */
export function dynamicBlock(data: Uint8Array): StreamPart {
  return (bits) => {
    // The lengths 8, 0 and 9 are written as 0, 10 and 11.
    dynamicHeader(257, 1, [0, 0, 0, 2, 1, 0, 2])(bits);
    for (let symbol = 0; symbol < 255; symbol++) bits.code(0b0, 1);
    for (const code of [0b11, 0b11, 0b10]) bits.code(code, 2);
    for (const byte of data) bits.code(byte === 255 ? 510 : byte, byte === 255 ? 9 : 8);
    bits.code(511, 9);
  };
}

/** Writes one symbol in the fixed code for literals and lengths. */
export function fixedLiteral(bits: BitWriter, symbol: number): void {
  if (symbol < 144) bits.code(0x30 + symbol, 8);
  else if (symbol < 256) bits.code(0x190 + symbol - 144, 9);
  else if (symbol < 280) bits.code(symbol - 256, 7);
  else bits.code(0xc0 + symbol - 280, 8);
}

function fixedMatch(bits: BitWriter, { distance, length }: Match): void {
  const lengthCode = lengthBase.findLastIndex((base) => base <= length);
  fixedLiteral(bits, 257 + lengthCode);
  bits.number(length - (lengthBase[lengthCode] ?? 0), lengthBits[lengthCode] ?? 0);
  const distanceCode = distanceBase.findLastIndex((base) => base <= distance);
  bits.code(distanceCode, 5);
  bits.number(distance - (distanceBase[distanceCode] ?? 0), distanceBits[distanceCode] ?? 0);
}
