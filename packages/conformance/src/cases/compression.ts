import { constants, deflateRawSync } from "node:zlib";
import type { CaseFrame, FrameCase, Observation, Play } from "../model/frame-case.ts";
import type { Random } from "../model/random.ts";
import {
  awaitMessages,
  binary,
  echoes,
  fails,
  fragments,
  frame,
  replies,
  send,
  sendCut,
  text,
} from "../model/writing.ts";
import { bytesOf, join, split, unhex } from "../wire/bytes.ts";
import type { Agreement } from "../wire/deflate.ts";
import { Opcode } from "../wire/frames.ts";
import { corruption } from "./corruption.ts";
import { compose, dynamicBlock, fixedBlock, flush, type StreamPart, stored } from "./deflate-blocks.ts";
import {
  type CompressedMember,
  type Compressor,
  compressed,
  compressedFamily,
  compressedFragments,
  german,
  json,
  picture,
} from "./write-compressed.ts";

// RFC 7692 §7.2.3.1.
const hello = unhex("f2 48 cd c9 c9 07 00");

// The frames come back as these texts.
function says(frames: readonly CaseFrame[], ...texts: (string | Uint8Array)[]): Play {
  return { steps: [send(...frames)], allowed: echoes(...texts.map(text)) };
}

function takesOver({ ours }: Agreement): boolean {
  return ours.contextTakeover;
}

const examples: CompressedMember[] = [
  {
    title: "a compressed message of one block comes back",
    clause: "RFC 7692 §7.2.3.1",
    play: () => says([compressed.text(hello)], "Hello"),
  },
  {
    title: "a compressed message in two fragments comes back",
    clause: "RFC 7692 §7.2.3.1",
    play: () => says(compressedFragments("text", split(hello, 3)), "Hello"),
  },
  {
    title: "a compressed message that refers to the previous one comes back",
    clause: "RFC 7692 §7.2.3.2",
    fits: takesOver,
    play: () => {
      const again = compressed.text(unhex("f2 00 11 00 00"));
      return says([compressed.text(hello), again], "Hello", "Hello");
    },
  },
  {
    title: "a message in a block without compression comes back",
    clause: "RFC 7692 §7.2.3.3",
    play: () => says([compressed.text(unhex("00 05 00 fa ff 48 65 6c 6c 6f 00"))], "Hello"),
  },
  {
    title: "a message in a final block comes back",
    clause: "RFC 7692 §7.2.3.4",
    play: () => says([compressed.text(unhex("f3 48 cd c9 c9 07 00 00"))], "Hello"),
  },
  {
    title: "a message in two blocks comes back whole",
    clause: "RFC 7692 §7.2.3.5",
    play: () => says([compressed.text(unhex("f2 48 05 00 00 00 ff ff ca c9 c9 07 00"))], "Hello"),
  },
  {
    title: "an empty compressed message, a single zero byte, comes back empty",
    clause: "RFC 7692 §7.2.3.6",
    play: () => says([compressed.text(unhex("00"))], ""),
  },
];

const byExample = compressedFamily(
  "13.1",
  { clause: "RFC 7692 §7.2.3", gist: "These bytes are the examples of the RFC.", level: "MUST" },
  examples,
);

const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

const strategies = [
  { words: "with dynamic codes", options: { level: 9 } },
  { words: "with the fixed codes", options: { strategy: Z_FIXED } },
  { words: "without a match", options: { strategy: Z_HUFFMAN_ONLY } },
  { words: "with run-length matches only", options: { strategy: Z_RLE } },
  { words: "in stored blocks", options: { level: 0 } },
];

