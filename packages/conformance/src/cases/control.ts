import type { Allowed, CaseFrame, FrameCase } from "../model/frame-case.ts";
import {
  awaitMessages,
  awaitPongs,
  echoes,
  fails,
  family,
  fragments,
  frame,
  lenient,
  type Member,
  play,
  prose,
  quits,
  repeat,
  replies,
  send,
  sendCut,
  sendEach,
  text,
} from "../model/writing.ts";
import { unhex } from "../wire/bytes.ts";
import { encodeFrame, Opcode } from "../wire/frames.ts";

const pong = {
  clause: "RFC 6455 §5.5.2",
  gist: "An endpoint MUST answer a ping with a pong of the same payload, unless it already received a close frame.",
  level: "MUST",
} as const;

const notUtf8 = unhex("00ffc080edbfbf");
// What a server that searched payloads for frames would find: a masked close frame.
const looksLikeClose = encodeFrame({
  opcode: Opcode.Close,
  mask: new Uint8Array(4),
  payload: unhex("03e8"),
});

const autobahnLengths: Record<number, string> = { 0: "2.1", 125: "2.4" };

const lengths: FrameCase[] = family(
  "2.1",
  pong,
  [0, 1, 124, 125].map((length) => ({
    title: `a ping of ${length} ${length === 1 ? "byte" : "bytes"} is answered with the same payload`,
    ...(autobahnLengths[length] && { autobahn: [autobahnLengths[length]] }),
    play: (random) => {
      const payload = random.bytes(length);
      return { steps: [send(frame.ping(payload))], allowed: replies({ pongs: [payload] }) };
    },
  })),
);

const contents = [
  { words: "text", payload: "Hello, world!", autobahn: ["2.2"] },
  { words: "bytes that are not UTF-8", payload: notUtf8, autobahn: ["2.3"] },
  { words: "the bytes of a close frame", payload: looksLikeClose },
];

const payloads: FrameCase[] = family(
  "2.2",
  pong,
  contents.map(({ words, payload, autobahn }) => ({
    title: `a ping whose payload is ${words} is answered with the same bytes`,
    ...(autobahn && { autobahn }),
    play: play([send(frame.ping(payload))], replies({ pongs: [payload] })),
  })),
);

const short = {
  clause: "RFC 6455 §5.5",
  gist: "All control frames MUST have a payload of 125 bytes or less.",
  level: "MUST",
} as const;

const tooLong = [
  { name: "ping", opcode: Opcode.Ping, length: 126, autobahn: ["2.5"] },
  { name: "ping", opcode: Opcode.Ping, length: 65_536 },
  { name: "pong", opcode: Opcode.Pong, length: 126 },
  { name: "pong", opcode: Opcode.Pong, length: 65_536 },
];

const inLongForm: Member[] = [2, 8].map((bytes) => ({
  title: `a ping of 5 bytes whose length is written in ${8 * bytes} bits is refused or understood`,
  clause: "RFC 6455 §5.2, §5.5",
  gist: "The length of a control frame fits in 7 bits, and it MUST be encoded in the minimal number of bytes.",
  play: play(
    [send(frame.ping("Hello", { lengthBytes: bytes as 2 | 8 }))],
    [
      ...fails(1002),
      ...lenient(
        "it accepts lengths in more bytes than necessary, even on control frames",
        replies({ pongs: ["Hello"] }),
      ),
    ],
  ),
}));

const oversized: FrameCase[] = family("2.3", short, [
  ...tooLong.map(({ name, opcode, length, autobahn }) => ({
    title: `a ${name} of ${length.toLocaleString("en")} bytes fails the connection`,
    ...(autobahn && { autobahn }),
    play: play([send(frame.of(opcode, new Uint8Array(length)))], fails(1002)),
  })),
  ...inLongForm,
]);

const whole = {
  clause: "RFC 6455 §5.5",
  gist: "Control frames MUST NOT be fragmented, so each has FIN set.",
  level: "MUST",
} as const;

