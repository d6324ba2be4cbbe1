// Helpers to write cases about compressed messages.

import type { CaseHead } from "../model/case-head.ts";
import type { CaseFrame, FrameCase, Play } from "../model/frame-case.ts";
import type { Random } from "../model/random.ts";
import { family, frame, type Member } from "../model/writing.ts";
import { bytesOf, join } from "../wire/bytes.ts";
import { type Agreement, type CompressionEffort, Deflater } from "../wire/deflate.ts";

/** The offer that browsers make. */
export const usualOffer = "permessage-deflate; client_max_window_bits";

/** Sends compressed messages as agreed. */
export class Compressor {
  readonly #deflater: Deflater;

  constructor(agreed: Agreement) {
    this.#deflater = new Deflater(agreed.ours);
  }

  /** Returns the payload of a message. */
  payload(data: string | Uint8Array, options?: CompressionEffort): Uint8Array {
    return this.#deflater.deflate(bytesOf(data), options);
  }

  text(data: string | Uint8Array, options?: CompressionEffort): CaseFrame {
    return compressed.text(this.payload(data, options));
  }

  binary(data: Uint8Array, options?: CompressionEffort): CaseFrame {
    return compressed.binary(this.payload(data, options));
  }

  /** Records a message that was compressed by hand. */
  remember(data: string | Uint8Array): void {
    this.#deflater.remember(bytesOf(data));
  }
}

/** Marks frames as parts of a compressed message: RFC 7692 §6. */
export const compressed = {
  text: (payload: Uint8Array, rest: Partial<CaseFrame> = {}): CaseFrame =>
    frame.text(payload, { rsv1: true, ...rest }),
  binary: (payload: Uint8Array, rest: Partial<CaseFrame> = {}): CaseFrame =>
    frame.binary(payload, { rsv1: true, ...rest }),
};

/** A case of a family about compressed messages. If `offer` is left out, the usual one is used. */
export interface CompressedMember extends Omit<Member, "play"> {
  play: (compressor: Compressor, random: Random, agreed: Agreement) => Play;
}

/** Cases over a connection with permessage-deflate, numbered from 1. */
export function compressedFamily(
  id: string,
  common: Pick<CaseHead, "clause" | "gist" | "level">,
  members: readonly CompressedMember[],
): FrameCase[] {
  return family(
    id,
    common,
    members.map((member) => ({
      offer: usualOffer,
      ...member,
      play: (random, agreed) => {
        if (!agreed) throw new Error(`a case of ${id} without permessage-deflate`);
        return member.play(new Compressor(agreed), random, agreed);
      },
    })),
  );
}

/** Returns the parts of a payload as the frames of one compressed message. */
export function compressedFragments(
  kind: "text" | "binary",
  parts: readonly (string | Uint8Array)[],
): CaseFrame[] {
  return parts.map((part, index) => {
    const fin = index === parts.length - 1;
    return index === 0 ? compressed[kind](bytesOf(part), { fin }) : frame.continuation(part, { fin });
  });
}

const cities = ["Zürich", "Kraków", "Malmö", "São Paulo", "東京", "Reykjavík"];

/**
 * Returns JSON of this many bytes, cut off at the end: much that repeats, numbers that do not, and some text beyond
 * ASCII.
 */
export function json(length: number, random: Random): Uint8Array {
  let text = "[";
  while (text.length < length) {
    const city = cities[random.below(cities.length)];
    text += `{"id":${random.below(1e6)},"city":"${city}","temperature":${random.below(400) / 10}},`;
  }
  return cutText(bytesOf(text), length);
}

/** Returns German text of this many bytes, whose umlauts take two each. */
export function german(length: number, random: Random): Uint8Array {
  const words = "Er stößt früher über größere Straßen als müde Bären zwölf Äpfel süß dürfen".split(" ");
  let text = "";
  while (text.length < length) text += `${words[random.below(words.length)]} `;
  return cutText(bytesOf(text), length);
}

/** Returns a picture with few colours: long runs, and rows that are almost equal. */
export function picture(length: number, random: Random): Uint8Array {
  const row = Uint8Array.from({ length: 640 }, (_, x) => (x < 200 ? 0xff : 0x20 + (x >> 6)));
  const rows = Array.from({ length: Math.ceil(length / row.length) }, () => {
    const each = row.slice();
    each[random.below(row.length)] = random.below(256);
    return each;
  });
  return join(rows).slice(0, length);
}

// Exactly this many bytes of UTF-8. A character that would be cut becomes dots.
function cutText(bytes: Uint8Array, length: number): Uint8Array {
  const cut = bytes.slice(0, length);
  let whole = length;
  while (whole > 0 && ((bytes[whole] ?? 0) & 0xc0) === 0x80) whole--;
  return cut.fill(0x2e, whole);
}