const blocksByHand: { title: string; parts: StreamPart[]; data: string }[] = [
  {
    title: "a message in a block of each type comes back whole",
    parts: [fixedBlock([bytesOf("one ")]), stored(bytesOf("two ")), dynamicBlock(bytesOf("three")), flush],
    data: "one two three",
  },
  {
    title: "a message with empty blocks before, between and after comes back whole",
    parts: [
      ...[fixedBlock([]), stored(bytesOf("")), fixedBlock([bytesOf("Hel")]), stored(bytesOf(""))],
      ...[dynamicBlock(bytesOf("")), fixedBlock([bytesOf("lo")]), fixedBlock([]), flush],
    ],
    data: "Hello",
  },
  {
    title: "a match that reaches into the previous block is resolved",
    parts: [stored(bytesOf("Hello")), fixedBlock([{ distance: 5, length: 5 }]), flush],
    data: "HelloHello",
  },
  {
    title: "overlapping matches of maximum length are resolved",
    parts: [fixedBlock([bytesOf("ab"), { distance: 2, length: 258 }, { distance: 1, length: 3 }]), flush],
    data: `${"ab".repeat(130)}bbb`,
  },
  {
    title: "a message in a final stored block comes back",
    parts: [stored(bytesOf("Hello"), true), flush],
    data: "Hello",
  },
  {
    title: "a message that continues after a final block comes back whole",
    parts: [fixedBlock([bytesOf("Hel")], true), fixedBlock([bytesOf("lo")]), flush],
    data: "Hello",
  },
  {
    title: "a message in several final blocks comes back whole",
    parts: [
      ...[stored(bytesOf("H"), true), fixedBlock([bytesOf("el")], true)],
      ...[fixedBlock([bytesOf("lo")], true), flush],
    ],
    data: "Hello",
  },
];

const blocks = compressedFamily(
  "13.2",
  {
    clause: "RFC 7692 §7.2.1",
    gist: "A message is any number of DEFLATE blocks of any type. After a final block, more blocks may follow at the next byte.",
    level: "MUST",
  },
  [
    ...strategies.map(
      ({ words, options }): CompressedMember => ({
        title: `a message of 70,000 bytes that is compressed ${words} comes back`,
        play: (compressor, random) => {
          const data = json(70_000, random);
          return says([compressor.text(data, options)], data);
        },
      }),
    ),
    ...blocksByHand.map(
      ({ title, parts, data }): CompressedMember => ({
        title,
        play: () => says([compressed.text(compose(...parts))], data),
      }),
    ),
    {
      title: "a message of 70,000 bytes that ends in a final block comes back, twice",
      play: (_, random) => {
        const data = json(70_000, random);
        // Ends a stream as compressors do, then adds the zero byte of RFC 7692 §7.2.3.4.
        const message = compressed.text(join([deflateRawSync(data), Uint8Array.of(0)]));
        return says([message, message], data, data);
      },
    },
    {
      title: "messages after one with a final block are understood as before",
      play: (compressor) => {
        const final = compose(fixedBlock([bytesOf("final")], true), flush);
        // No RFC says whether a match may reach back over a final block, so no case tries this.
        return says(
          [compressed.text(final), compressor.text("one"), compressor.text("two")],
          "final",
          "one",
          "two",
        );
      },
    },
  ],
);

const between: { words: string; frames: (compressor: Compressor) => CaseFrame[]; texts: string[] }[] = [
  { words: "immediately", frames: () => [], texts: [] },
  {
    words: "after an uncompressed one, which is not part of the window,",
    frames: () => [frame.text("not compressed")],
    texts: ["not compressed"],
  },
  { words: "after an empty compressed one", frames: (compressor) => [compressor.text("")], texts: [""] },
  {
    words: "after one in a stored block, which is part of the window,",
    frames: (compressor) => {
      compressor.remember("stored");
      return [compressed.text(compose(stored(bytesOf("stored")), flush))];
    },
    texts: ["stored"],
  },
  {
    words: "after a fragmented one",
    frames: (compressor) => compressedFragments("text", split(compressor.payload("in fragments"), 4)),
    texts: ["in fragments"],
  },
];