const inPieces: readonly { words: string; frames: readonly CaseFrame[]; autobahn?: string[] }[] = [
  { words: "a ping without FIN", frames: [frame.ping("Hello", { fin: false })] },
  { words: "an empty ping without FIN", frames: [frame.ping("", { fin: false })] },
  {
    words: "a ping without FIN, followed by a continuation with FIN,",
    frames: fragments(Opcode.Ping, ["one", "two"]),
    autobahn: ["5.1"],
  },
  { words: "a pong without FIN", frames: [frame.pong("Hello", { fin: false })], autobahn: ["5.2"] },
  { words: "a close frame without FIN", frames: [frame.close(1001, "", { fin: false })] },
  {
    words: "a ping without FIN inside a fragmented message",
    frames: [
      frame.text("one", { fin: false }),
      frame.ping("Hello", { fin: false }),
      frame.continuation("two"),
    ],
  },
];

const fragmented: FrameCase[] = family(
  "2.4",
  whole,
  inPieces.map(({ words, frames, autobahn }) => ({
    title: `${words} fails the connection`,
    ...(autobahn && { autobahn }),
    play: play([send(...frames)], fails(1002)),
  })),
);

const unsolicited: FrameCase[] = family(
  "2.5",
  {
    clause: "RFC 6455 §5.5.3",
    gist: "A pong may be unsolicited, as a one-way heartbeat. Nobody expects an answer to it.",
    level: "MUST",
  },
  [
    {
      title: "an empty unsolicited pong gets no answer",
      autobahn: ["2.7"],
      play: play([send(frame.pong(), frame.text("after"))], echoes(text("after"))),
    },
    {
      title: "an unsolicited pong with bytes that are not UTF-8 gets no answer",
      autobahn: ["2.8"],
      play: play([send(frame.pong(notUtf8), frame.text("after"))], echoes(text("after"))),
    },
    {
      title: "a ping after an unsolicited pong is answered as usual",
      autobahn: ["2.9"],
      play: play(
        [send(frame.pong("unsolicited"), frame.ping("a question"))],
        replies({ pongs: ["a question"] }),
      ),
    },
    {
      title: "a pong between two fragments changes nothing",
      clause: "RFC 6455 §5.4, §5.5.3",
      play: play(
        [send(frame.text("one ", { fin: false }), frame.pong("heartbeat"), frame.continuation("two"))],
        echoes(text("one two")),
      ),
    },
    {
      title: "1,000 pongs in one write are accepted and get no answer",
      play: play(
        [send(...repeat(1_000, (index) => frame.pong(`pong ${index}`)), frame.text("after"))],
        echoes(text("after")),
      ),
    },
  ],
);

const several = {
  clause: "RFC 6455 §5.5.2, §5.5.3",
  gist: "Each ping is answered. If several pings wait for an answer, it is enough to answer the last one.",
  level: "MUST",
} as const;

const tenPings = repeat(10, (index) => frame.ping(`ping ${index}`));
const tenPongs = tenPings.map(({ payload = "" }) => payload);

function flooded(pongs: readonly (string | Uint8Array)[]): Allowed[] {
  const because =
    "it closes a connection that sends so many pings at once, which is a policy and not a fault";
  return quits(because, { messages: [text("after")], pongs });
}

const many: FrameCase[] = family("2.6", several, [
  {
    title: "ten pings in one write are answered in order",
    autobahn: ["2.10"],
    play: play([send(...tenPings)], replies({ pongs: tenPongs })),
  },
  {
    title: "ten pings that come byte by byte are answered in order",
    autobahn: ["2.11"],
    play: play([sendCut(1, ...tenPings)], replies({ pongs: tenPongs })),
  },
  {
    title: "a ping of 125 bytes that comes byte by byte is answered",
    autobahn: ["2.6"],
    play: (random) => {
      const payload = random.bytes(125);
      return { steps: [sendCut(1, frame.ping(payload))], allowed: replies({ pongs: [payload] }) };
    },
  },
  {
    title:
      "two pings with the same payload, the second sent after the answer to the first, are both answered",
    play: play(
      [send(frame.ping("same")), awaitPongs(1), send(frame.ping("same")), awaitPongs(2)],
      replies({ pongs: ["same", "same"] }),
    ),
  },
  {
    title: "at least the last of 1,000 pings in one write is answered, and the message after them comes back",
    clause: "RFC 6455 §5.5.3, §7.3",
    gist: "It is enough to answer the last of several pings. A server may close the connection at any time, for example when it is flooded.",
    play: (random) => {
      const pings = repeat(1_000, (index) => frame.ping(`${index} ${prose(100, random)}`));
      const pongs = pings.map(({ payload = "" }) => payload);
      return {
        steps: [send(...pings, frame.text("after")), awaitMessages(1)],
        allowed: [...replies({ messages: [text("after")], pongs }), ...flooded(pongs)],
      };
    },
  },
  {
    title: "pings between whole messages, all in one write, are answered, and the messages come back",
    play: play(
      [send(frame.text("one"), frame.ping("1"), frame.text("two"), frame.ping("2"), frame.text("three"))],
      replies({ messages: [text("one"), text("two"), text("three")], pongs: ["1", "2"] }),
    ),
  },
]);

