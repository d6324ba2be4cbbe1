import type { CaseFrame, FrameCase } from "../model/frame-case.ts";
import type { Random } from "../model/random.ts";
import {
  awaitMessages,
  binary,
  echoes,
  fails,
  family,
  fragments,
  frame,
  type Member,
  play,
  prose,
  refusesSize,
  repeat,
  send,
  sendCut,
  sendEach,
  text,
} from "../model/writing.ts";
import { join } from "../wire/bytes.ts";
import { Opcode } from "../wire/frames.ts";

const whole = {
  clause: "RFC 6455 §5.4",
  gist: "A fragmented message is a frame with an opcode and without FIN, then continuations, the last of them with FIN. The parts are joined in order.",
  level: "MUST",
} as const;

const parts = ["one ", "two ", "three ", "four ", "five"];

const inOrder: FrameCase[] = family("5.1", whole, [
  {
    title: "a text in two fragments, in one write, comes back whole",
    autobahn: ["5.3"],
    play: play([send(...fragments(Opcode.Text, ["Hel", "lo"]))], echoes(text("Hello"))),
  },
  {
    title: "a text in two fragments, each in its own write, comes back whole",
    autobahn: ["5.4"],
    play: play(sendEach(...fragments(Opcode.Text, ["Hel", "lo"])), echoes(text("Hello"))),
  },
  {
    title: "a text in five fragments comes back in order",
    play: play([send(...fragments(Opcode.Text, parts))], echoes(text(parts.join("")))),
  },
  {
    title: "a message whose first fragment is binary comes back as binary",
    play: play([send(...fragments(Opcode.Binary, ["Hel", "lo"]))], echoes(binary("Hello"))),
  },
  {
    title: "two fragmented messages, a text and a binary one, come back one after the other",
    play: play(
      [send(...fragments(Opcode.Text, ["one ", "two"]), ...fragments(Opcode.Binary, ["three ", "four"]))],
      echoes(text("one two"), binary("three four")),
    ),
  },
  {
    title: "a message in one frame after a fragmented one comes back as it was",
    play: play(
      [send(...fragments(Opcode.Binary, ["one ", "two"]), frame.text("three"))],
      echoes(binary("one two"), text("three")),
    ),
  },
  {
    title: "a message in fragments of 1, 125, 126, 65,535 and 65,536 bytes comes back whole",
    play: (random) => {
      const data = [1, 125, 126, 65_535, 65_536].map((length) => random.bytes(length));
      const because = "it refuses a message of 131,323 bytes, which is a policy and not a fault";
      return {
        steps: [send(...fragments(Opcode.Binary, data))],
        allowed: [...echoes(binary(join(data))), ...refusesSize(1009, because)],
      };
    },
  },
  {
    title: "a text of 65,536 bytes in fragments of 1,300 comes back whole",
    autobahn: ["10.1.1"],
    play: (random) => {
      const data = prose(65_536, random);
      const pieces = repeat(Math.ceil(data.length / 1_300), (at) => data.slice(at * 1_300, (at + 1) * 1_300));
      return { steps: [send(...fragments(Opcode.Text, pieces))], allowed: echoes(text(data)) };
    },
  },
]);

const hollow = [
  { words: "whose first fragment is empty", data: ["", "all"] },
  { words: "whose middle fragment is empty", data: ["half ", "", "half"] },
  { words: "whose last fragment is empty", data: ["all", ""] },
  { words: "of three empty fragments", data: ["", "", ""] },
];

const empty: FrameCase[] = family(
  "5.2",
  { ...whole, gist: "A fragment may be empty. Only FIN marks the last one." },
  hollow.map(({ words, data }) => ({
    title: `a binary message ${words} comes back`,
    play: play([send(...fragments(Opcode.Binary, data))], echoes(binary(data.join("")))),
  })),
);

const many: FrameCase[] = family(
  "5.3",
  {
    clause: "RFC 6455 §5.4, §10.4",
    gist: "The protocol does not limit the number of fragments, but an endpoint may set its own limit.",
    level: "MUST",
  },
  [
    { words: "1,000 fragments of one byte", count: 1_000, size: 1 },
    { words: "1,000 fragments, of which only the last is not empty,", count: 1_000, size: 0 },
    { words: "20,000 fragments of one byte", count: 20_000, size: 1 },
    { words: "20,000 fragments, of which only the last is not empty,", count: 20_000, size: 0 },
  ].map(({ words, count, size }) => ({
    title: `a message in ${words} comes back, or exceeds a limit of the peer`,
    play: (random) => {
      const data = [...repeat(count - 1, () => random.bytes(size)), random.bytes(1)];
      const because = `it refuses a message in ${count.toLocaleString("en")} fragments, which is a policy and not a fault`;
      return {
        steps: [send(...fragments(Opcode.Binary, data)), awaitMessages(1)],
        allowed: [...echoes(binary(join(data))), ...refusesSize([1008, 1009], because)],
      };
    },
  })),
);

const nothingToContinue = {
  clause: "RFC 6455 §5.4",
  gist: "A continuation belongs to an unfinished message. Without one there is nothing to continue.",
  level: "MUST",
} as const;

