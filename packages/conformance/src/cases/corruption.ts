// Compressed messages that are not valid, and hostile ones.

import type { FrameCase } from "../model/frame-case.ts";
import { binary, echoes, fails, frame, lenient, replies, send, text, whatever } from "../model/writing.ts";
import { bytesOf, split, unhex } from "../wire/bytes.ts";
import {
  compose,
  dynamicBlock,
  dynamicHeader,
  fixedBlock,
  fixedLiteral,
  flush,
  raw,
  type StreamPart,
  stored,
} from "./deflate-blocks.ts";
import {
  type CompressedMember,
  compressed,
  compressedFamily,
  compressedFragments,
} from "./write-compressed.ts";

function symbol(value: number): StreamPart {
  return (bits) => fixedLiteral(bits, value);
}

function code(value: number, count: number): StreamPart {
  return (bits) => bits.code(value, count);
}

// The beginning of a block that is not final, with fixed codes and without compression.
const fixedHeader = raw([2, 3]);
const storedHeader = raw([0, 8]);
// Among the lengths of a dynamic block's codes, either one alone has a code (of 1 bit, 0), or two have one and the
// other is 1.
const [zerosOnly, onesAndZeros] = [
  [0, 0, 1, 0],
  [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
];

interface Corrupt {
  what: string;
  parts: StreamPart[];
  /** The text that a receiver may nevertheless read. */
  understood?: string;
}

const corrupt: Corrupt[] = [
  { what: "a block of the reserved type", parts: [raw([6, 3]), flush] },
  {
    what: "a stored block whose length and complement differ",
    parts: [
      storedHeader,
      raw([5, 16], [5, 16]),
      raw(...[...bytesOf("Hello")].map((byte) => [byte, 8] as const)),
      flush,
    ],
  },
  { what: "a match at its very start", parts: [fixedBlock([{ distance: 1, length: 3 }]), flush] },
  {
    what: "a match that begins before the message",
    parts: [fixedBlock([bytesOf("Hello"), { distance: 6, length: 3 }]), flush],
  },
  {
    what: "length code 286, which is undefined,",
    parts: [fixedHeader, symbol(97), symbol(286), code(0, 5), symbol(256), flush],
    // libdeflate reads it as 258, the greatest length.
    understood: "a".repeat(259),
  },
  {
    what: "distance code 30, which is undefined,",
    parts: [fixedHeader, symbol(97), symbol(257), code(30, 5), symbol(256), flush],
  },
  { what: "codes for 287 literals, one too many,", parts: [dynamicHeader(287, 1, onesAndZeros), flush] },
  {
    what: "an oversubscribed set of codes",
    parts: [dynamicHeader(257, 1, [1, 1, 1, 1]), flush],
  },
  { what: "an incomplete set of codes", parts: [dynamicHeader(257, 1, [2, 2, 2, 0]), flush] },
  {
    what: "a repeated code length with none before it",
    parts: [dynamicHeader(257, 1, [1, 1, 0, 0]), raw([0, 1], [0, 2]), flush],
  },
  {
    what: "more code lengths than codes",
    parts: [dynamicHeader(257, 1, zerosOnly), raw([0, 1], [127, 7], [0, 1], [127, 7]), flush],
  },
  {
    // One literal of 1 bit, 137 lengths of zero, 118 more, and one distance of 1 bit.
    what: "no code for the end of the block",
    parts: [
      dynamicHeader(257, 1, onesAndZeros),
      ...[raw([0, 1], [0, 1]), raw([1, 1], [127, 7], [1, 1], [106, 7], [0, 1]), flush],
    ],
  },
];

const corrupted = compressedFamily(
  "13.12",
  {
    clause: "RFC 7692 §6.2",
    gist: "A message is delivered if it can be decompressed. Data that is not valid DEFLATE (RFC 1951 §3.2) contains no message, so the connection fails.",
    level: "MUST",
  },
  [
    ...corrupt.map(
      ({ what, parts, understood }): CompressedMember => ({
        title: `a message with ${what} fails the connection`,
        play: () => ({
          steps: [send(compressed.binary(compose(...parts)))],
          allowed: [
            ...fails([1007, 1002]),
            ...(understood
              ? lenient("it decodes data that has no meaning in DEFLATE", echoes(binary(understood)))
              : []),
          ],
        }),
      }),
    ),
    {
      title: "a message that is corrupt after its first fragment fails the connection",
      play: () => {
        const payload = compose(stored(bytesOf("Hello")), raw([6, 3]));
        return {
          steps: [send(...compressedFragments("text", split(payload, 10)))],
          allowed: fails([1007, 1002]),
        };
      },
    },
    {
      title: "a message of random bytes after valid messages fails the connection",
      play: (compressor) => {
        const right = ["one", "two"].map((each) => compressor.text(each));
        return {
          steps: [send(...right, compressed.binary(unhex("ff ff ff ff ff ff ff ff")))],
          allowed: fails([1007, 1002], { messages: [text("one"), text("two")] }),
        };
      },
    },
  ],
);

// The receiver appends four bytes to a message (RFC 7692 §7.2.2), so these begin as something other than what they
// become.
const incomplete = [
  { what: "cut off within a code", payload: unhex("f2 48 cd") },
  { what: "cut off before its last byte", payload: unhex("f2 48 cd c9 c9 07") },
  { what: "cut off within a stored block", payload: unhex("00 05 00 fa ff 48") },
  {
    what: "cut off within the header of a block",
    payload: compose(dynamicBlock(bytesOf("Hello"))).subarray(0, 5),
  },
  { what: "without any bytes", payload: new Uint8Array() },
  { what: "whose last four bytes were not removed", payload: unhex("f2 48 cd c9 c9 07 00 00 00 ff ff") },
  { what: "in a final block, without the zero after it", payload: unhex("f3 48 cd c9 c9 07 00") },
  { what: "in a final block, with noise after it", payload: unhex("f3 48 cd c9 c9 07 00 ff ff ff") },
];

const truncated = compressedFamily(
  "13.13",
  {
    clause: "RFC 7692 §7.2.1",
    gist: "Compressed data ends with an empty stored block, without its last four bytes. A message that ends in another way is broken.",
    level: "SHOULD",
  },
  incomplete.map(
    ({ what, payload }): CompressedMember => ({
      title: `a compressed message ${what} fails the connection, or comes back as far as it can be decompressed`,
      play: () => ({
        steps: [send(compressed.binary(payload))],
        allowed: [...fails([1007, 1002]), ...whatever("it does not see that the message is broken")],
      }),
    }),
  ),
);

const breaches = compressedFamily(
  "13.14",
  {
    clause: "RFC 7692 §7.1",
    gist: "A client MUST NOT use context that it agreed not to use. This rule binds the sender. A receiver that has dropped the context cannot decompress the message.",
    level: "MAY",
  },
  [
    {
      title: "a match into the previous message, against the agreement, fails the connection or is resolved",
      offer: "permessage-deflate; client_no_context_takeover",
      play: () => ({
        steps: [
          send(...["f2 48 cd c9 c9 07 00", "f2 00 11 00 00"].map((each) => compressed.text(unhex(each)))),
        ],
        allowed: [
          ...fails([1007, 1002], { messages: [text("Hello")] }),
          ...whatever("it keeps a context that the client agreed not to use"),
        ],
      }),
    },
    {
      title: "a match beyond the agreed window fails the connection or is resolved",
      offer: "permessage-deflate; client_max_window_bits=9",
      play: (_, random, { ours }) => {
        const block = random.bytes(2 ** ours.windowBits + 1);
        // Two messages, because within one a receiver may have the whole message in memory.
        const first = compose(stored(block), flush);
        const second = compose(fixedBlock([{ distance: block.length, length: 200 }]), flush);
        return {
          steps: [send(compressed.binary(first), compressed.binary(second))],
          allowed: [
            ...fails([1007, 1002], { messages: [binary(block)] }),
            ...whatever("it keeps a larger window than agreed"),
          ],
        };
      },
    },
  ],
);

const utf8 = compressedFamily(
  "13.15",
  {
    clause: "RFC 6455 §8.1",
    gist: "Text must be UTF-8 after decompression. Its compressed bytes need not be.",
    level: "MUST",
  },
  [
    {
      title: "a compressed text that is not UTF-8 fails the connection with 1007",
      play: (compressor) => ({ steps: [send(compressor.text(unhex("48 ff 49")))], allowed: fails(1007) }),
    },
    {
      title: "a compressed text that ends inside a character fails the connection with 1007",
      play: (compressor) => ({ steps: [send(compressor.text(unhex("48 e2 82")))], allowed: fails(1007) }),
    },
    {
      title: "a compressed text in fragments that is not UTF-8 fails the connection with 1007",
      play: (compressor) => {
        const payload = compressor.payload(unhex("48 49 ed a0 80 48 49"));
        return { steps: [send(...compressedFragments("text", split(payload, 3)))], allowed: fails(1007) };
      },
    },
    {
      title: "a compressed text that is not UTF-8, after a valid one, fails the connection with 1007",
      play: (compressor) => ({
        steps: [send(compressor.text("Hellö"), compressor.text(unhex("c3")))],
        allowed: fails(1007, { messages: [text("Hellö")] }),
      }),
    },
    {
      title: "a compressed binary message need not be UTF-8",
      play: (compressor) => {
        const data = unhex("48 ff 49");
        return { steps: [send(compressor.binary(data))], allowed: echoes(binary(data)) };
      },
    },
    {
      title: "a compressed text of characters of one to four bytes, in fragments of one byte, comes back",
      play: (compressor) => {
        const data = "aß€𝄞".repeat(3);
        const payload = compressor.payload(data);
        return {
          steps: [send(...compressedFragments("text", split(payload, 1)))],
          allowed: echoes(text(data)),
        };
      },
    },
  ],
);

const mebibyte = 1024 * 1024;

// The echo comes first, and no ping checks whether the peer goes on, because a pong may overtake what is still
// being decompressed.
const bombs = compressedFamily(
  "13.16",
  {
    clause: "RFC 7692 §8",
    gist: "A little data can expand to a lot. A receiver should limit the decompressed size: it accepts the message or closes with 1009.",
    level: "SHOULD",
  },
  [
    {
      title: "a message of 64 KiB that expands to 64 MiB comes back, or is refused with 1009",
      heavy: true,
      play: (compressor) => {
        const zeros = new Uint8Array(64 * mebibyte);
        return {
          steps: [send(compressor.binary(zeros))],
          allowed: [...echoes(binary(zeros)), ...fails(1009)],
        };
      },
    },
    {
      title: "a message that expands to 64 MiB, in fragments of 1 KiB, comes back, or is refused with 1009",
      heavy: true,
      play: (compressor) => {
        const zeros = new Uint8Array(64 * mebibyte);
        const frames = compressedFragments("binary", split(compressor.payload(zeros), 1_024));
        return { steps: [send(...frames)], allowed: [...echoes(binary(zeros)), ...fails(1009)] };
      },
    },
    {
      title: "a decompression bomb in a text, between pings, comes back, or is refused with 1009",
      heavy: true,
      play: (compressor) => {
        const letters = new Uint8Array(64 * mebibyte).fill(0x61);
        return {
          steps: [send(frame.ping("before"), compressor.text(letters))],
          allowed: [
            ...replies({ messages: [text(letters)], pongs: ["before"] }),
            ...fails(1009, { pongs: ["before"] }),
          ],
        };
      },
    },
  ],
);

/** Data that cannot be decompressed, or should not be. */
export const corruption: readonly FrameCase[] = [...corrupted, ...truncated, ...breaches, ...utf8, ...bombs];
