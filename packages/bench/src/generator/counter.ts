// Counts the frames that a server sends, and passes on those that arrive in one piece.

/** Called for each frame. `piece` holds its payload from `start` to `end`, and is missing if the frame was cut. */
export type FrameSeen = (opcode: number, piece?: Uint8Array, start?: number, end?: number) => void;

/** Reads headers and skips payloads: RFC 6455 §5.2, unmasked. */
export class FrameCounter {
  readonly #seen: FrameSeen;
  // The part of a cut header that has arrived, and how much of a cut payload is still to come.
  #head: number[] = [];
  #opcode = 0;
  #rest = 0;

  constructor(seen: FrameSeen) {
    this.#seen = seen;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#rest > 0) {
        const taken = Math.min(this.#rest, bytes.length - at);
        this.#rest -= taken;
        at += taken;
        if (this.#rest === 0) this.#seen(this.#opcode);
        continue;
      }
      if (this.#head.length > 0 || bytes.length - at < 10) {
        at = this.#byByte(bytes, at);
        continue;
      }
      at = this.#whole(bytes, at);
    }
  }

  // The usual case: the header is complete, and often the payload too.
  #whole(bytes: Uint8Array, at: number): number {
    const opcode = (bytes[at] ?? 0) & 0x0f;
    const short = bytes[at + 1] ?? 0;
    if (short >= 126) return this.#byByte(bytes, at);
    return this.#payload(bytes, at + 2, opcode, short);
  }

  #byByte(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      this.#head.push(bytes[at++] ?? 0);
      const [first = 0, short = 0] = this.#head;
      if (this.#head.length < headerBytes(short) || this.#head.length < 2) continue;
      const length = this.#head.slice(2).reduce((sum, byte) => sum * 256 + byte, 0);
      this.#head = [];
      return this.#payload(bytes, at, first & 0x0f, short < 126 ? short : length);
    }
    return at;
  }

  #payload(bytes: Uint8Array, start: number, opcode: number, length: number): number {
    const end = start + length;
    if (end <= bytes.length) {
      this.#seen(opcode, bytes, start, end);
      return end;
    }
    this.#opcode = opcode;
    this.#rest = end - bytes.length;
    return bytes.length;
  }
}

function headerBytes(short: number): number {
  if (short < 126) return 2;
  return short === 126 ? 4 : 10;
}
