// UTF-8 byte by byte, with the table as data so that a fault can be a row of it.

/** Sequences of one length: each byte from … to. */
export type Row = readonly (readonly [from: number, to: number])[];

const tail = [0x80, 0xbf] as const;

/** The Unicode Standard 16.0, Table 3-7. */
export const wellFormed: readonly Row[] = [
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

/** Says of bytes whether they can still become, and whether they are, what the rows allow. */
export interface Validator {
  /** False as soon as no byte to come can make it right. */
  push(bytes: Uint8Array): boolean;
  /** Whether no character is begun. */
  complete(): boolean;
}

/** A validator for one text, which may come in pieces. */
export function validator(rows: readonly Row[] = wellFormed): Validator {
  // The rows that the character which is begun can be of, and how many of its bytes have come.
  let begun: readonly Row[] = rows;
  let come = 0;
  const fits = (row: Row, byte: number) => {
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

/** Says yes to everything. */
export const anything: Validator = { push: () => true, complete: () => true };