const repeated: CompressedMember[] = [
  ...between.map(
    ({ words, frames, texts }): CompressedMember => ({
      title: `a message that is repeated ${words} is understood`,
      play: (compressor, random) => {
        const data = json(700, random);
        const sent = [compressor.text(data), ...frames(compressor), compressor.text(data)];
        return says(sent, data, ...texts, data);
      },
    }),
  ),
  {
    title: "a message that is repeated after its echo is understood",
    play: (compressor, random) => {
      const data = json(700, random);
      return {
        steps: [send(compressor.text(data)), awaitMessages(1), send(compressor.text(data))],
        allowed: echoes(text(data), text(data)),
      };
    },
  },
  {
    title: "a text that is repeated after a ping, as a binary message, is understood",
    play: (compressor, random) => {
      const data = json(700, random);
      return {
        steps: [send(compressor.text(data), frame.ping("ping"), compressor.binary(data))],
        allowed: replies({ messages: [text(data), binary(data)], pongs: ["ping"] }),
      };
    },
  },
  {
    title: "1,000 messages that each refer to earlier ones come back in order",
    play: (compressor, random) => {
      const all = Array.from({ length: 1_000 }, () => json(60 + random.below(120), random));
      return says(
        all.map((each) => compressor.text(each)),
        ...all,
      );
    },
  },
];

const contexts = compressedFamily(
  "13.3",
  {
    clause: "RFC 7692 §7.1.1.2",
    gist: "Without client_no_context_takeover, a client's message may refer to its earlier compressed messages, as far back as the window reaches.",
    level: "MUST",
  },
  repeated.map((member) => ({ ...member, fits: takesOver })),
);

const windows = compressedFamily(
  "13.4",
  {
    clause: "RFC 7692 §7.1.2.2",
    gist: "A client's matches may reach back as far as the agreed window, and no farther.",
    level: "MUST",
  },
  [8, 9, 10, 11, 12, 13, 14, 15].flatMap((bits): CompressedMember[] => [
    {
      title: `a match from the far end of a window of ${bits} bits is resolved`,
      offer: `permessage-deflate; client_max_window_bits=${bits}`,
      play: (_, random, { ours }) => {
        const block = random.bytes(2 ** ours.windowBits);
        const match = { distance: block.length, length: 200 };
        const payload = compose(stored(block), fixedBlock([match]), flush);
        return {
          steps: [send(compressed.binary(payload))],
          allowed: echoes(binary(join([block, block.subarray(0, match.length)]))),
        };
      },
    },
    {
      title: `a match from the far end of a window of ${bits} bits, in the previous message, is resolved`,
      offer: `permessage-deflate; client_max_window_bits=${bits}`,
      fits: takesOver,
      play: (_, random, { ours }) => {
        const block = random.bytes(2 ** ours.windowBits);
        const match = { distance: block.length, length: 200 };
        const first = compose(stored(block), flush);
        const second = compose(fixedBlock([match]), flush);
        return {
          steps: [send(compressed.binary(first), compressed.binary(second))],
          allowed: echoes(binary(block), binary(block.subarray(0, match.length))),
        };
      },
    },
  ]),
);

const fragmented = {
  clause: "RFC 7692 §6.1",
  gist: "A message is compressed as a whole and may then be cut anywhere. RSV1 is set on its first frame only.",
  level: "MUST",
} as const;

const cuts = compressedFamily("13.5", fragmented, [
  ...Array.from(
    { length: hello.length + 1 },
    (_, at): CompressedMember => ({
      title: `a compressed message of ${hello.length} bytes cut into ${at} and ${hello.length - at} comes back`,
      play: () => says(compressedFragments("text", [hello.subarray(0, at), hello.subarray(at)]), "Hello"),
    }),
  ),
  {
    title: "a compressed message in fragments of one byte, with empty fragments between, comes back",
    play: () => {
      const parts = split(hello, 1).flatMap((part) => [part, new Uint8Array()]);
      return says(compressedFragments("text", parts), "Hello");
    },
  },
  {
    title: "a compressed message that comes byte by byte over TCP comes back",
    play: () => ({
      steps: [sendCut(1, ...compressedFragments("text", split(hello, 3)))],
      allowed: echoes(text("Hello")),
    }),
  },
  {
    title: "pings between the fragments of a compressed message are answered, and it comes back",
    play: () => {
      const frames = compressedFragments("text", split(hello, 1));
      const pings = frames.map((_, index) => frame.ping(`ping ${index}`));
      return {
        steps: [send(...frames.flatMap((each, index) => [pings[index] ?? each, each]))],
        allowed: replies({
          messages: [text("Hello")],
          pongs: pings.map(({ payload }) => payload ?? ""),
        }),
      };
    },
  },
  ...[1, 2, 3].map(
    (time): CompressedMember => ({
      title: `a compressed message of 20,000 bytes cut at random, in frames and over TCP, comes back (${time})`,
      play: (compressor, random) => {
        const data = german(20_000, random);
        const payload = compressor.payload(data);
        const frames = compressedFragments("text", cutAtRandom(payload, 12, random));
        const places = Array.from({ length: 20 }, () => random.below(payload.length)).sort((a, b) => a - b);
        return { steps: [sendCut(places, ...frames)], allowed: echoes(text(data)) };
      },
    }),
  ),
]);

