import type { Allowed, CaseFrame, FrameCase } from "../model/frame-case.ts";
import type { Random } from "../model/random.ts";
import {
  awaitMessages,
  awaitPongs,
  binary,
  closes,
  echoes,
  family,
  fragments,
  frame,
  type Member,
  play,
  prose,
  refusesSize,
  replies,
  send,
  sendCut,
  sendRest,
  sendUpTo,
  text,
} from "../model/writing.ts";
import { Opcode } from "../wire/frames.ts";

const stream = {
  clause: "RFC 6455 §5.2, RFC 9293 §3.8",
  gist: "TCP carries a stream of bytes. The end of a segment says nothing about the end of a frame.",
  level: "MUST",
} as const;

/**
 * Returns one exchange of everything that can appear in a stream. The large message is left out if it has 0 bytes.
 */
function exchange(random: Random, largeBytes: number): { frames: CaseFrame[]; allowed: Allowed[] } {
  const medium = prose(200, random);
  const large = largeBytes > 0 ? [random.bytes(largeBytes)] : [];
  const frames = [
    frame.text("first"),
    frame.text(medium),
    frame.ping("amid"),
    ...fragments(Opcode.Text, ["a mess", "", "age in fragments: é€😀"]),
    ...large.map((data) => frame.binary(data)),
    frame.text(),
  ];
  const messages = [
    text("first"),
    text(medium),
    text("a message in fragments: é€😀"),
    ...large.map((data) => binary(data)),
    text(""),
  ];
  return { frames, allowed: replies({ messages, pongs: ["amid"] }) };
}

const inOnePiece: Member = {
  title: "texts, a ping, a fragmented text and 70,000 bytes, sent in one piece, are all answered",
  play: (random) => {
    const { frames, allowed } = exchange(random, 70_000);
    return { steps: [send(...frames)], allowed };
  },
};

const autobahnByPiece: Record<number, readonly string[]> = { 1: ["2.6", "2.11", "5.5", "5.8"] };

const inSmallPieces = [1, 2, 3, 7].map((size): Member => {
  const autobahn = autobahnByPiece[size];
  return {
    title: `texts, a ping and a fragmented text, sent in pieces of ${size} ${size === 1 ? "byte" : "bytes"}, are all answered`,
    ...(autobahn && { autobahn }),
    play: (random) => {
      const { frames, allowed } = exchange(random, 0);
      return { steps: [sendCut(size, ...frames)], allowed };
    },
  };
});

// How many bytes there are up to the end of a client's header, and what frames of that length are called.
const shapes = [
  { length: 0, header: 6, words: "an empty message" },
  { length: 5, header: 6, words: "a message of 5 bytes (its length in 7 bits)," },
  { length: 300, header: 8, words: "a message of 300 bytes (its length in 16 bits)," },
  { length: 65_536, header: 14, words: "a message of 65,536 bytes (its length in 64 bits)," },
];

// The ping in the first part is answered once the peer has read that part, so the peer sees the cut, too.
function cutAfter(place: number, sent: CaseFrame, allowed: Allowed[]): Member["play"] {
  return play([sendUpTo(place, frame.ping("read"), sent), awaitPongs(1), sendRest], allowed);
}

