// UTF-8 byte by byte, with the table as data so that a fault can be a row of it.

/** Sequences of one length: the range of each byte. */
export type ByteRanges = readonly (readonly [from: number, to: number])[];

const tail = [0x80, 0xbf] as const;

/** The Unicode Standard 16.0, Table 3-7. */
export const wellFormed: readonly ByteRanges[] = [
  [[0x00, 0x7f]],
  [[0xc2, 0xdf], tail],
  [[0xe0, 0xe0], [0xa0, 0xbf], tail],
  [[0xe1, 0xec], tail, tail],
  [[0xed, 0xed], [0x80, 0x9f], tail],
  [[0xee, 0xef], tail, tail],
  [[0xf0, 0xf0], [0x90, 0xbf], tail, tail],
  [[0xf1, 0xf3], tail, tail, tail],
  [[0xf4, 0xf4], [0x80, 0x8f], tail, tail],
];

/** Checks bytes against the rows: whether they are valid so far, and whether they are complete. */
export interface Validator {
  /** Returns false as soon as no further byte can make the text valid. */
  push(bytes: Uint8Array): boolean;
  /** Returns whether no character is incomplete. */
  complete(): boolean;
}

/** Returns a validator for one text, which may come in pieces. */
export function validator(rows: readonly ByteRanges[] = wellFormed): Validator {
  // The rows that the incomplete character can belong to, and how many of its bytes have come.
  let begun: readonly ByteRanges[] = rows;
  let come = 0;
  const fits = (row: ByteRanges, byte: number) => {
    const [from = 0, to = -1] = row[come] ?? [];
    return byte >= from && byte <= to;
  };
  const take = (byte: number): boolean => {
    begun = begun.filter((row) => fits(row, byte));
    come++;
    if (!begun.some((row) => row.length === come)) return begun.length > 0;
    begun = rows;
    come = 0;
    return true;
  };
  return {
    push(bytes) {
      for (const byte of bytes) if ((byte >= 0x80 || come > 0) && !take(byte)) return false;
      return true;
    },
    complete: () => come === 0,
  };
}

/** Accepts everything. */
export const anything: Validator = { push: () => true, complete: () => true };