const between = {
  clause: "RFC 6455 §5.4, §5.5",
  gist: "Control frames may come in the middle of a fragmented message, and an endpoint MUST be able to handle them.",
  level: "MUST",
} as const;

const interrupted = [frame.text("one ", { fin: false }), frame.ping("a question"), frame.continuation("two")];
const both = replies({ messages: [text("one two")], pongs: ["a question"] });

const asSoonAsPractical = {
  clause: "RFC 6455 §5.4, §5.5.2",
  gist: "A ping between fragments SHOULD be answered as soon as practical, without waiting for the end of the message.",
  level: "SHOULD",
} as const;

const interleaved: FrameCase[] = family("2.7", between, [
  {
    title: "a ping between two fragments, all in one write, is answered, and the message comes back",
    autobahn: ["5.6"],
    play: play([send(...interrupted)], both),
  },
  {
    title:
      "a ping between two fragments, each frame in its own write, is answered, and the message comes back",
    autobahn: ["5.7"],
    play: play(sendEach(...interrupted), both),
  },
  {
    title: "a ping between two fragments, byte by byte, is answered, and the message comes back",
    autobahn: ["5.8"],
    play: play([sendCut(1, ...interrupted)], both),
  },
  {
    ...asSoonAsPractical,
    title: "pings between fragments are answered before the rest of the message is sent",
    autobahn: ["5.19", "5.20"],
    play: play(
      [
        send(frame.text("one ", { fin: false }), frame.continuation("two ", { fin: false }), frame.ping("1")),
        awaitPongs(1),
        send(frame.continuation("three ", { fin: false }), frame.ping("2")),
        awaitPongs(2),
        send(frame.continuation("four ", { fin: false }), frame.continuation("five")),
      ],
      replies({ messages: [text("one two three four five")], pongs: ["1", "2"] }),
    ),
  },
  {
    ...asSoonAsPractical,
    title:
      "a ping of 125 bytes between two fragments of a binary message is answered before the second is sent",
    play: (random) => {
      const [question, first, second] = [random.bytes(125), random.bytes(7_000), random.bytes(300)];
      return {
        steps: [
          send(frame.binary(first, { fin: false }), frame.ping(question)),
          awaitPongs(1),
          send(frame.continuation(second)),
        ],
        allowed: replies({
          messages: [{ kind: "binary", data: Buffer.concat([first, second]) }],
          pongs: [question],
        }),
      };
    },
  },
  {
    title: "pings between empty fragments are answered, and the message comes back whole",
    play: play(
      [
        send(
          frame.text("", { fin: false }),
          frame.ping(""),
          frame.continuation("all", { fin: false }),
          frame.ping("1"),
          frame.continuation(""),
        ),
      ],
      replies({ messages: [text("all")], pongs: ["", "1"] }),
    ),
  },
  {
    title:
      "a message of 40 fragments, each followed by a ping and a pong in the same write, comes back whole",
    play: (random) => {
      const parts = repeat(40, (index) => prose(index, random));
      const frames = fragments(Opcode.Text, parts).flatMap((part, index) => [
        part,
        frame.ping(`ping ${index}`),
        frame.pong(`pong ${index}`),
      ]);
      return {
        steps: [send(...frames)],
        allowed: replies({ messages: [text(parts.join(""))], pongs: parts.map((_, at) => `ping ${at}`) }),
      };
    },
  },
]);

/** Control frames: ping and pong. Close frames have a group of their own. */
export const control: readonly FrameCase[] = [
  ...lengths,
  ...payloads,
  ...oversized,
  ...fragmented,
  ...unsolicited,
  ...many,
  ...interleaved,
];