function places(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

const messagesCut = shapes.flatMap(({ length, header, words }) =>
  // A server's header is shorter, so for it the last cuts are in the payload.
  places(length === 0 ? header - 1 : header + 1).map(
    (place): Member => ({
      title: `${words} cut after byte ${place} of its frame, comes back`,
      play: (random, agreed) => {
        const data = random.bytes(length);
        const allowed = replies({ messages: [binary(data)], pongs: ["read"] });
        return cutAfter(place, frame.binary(data), allowed)(random, agreed);
      },
    }),
  ),
);

const lastByteApart = shapes.slice(1).map(
  ({ length, words }): Member => ({
    title: `${words} whose last byte comes separately, comes back`,
    play: (random, agreed) => {
      const data = random.bytes(length);
      const allowed = replies({ messages: [binary(data)], pongs: ["read"] });
      return cutAfter(-1, frame.binary(data), allowed)(random, agreed);
    },
  }),
);

const pingsCut = places(10).map(
  (place): Member => ({
    title: `a ping of 5 bytes, cut after byte ${place} of its frame, is answered`,
    play: cutAfter(place, frame.ping("Hello"), replies({ pongs: ["read", "Hello"] })),
  }),
);

const closesCut = places(7).map(
  (place): Member => ({
    title: `a close frame cut after its byte ${place} is answered`,
    play: cutAfter(place, frame.close(1000), closes(1000, { pongs: ["read"] })),
  }),
);

const continuationsCut = places(7).map(
  (place): Member => ({
    title: `the second fragment of a text, cut after byte ${place} of its frame, completes the message`,
    play: play(
      [
        sendUpTo(
          place,
          frame.text("Hello ", { fin: false }),
          frame.ping("read"),
          frame.continuation("world"),
        ),
        awaitPongs(1),
        sendRest,
      ],
      replies({ messages: [text("Hello world")], pongs: ["read"] }),
    ),
  }),
);

// Each piece except the last ends in the middle of a frame and begins with the rest of the one before.
const overlapping = [
  { first: -1, second: 1, words: "all but a byte of the first, then a byte of the second" },
  { first: 1, second: 1, words: "a byte of the first, then a byte of the second" },
  { first: 3, second: 3, words: "a part of each header" },
  { first: -3, second: -3, words: "a part of each payload" },
  { first: 1, second: -1, words: "a byte of the first, then all but a byte of the second" },
].map(
  ({ first, second, words }): Member => ({
    title: `two messages in three pieces come back, cut so that the middle piece ends one and starts the other: ${words}`,
    play: (random) => {
      const [one, two] = [prose(200, random), prose(300, random)];
      return {
        steps: [
          sendUpTo(first, frame.ping("1"), frame.text(one)),
          awaitPongs(1),
          sendUpTo(second, frame.ping("2"), frame.text(two)),
          awaitMessages(1),
          awaitPongs(2),
          sendRest,
        ],
        allowed: replies({ messages: [text(one), text(two)], pongs: ["1", "2"] }),
      };
    },
  }),
);

const floods = [
  { count: 2, length: 5 },
  { count: 1_000, length: 0 },
  { count: 1_000, length: 5 },
  { count: 1_000, length: 126 },
  { count: 3, length: 65_536 },
];

const manyAtOnce = floods.map(
  ({ count, length }): Member => ({
    title: `${count.toLocaleString("en")} messages of ${length.toLocaleString("en")} bytes, sent in one piece, come back in order`,
    play: (random) => {
      const all = Array.from({ length: count }, () => random.bytes(length));
      return {
        steps: [send(...all.map((data) => frame.binary(data)))],
        allowed: echoes(...all.map((data) => binary(data))),
      };
    },
  }),
);

const largeInPieces = [
  { length: 65_536, size: 997, autobahn: ["1.1.8", "1.2.8"] },
  { length: 1_048_576, size: 64, autobahn: ["9.5.1", "9.6.1"] },
  { length: 1_048_576, size: 512, autobahn: ["9.5.2", "9.5.3", "9.5.4", "9.6.2", "9.6.3", "9.6.4"] },
  { length: 1_048_576, size: 1_460, autobahn: ["9.5.5", "9.5.6", "9.6.5", "9.6.6"] },
  { length: 1_048_576, size: 65_521, autobahn: [] },
].flatMap(({ length, size, autobahn }) =>
  (["text", "binary"] as const).map((kind): Member => {
    const [first = "", second = ""] = kind === "text" ? ["1.1.", "9.5."] : ["1.2.", "9.6."];
    const same = autobahn.filter((id) => id.startsWith(first) || id.startsWith(second));
    return {
      title: `a ${kind} message of ${length.toLocaleString("en")} bytes, sent in pieces of ${size.toLocaleString("en")}, comes back`,
      ...(same.length > 0 && { autobahn: same }),
      ...(length > 65_536 && { heavy: true }),
      play: (random) => {
        const data = kind === "text" ? prose(length, random) : random.bytes(length);
        const sent = kind === "text" ? frame.text(data) : frame.binary(data);
        return {
          steps: [sendCut(size, sent)],
          allowed: [
            ...echoes(kind === "text" ? text(data) : binary(data)),
            ...refusesSize(
              1009,
              "it refuses a message of a million bytes, which is a policy and not a fault",
            ),
          ],
        };
      },
    };
  }),
);

// Most frames are small, so most cuts are near the beginning.
function randomCuts(random: Random): number[] {
  const small = Array.from({ length: 5 + random.below(60) }, () => 1 + random.below(320));
  const large = Array.from({ length: random.below(20) }, () => 1 + random.below(70_000));
  return [...small, ...large].sort((a, b) => a - b);
}

const atRandom = places(20).map(
  (number): Member => ({
    title: `texts, a ping, a fragmented text and 70,000 bytes, cut at random (${number}), are all answered`,
    play: (random) => {
      const { frames, allowed } = exchange(random, 70_000);
      return { steps: [sendCut(randomCuts(random), ...frames)], allowed };
    },
  }),
);

/** Frames are found in the stream, however TCP cuts it. */
export const delivery: readonly FrameCase[] = [
  ...family("8.1", stream, [inOnePiece, ...inSmallPieces]),
  ...family("8.2", stream, messagesCut),
  ...family("8.3", stream, lastByteApart),
  ...family("8.4", stream, pingsCut),
  ...family("8.5", stream, closesCut),
  ...family("8.6", stream, continuationsCut),
  ...family("8.7", stream, overlapping),
  ...family("8.8", stream, manyAtOnce),
  ...family("8.9", stream, largeInPieces),
  ...family("8.10", stream, atRandom),
];
