import type { FrameCase } from "../model/frame-case.ts";
import type { Random } from "../model/random.ts";
import {
  awaitMessages,
  binary,
  echoes,
  fails,
  family,
  frame,
  lenient,
  type Member,
  play,
  prose,
  send,
  text,
} from "../model/writing.ts";
import { Opcode } from "../wire/frames.ts";

// The payload lengths around each change of the length field (RFC 6455 §5.2).
const lengths = [0, 1, 124, 125, 126, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 65_537];
const autobahnLengths = [0, 125, 126, 127, 128, 65_535, 65_536];

const lengthField = {
  clause: "RFC 6455 §5.2",
  gist: "A payload length up to 125 takes 7 bits, up to 65,535 another 16 bits, and above that another 64 bits.",
  level: "MUST",
} as const;

const kinds = [
  { kind: "text", dataOf: prose, send: frame.text, expect: text },
  {
    kind: "binary",
    dataOf: (length: number, random: Random) => random.bytes(length),
    send: frame.binary,
    expect: binary,
  },
] as const;

const echoOfLength: FrameCase[] = kinds.flatMap(({ kind, dataOf, send: sent, expect }, index) =>
  family(
    `1.${index + 1}`,
    lengthField,
    lengths.map((length) => ({
      title: `a ${kind} message of ${length.toLocaleString("en")} ${length === 1 ? "byte" : "bytes"} comes back as it was`,
      ...(autobahnLengths.includes(length) && {
        autobahn: [`1.${index + 1}.${autobahnLengths.indexOf(length) + 1}`],
      }),
      play: (random) => {
        const data = dataOf(length, random);
        return { steps: [send(sent(data))], allowed: echoes(expect(data)) };
      },
    })),
  ),
);

// Longer than necessary. Only the sender must use the shortest form; what a receiver does about it is its own
// choice.
const longForms = [
  { length: 5, lengthBytes: 2 },
  { length: 125, lengthBytes: 2 },
  { length: 5, lengthBytes: 8 },
  { length: 126, lengthBytes: 8 },
  { length: 65_535, lengthBytes: 8 },
] as const;

const minimal: FrameCase[] = family(
  "1.3",
  {
    clause: "RFC 6455 §5.2",
    gist: "The length MUST be encoded in the minimal number of bytes. This rule binds the sender.",
    level: "MUST",
  },
  longForms.map(({ length, lengthBytes }) => ({
    title: `a length of ${length.toLocaleString("en")} in ${8 * lengthBytes} bits, more than necessary, is refused or understood`,
    play: (random) => {
      const data = random.bytes(length);
      return {
        steps: [send(frame.binary(data, { lengthBytes }))],
        allowed: [
          ...fails(1002),
          ...lenient("it accepts lengths in more bytes than necessary", echoes(binary(data))),
        ],
      };
    },
  })),
);

// Only the header is sent, so a receiver that waits for the payload waits for ever.
const hugeLengths = [
  { claimed: 1n << 63n, words: "the highest bit set", codes: [1002, 1009] },
  { claimed: (1n << 64n) - 1n, words: "all bits set", codes: [1002, 1009] },
] as const;

const highestBit: FrameCase[] = family(
  "1.4",
  {
    clause: "RFC 6455 §5.2",
    gist: "The most significant bit of a 64-bit length MUST be 0.",
    level: "MUST",
  },
  hugeLengths.map(({ claimed, words, codes }) => ({
    title: `a 64-bit length with ${words} fails the connection at once`,
    play: play([send(frame.binary("", { claimedLength: claimed, lengthBytes: 8 }))], fails(codes)),
  })),
);

const keys = [
  { key: [0, 0, 0, 0], words: "of zeros, which changes nothing" },
  { key: [0xff, 0xff, 0xff, 0xff], words: "of ones, which flips every bit" },
  { key: [1, 2, 3, 4], words: "of four different bytes" },
];

const masks: FrameCase[] = family(
  "1.5",
  {
    clause: "RFC 6455 §5.3",
    gist: "Byte i of the payload is XORed with byte i modulo 4 of the key.",
    level: "MUST",
  },
  keys.flatMap(({ key, words }) =>
    [5, 70_003].map(
      (length): Member => ({
        title: `a payload of ${length.toLocaleString("en")} bytes masked with a key ${words}, is unmasked`,
        // Only clients mask.
        peer: "server",
        play: (random) => {
          const data = random.bytes(length);
          return {
            steps: [send(frame.binary(data, { mask: Uint8Array.from(key) }))],
            allowed: echoes(binary(data)),
          };
        },
      }),
    ),
  ),
);

const opcodes = [
  { words: "a text message", opcode: Opcode.Text },
  { words: "an empty text message", opcode: Opcode.Text, payload: "" },
  { words: "a binary message", opcode: Opcode.Binary },
  { words: "a ping", opcode: Opcode.Ping },
  { words: "a pong", opcode: Opcode.Pong },
  { words: "a close frame", opcode: Opcode.Close, payload: Uint8Array.of(3, 232) },
];

const maskedWrongly: FrameCase[] = family(
  "1.6",
  {
    clause: "RFC 6455 §5.1",
    gist: "A server MUST close the connection if it receives an unmasked frame, and a client if it receives a masked one.",
    level: "MUST",
  },
  [
    ...opcodes.map(({ words, opcode, payload = "Hello" }) => ({
      title: `${words} with the wrong masking (masked by a server, or unmasked by a client) fails the connection`,
      play: play([send(frame.of(opcode, payload, { masking: "wrong" }))], fails(1002)),
    })),
    {
      title: "a frame with the wrong masking after a correct one fails the connection",
      gist: "A client masks every frame, not only the first.",
      play: play(
        [send(frame.text("first")), awaitMessages(1), send(frame.text("second", { masking: "wrong" }))],
        fails(1002, { messages: [text("first")] }),
      ),
    },
  ],
);

/** Frames as such: lengths and masks. */
export const framing: readonly FrameCase[] = [
  ...echoOfLength,
  ...minimal,
  ...highestBit,
  ...masks,
  ...maskedWrongly,
];