function cutAtRandom(bytes: Uint8Array, parts: number, random: Random): Uint8Array[] {
  const places = Array.from({ length: parts - 1 }, () => random.below(bytes.length + 1)).sort(
    (a, b) => a - b,
  );
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

const emptiness: { words: string; payload: Uint8Array }[] = [
  { words: "a single zero byte", payload: unhex("00") },
  { words: "an empty block with the fixed codes", payload: compose(fixedBlock([]), flush) },
  { words: "a stored block of no bytes", payload: compose(stored(bytesOf("")), flush) },
  { words: "an empty final block", payload: compose(fixedBlock([], true), flush) },
];

const empty = compressedFamily(
  "13.6",
  {
    clause: "RFC 7692 §7.2.3.6",
    gist: "An empty message may be compressed like any other.",
    level: "MUST",
  },
  emptiness.flatMap(({ words, payload }): CompressedMember[] => [
    {
      title: `an empty binary message, compressed as ${words}, comes back, and so does the next message`,
      play: () => ({
        steps: [send(compressed.binary(payload), compressed.text(hello))],
        allowed: echoes(binary(""), text("Hello")),
      }),
    },
    {
      title: `three empty text messages in a row, compressed as ${words}, come back`,
      play: () => says(new Array<CaseFrame>(3).fill(compressed.text(payload)), "", "", ""),
    },
  ]),
);

const plain: CompressedMember[] = [
  { title: "an uncompressed text comes back", play: () => says([frame.text("Hello")], "Hello") },
  { title: "an uncompressed empty text comes back", play: () => says([frame.text()], "") },
  {
    title: "an uncompressed message that looks like a compressed one comes back as it is",
    play: () => ({ steps: [send(frame.binary(hello))], allowed: echoes(binary(hello)) }),
  },
  {
    title: "an uncompressed message in fragments, with a ping between, comes back",
    play: () => {
      const [first, second] = fragments(Opcode.Text, ["Hel", "lo"]);
      return {
        steps: [send(first ?? frame.text(), frame.ping("ping"), second ?? frame.continuation())],
        allowed: replies({ messages: [text("Hello")], pongs: ["ping"] }),
      };
    },
  },
  {
    title: "an uncompressed text that is not UTF-8 fails the connection",
    clause: "RFC 6455 §8.1",
    play: () => ({ steps: [send(frame.text(unhex("48 ff")))], allowed: fails(1007) }),
  },
  {
    title: "compressed and uncompressed messages in turn come back",
    play: (compressor, random) => {
      const all = Array.from({ length: 20 }, () => json(100, random));
      return says(
        all.map((each, index) => (index % 2 ? compressor.text(each) : frame.text(each))),
        ...all,
      );
    },
  },
  {
    title: "compressed and uncompressed messages in fragments, in turn, come back",
    play: (compressor, random) => {
      const all = Array.from({ length: 10 }, () => json(100, random));
      const frames = all.map((each, index) => {
        if (index % 2 === 0) return fragments(Opcode.Text, split(each, 30));
        return compressedFragments("text", split(compressor.payload(each), 30));
      });
      return says(frames.flat(), ...all);
    },
  },
];

// This is no copy of every case in the earlier groups. What is not compressed takes the same path through a server
// with the extension as without it, except for one branch, and these cases show if a server takes that branch
// wrongly.
const uncompressed = compressedFamily(
  "13.7",
  {
    clause: "RFC 7692 §6",
    gist: "The sender chooses which messages to compress. A message without RSV1 is not compressed.",
    level: "MUST",
  },
  plain,
);

// Autobahn sends each of these 1,000 times. Sending each twice is enough: the window (32 KiB) turns over within the
// larger ones, buffers of any usual size fill up, and a compressor that keeps something has kept it by the second
// message. Only memory that is not freed would take a thousand messages to show, and that is not something a server
// answers.
const sizes = [16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072];

const contents = [
  { words: "JSON", make: json, kind: "text", autobahn: [1, 4] },
  { words: "picture-like data", make: picture, kind: "binary", autobahn: [2] },
  { words: "text with umlauts", make: german, kind: "text", autobahn: [3] },
  {
    words: "data that cannot be compressed",
    make: (length: number, random: Random) => random.bytes(length),
    kind: "binary",
    autobahn: [5],
  },
] as const;

const wholeMessages = {
  clause: "RFC 7692 §6.2",
  gist: "Data of any kind and length comes out of compression unchanged.",
  level: "MUST",
} as const;

const sized = compressedFamily(
  "13.8",
  wholeMessages,
  contents.flatMap(({ words, make, kind, autobahn }) =>
    sizes.map(
      (size, index): CompressedMember => ({
        title: `three messages of ${size.toLocaleString("en")} bytes of ${words}, the third like the first, come back`,
        autobahn: autobahn.map((content) => `12.${content}.${index + 1}`),
        play: (compressor, random) => {
          const [first, second] = [make(size, random), make(size, random)];
          const all = [first, second, first];
          const expected = kind === "text" ? text : binary;
          return {
            steps: [send(...all.map((each) => compressor[kind](each)))],
            allowed: echoes(...all.map(expected)),
          };
        },
      }),
    ),
  ),
);

const fragmentSizes = [
  ...[8_192, 16_384, 32_768, 65_536, 131_072].map((size) => ({ size, part: 256 })),
  ...[1_024, 4_096, 32_768].map((part) => ({ size: 131_072, part })),
];

const pieces = compressedFamily(
  "13.9",
  fragmented,
  fragmentSizes.map(
    ({ size, part }, index): CompressedMember => ({
      title: `a compressed message of ${size.toLocaleString("en")} bytes in fragments of ${part.toLocaleString("en")} comes back, twice`,
      autobahn: [1, 2, 3, 4, 5].map((content) => `12.${content}.${index + 11}`),
      play: (compressor, random) => {
        const data = random.bytes(size);
        const frames = [data, data].flatMap((each) =>
          compressedFragments("binary", split(compressor.payload(each), part)),
        );
        return { steps: [send(...frames)], allowed: echoes(binary(data), binary(data)) };
      },
    }),
  ),
);

const mebibyte = 1024 * 1024;

const large = compressedFamily("13.10", wholeMessages, [
  {
    title: "a text of 16 MiB comes back",
    heavy: true,
    play: (compressor, random) => {
      const page = json(mebibyte / 4, random);
      const data = join(Array.from({ length: 64 }, () => page));
      return says([compressor.text(data, { level: 1 })], data);
    },
  },
  {
    title: "4 MiB that cannot be compressed, in fragments of 4 KiB, come back",
    heavy: true,
    play: (compressor, random) => {
      const data = random.bytes(4 * mebibyte);
      const frames = compressedFragments("binary", split(compressor.payload(data, { level: 1 }), 4_096));
      return { steps: [send(...frames)], allowed: echoes(binary(data)) };
    },
  },
]);

function continued(data: string | Uint8Array): CaseFrame {
  return frame.continuation(data, { rsv1: true });
}

const controls = [
  { words: "a ping", opcode: Opcode.Ping, payload: "Hello" },
  { words: "a pong", opcode: Opcode.Pong, payload: "Hello" },
  { words: "a close frame", opcode: Opcode.Close, payload: unhex("03 e8") },
];

const flags = compressedFamily(
  "13.11",
  {
    clause: "RFC 7692 §6.1",
    gist: "RSV1 is set on the first frame of a compressed message only, and never on a control frame.",
    level: "MUST",
  },
  [
    {
      title: "RSV1 on the second frame of a compressed message fails the connection",
      play: () => ({
        steps: [send(compressed.text(hello.subarray(0, 3), { fin: false }), continued(hello.subarray(3)))],
        allowed: fails(1002),
      }),
    },
    {
      title: "RSV1 on the second frame of a message that is not compressed fails the connection",
      play: () => ({
        steps: [send(frame.text("Hel", { fin: false }), continued("lo"))],
        allowed: fails(1002),
      }),
    },
    {
      title: "RSV1 on a continuation without a message fails the connection",
      play: () => ({ steps: [send(continued(hello))], allowed: fails(1002) }),
    },
    ...controls.map(
      ({ words, opcode, payload }): CompressedMember => ({
        title: `RSV1 on ${words} fails the connection`,
        play: () => ({ steps: [send(frame.of(opcode, payload, { rsv1: true }))], allowed: fails(1002) }),
      }),
    ),
    {
      title: "RSV1 on a ping between the fragments of a compressed message fails the connection",
      play: () => ({
        steps: [send(compressed.text(hello.subarray(0, 3), { fin: false }), frame.ping("", { rsv1: true }))],
        allowed: fails(1002),
      }),
    },
    ...(["rsv2", "rsv3"] as const).flatMap((bit): CompressedMember[] => [
      {
        title: `${bit.toUpperCase()} together with RSV1 fails the connection`,
        play: () => ({ steps: [send(compressed.text(hello, { [bit]: true }))], allowed: fails(1002) }),
      },
      {
        title: `${bit.toUpperCase()} instead of RSV1 fails the connection`,
        play: () => ({ steps: [send(frame.text(hello, { [bit]: true }))], allowed: fails(1002) }),
      },
    ]),
  ],
);

// Describes how the peer's messages came.
function sizesOf({ messages }: Observation): string {
  const words = messages.map(({ data, compressed, payloadBytes }) => {
    return compressed ? `${data.length} bytes in ${payloadBytes}` : `${data.length} bytes uncompressed`;
  });
  return words.join(", then ");
}

function takeoverOf(observation: Observation): string {
  const [first, second] = observation.messages;
  if (!first?.compressed || !second?.compressed)
    return `the same message twice comes back as ${sizesOf(observation)}`;
  const refers = (second.payloadBytes ?? 0) < (first.payloadBytes ?? 0) / 2;
  const does = refers ? "refers to earlier messages" : "starts afresh with each message";
  return `its compressor ${does}: the same message twice comes back as ${sizesOf(observation)}`;
}

const habits: {
  title: string;
  data: (random: Random) => Uint8Array[];
  remark: (seen: Observation) => string;
}[] = [
  {
    title: "a message of 12 bytes comes back, compressed or not",
    data: () => [bytesOf("Hello, Hello")],
    remark: (seen) => `a short message comes back as ${sizesOf(seen)}`,
  },
  {
    title: "a message of 2,000 bytes that cannot be compressed comes back, compressed or not",
    data: (random) => [random.bytes(2_000)],
    remark: (seen) => `random bytes come back as ${sizesOf(seen)}`,
  },
  {
    title:
      "a message of 2,000 bytes that is sent twice comes back twice, the second time compressed better or not",
    data: (random) => {
      const data = random.bytes(2_000);
      return [data, data];
    },
    remark: takeoverOf,
  },
];

const told = compressedFamily(
  "13.17",
  {
    clause: "RFC 7692 §6, §7.1.1.1",
    gist: "The sender chooses which messages to compress and whether to refer to earlier ones, unless the parameters say otherwise.",
    level: "MAY",
  },
  habits.map(
    ({ title, data, remark }): CompressedMember => ({
      title,
      play: (compressor, random) => {
        const all = data(random);
        return {
          steps: [send(...all.map((each) => compressor.binary(each)))],
          allowed: echoes(...all.map(binary)),
          remark,
        };
      },
    }),
  ),
);

/** Compressed messages: first those that must be understood, then those that must not. */
export const compression: readonly FrameCase[] = [
  ...byExample,
  ...blocks,
  ...contexts,
  ...windows,
  ...cuts,
  ...empty,
  ...uncompressed,
  ...sized,
  ...pieces,
  ...large,
  ...flags,
  ...corruption,
  ...told,
];