const last = frame.continuation("stray");
const more = frame.continuation("stray", { fin: false });
const after = frame.text("after");

const straysFirst = [
  { words: "a continuation with FIN", stray: last, autobahn: ["5.9", "5.10", "5.11"] },
  { words: "a continuation without FIN", stray: more, autobahn: ["5.12", "5.13", "5.14"] },
].flatMap(({ words, stray, autobahn }): Member[] => [
  {
    title: `${words} as the first frame fails the connection, and a text after it does not come back`,
    autobahn: autobahn.slice(0, 2),
    play: play(sendEach(stray, after), fails(1002)),
  },
  {
    title: `${words} as the first frame, sent byte by byte with a text after it, fails the connection`,
    autobahn: autobahn.slice(2),
    play: play([sendCut(1, stray, after)], fails(1002)),
  },
]);

const straysLater: readonly { words: string; before: readonly CaseFrame[]; autobahn?: string[] }[] = [
  { words: "a message in one frame", before: [frame.text("good")] },
  { words: "a fragmented message", before: fragments(Opcode.Text, ["go", "od"]), autobahn: ["5.15"] },
];

const continuations: FrameCase[] = family("5.4", nothingToContinue, [
  ...straysFirst,
  ...straysLater.flatMap(({ words, before, autobahn }): Member[] =>
    [last, more].map((stray) => ({
      title: `a continuation ${stray.fin === false ? "without" : "with"} FIN after ${words} fails the connection`,
      ...(autobahn && { autobahn }),
      play: play([send(...before, stray)], fails(1002, { messages: [text("good")] })),
    })),
  ),
  {
    title: "an empty continuation as the first frame fails the connection",
    play: play([send(frame.continuation())], fails(1002)),
  },
  {
    title: "a continuation after a ping fails the connection",
    play: play([send(frame.ping("Hello"), last)], fails(1002, { pongs: ["Hello"] })),
  },
  {
    title: "a continuation without FIN before a fragmented message fails the connection, twice in one write",
    autobahn: ["5.16"],
    play: play([send(...twice(more, ...fragments(Opcode.Text, ["one ", "two"])))], fails(1002)),
  },
  {
    title: "a continuation with FIN before a fragmented message fails the connection, twice in one write",
    autobahn: ["5.17"],
    play: play([send(...twice(last, ...fragments(Opcode.Text, ["one ", "two"])))], fails(1002)),
  },
]);

function twice(...frames: CaseFrame[]): CaseFrame[] {
  return [...frames, ...frames];
}

const notInterleaved = {
  clause: "RFC 6455 §5.4",
  gist: "The fragments of one message MUST NOT be interleaved with those of another. Inside a message, only continuations and control frames may come.",
  level: "MUST",
} as const;

const data = [
  { words: "text", make: frame.text },
  { words: "binary", make: frame.binary },
];

const nested: Member[] = data.flatMap((outer) =>
  data.flatMap((inner) =>
    [true, false].map((fin) => ({
      title: `a ${inner.words} frame ${fin ? "with" : "without"} FIN inside a ${outer.words} message fails the connection`,
      ...(fin && outer.words === "text" && inner.words === "text" && { autobahn: ["5.18"] }),
      play: play([send(outer.make("one ", { fin: false }), inner.make("two", { fin }))], fails(1002)),
    })),
  ),
);

const newInside: FrameCase[] = family("5.5", notInterleaved, [
  ...nested,
  {
    title: "a text in one frame between two fragments of another fails the connection",
    play: play(
      [send(frame.text("one ", { fin: false }), frame.text("inside"), frame.continuation("two"))],
      fails(1002),
    ),
  },
  {
    title: "a new message after a first fragment, a ping and a continuation fails the connection",
    play: play(
      [
        send(
          frame.text("one ", { fin: false }),
          frame.ping("Hello"),
          frame.continuation("two ", { fin: false }),
          frame.text("three"),
        ),
      ],
      fails(1002, { pongs: ["Hello"] }),
    ),
  },
]);

function randomParts(random: Random): Uint8Array[] {
  const lengths = [0, 1, 125, 126, 4_000];
  return repeat(30, () => random.bytes(random.below(1 + (lengths[random.below(lengths.length)] ?? 0))));
}

const cutAtRandom: FrameCase[] = family(
  "5.6",
  {
    clause: "RFC 6455 §5.4",
    gist: "TCP may split the stream anywhere, whatever the boundaries of frames and fragments.",
    level: "MUST",
  },
  repeat(5, (index) => ({
    title: `a message in 30 fragments of random sizes, cut at random places (${index + 1}), comes back whole`,
    play: (random) => {
      const data = randomParts(random);
      const cuts = repeat(100, () => random.below(join(data).length)).toSorted((a, b) => a - b);
      return {
        steps: [{ kind: "send", frames: fragments(Opcode.Binary, data), cuts }],
        allowed: echoes(binary(join(data))),
      };
    },
  })),
);

/** Messages in fragments. */
export const fragmentation: readonly FrameCase[] = [
  ...inOrder,
  ...empty,
  ...many,
  ...continuations,
  ...newInside,
  ...cutAtRandom,
];
