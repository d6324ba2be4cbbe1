import type { ExpectedMessage, FrameCase } from "../model/frame-case.ts";
import type { Random } from "../model/random.ts";
import {
  awaitMessages,
  binary,
  echoes,
  family,
  fragments,
  frame,
  prose,
  quits,
  refusesSize,
  repeat,
  send,
  sendUnread,
  text,
} from "../model/writing.ts";
import { bytesOf, join, split } from "../wire/bytes.ts";
import { Opcode } from "../wire/frames.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

// Numbers that differ from place to place and are quick to make, so that a lost or moved piece shows.
function noise(length: number, random: Random): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  const start = random.below(2 ** 32);
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(start + index, 0x9e3779b1);
  return new Uint8Array(words.buffer, 0, length);
}

// Numbered lines with characters of 1 to 4 bytes, so that sooner or later every buffer boundary falls into one.
function lines(length: number, random: Random): Uint8Array {
  const start = 1_000_000 + random.below(1_000_000);
  const count = Math.floor(length / bytesOf(lineOf(start)).length);
  const whole = bytesOf(repeat(count, (index) => lineOf(start + index)).join(""));
  return join([whole, bytesOf(prose(length - whole.length, random))]);
}

function lineOf(number: number): string {
  return `${number} Größe 大小 🌍\n`;
}

const kinds = {
  text: { make: lines, expected: text, opcode: Opcode.Text },
  binary: { make: noise, expected: binary, opcode: Opcode.Binary },
};

function sizeOf(bytes: number): string {
  if (bytes >= MiB) return `${bytes / MiB} MiB`;
  return bytes >= KiB ? `${bytes / KiB} KiB` : `${bytes} bytes`;
}

// Above this size cases run one at a time, because both ends hold a message several times.
const heavyFrom = 4 * MiB;

const limited = {
  clause: "RFC 6455 §5.2, §10.4",
  gist: "A message may have any size. An endpoint with its own limit reports it with 1009.",
  level: "MUST",
} as const;

const sizes = [64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB];

function inOneFrame(id: string, kind: "text" | "binary"): FrameCase[] {
  const { make, expected, opcode } = kinds[kind];
  return family(
    id,
    limited,
    sizes.map((size, index) => ({
      title: `a ${kind} message of ${sizeOf(size)} in one frame comes back, or exceeds a limit of the peer`,
      autobahn: [`${id}.${index + 1}`],
      ...(size >= heavyFrom && { heavy: true }),
      play: (random) => {
        const data = make(size, random);
        const because = `it refuses a message of ${sizeOf(size)}, which is a policy and not a fault`;
        return {
          steps: [send(frame.of(opcode, data)), awaitMessages(1)],
          allowed: [...echoes(expected(data)), ...refusesSize(1009, because)],
        };
      },
    })),
  );
}

// 16,384 fragments are as many as matter. Autobahn has sizes in between, which find nothing else.
const fragmented = [
  { whole: MiB, size: 64, autobahn: [1] },
  { whole: 4 * MiB, size: KiB, autobahn: [2, 3] },
  { whole: 4 * MiB, size: 16 * KiB, autobahn: [4, 5] },
  { whole: 4 * MiB, size: 64 * KiB, autobahn: [6] },
  { whole: 4 * MiB, size: MiB, autobahn: [7, 8, 9] },
];

function inFragments(id: string, kind: "text" | "binary"): FrameCase[] {
  const { make, expected, opcode } = kinds[kind];
  return family(
    id,
    { ...limited, clause: "RFC 6455 §5.4, §10.4" },
    fragmented.map(({ whole, size, autobahn }) => ({
      title: `a ${kind} message of ${sizeOf(whole)} in fragments of ${sizeOf(size)} comes back, or exceeds a limit of the peer`,
      autobahn: autobahn.map((number) => `${id}.${number}`),
      heavy: true,
      play: (random) => {
        const data = make(whole, random);
        const parts = split(data, size);
        const because = `it refuses a message of ${sizeOf(whole)}, or in ${parts.length.toLocaleString("en")} fragments, which is a policy and not a fault`;
        return {
          steps: [send(...fragments(opcode, parts)), awaitMessages(1)],
          allowed: [...echoes(expected(data)), ...refusesSize([1009, 1008], because)],
        };
      },
    })),
  );
}

const manySizes = [
  { size: 0, autobahn: [1] },
  { size: 16, autobahn: [2, 3] },
  { size: 256, autobahn: [4] },
  { size: 4 * KiB, autobahn: [5, 6] },
];

function inTurn(index: number, size: number, random: Random): ExpectedMessage {
  return index % 2 === 0 ? text(lines(size, random)) : binary(noise(size, random));
}

const many: FrameCase[] = family(
  "9.5",
  {
    clause: "RFC 6455 §5.4, §5.6",
    gist: "Each message is complete in itself, and messages arrive in the order in which they were sent.",
    level: "MUST",
  },
  manySizes.map(({ size, autobahn }) => ({
    title: `1,000 messages of ${sizeOf(size)}, text and binary in turn, in one write, come back in order`,
    autobahn: autobahn.flatMap((number) => [`9.7.${number}`, `9.8.${number}`]),
    play: (random) => {
      const messages = repeat(1_000, (index) => inTurn(index, size, random));
      const frames = messages.map(({ kind, data }) => frame.of(kinds[kind].opcode, data));
      const because = "it refuses 1,000 messages at once, which is a policy and not a fault";
      return {
        steps: [send(...frames), awaitMessages(messages.length)],
        allowed: [...echoes(...messages), ...refusesSize([1008, 1013], because)],
      };
    },
  })),
);

const unread = {
  clause: "RFC 6455 §1.5, §10.4",
  gist: "TCP delivers all messages in order. While nobody reads, the peer keeps them waiting, or it closes the connection at its own limit. No message may be missing in between, or while the connection stays open.",
  level: "MUST",
} as const;

// More than a kernel's buffers and a queue of 16 MiB can hold.
const bursts = [
  { words: "512 messages of 64 KiB", count: 512, size: 64 * KiB, times: 1 },
  { words: "24,000 messages of 1 KiB", count: 24_000, size: KiB, times: 1 },
  { words: "twice 384 messages of 64 KiB", count: 384, size: 64 * KiB, times: 2 },
];

const tooSlow = quits("it closes a connection that does not read, which is a policy and not a fault");

const slowReader: FrameCase[] = family(
  "9.6",
  unread,
  bursts.map(({ words, count, size, times }) => ({
    title: `${words}, sent while nobody reads, all come back once somebody reads, or the connection is closed`,
    heavy: true,
    play: (random) => {
      const batches = repeat(times, () => repeat(count, () => noise(size, random)));
      const messages = batches.flat().map((data) => binary(data));
      const steps = batches.flatMap((batch, index) => [
        ...(index > 0 ? [awaitMessages(index * count)] : []),
        sendUnread(64 * KiB, ...batch.map((data) => frame.binary(data))),
      ]);
      const gapless = tooSlow.map((each) => ({ ...each, messages, gapless: true as const }));
      return { steps, allowed: [...echoes(...messages), ...gapless] };
    },
  })),
);

/** Large messages, and many. */
export const size: readonly FrameCase[] = [
  ...inOneFrame("9.1", "text"),
  ...inOneFrame("9.2", "binary"),
  ...inFragments("9.3", "text"),
  ...inFragments("9.4", "binary"),
  ...many,
  ...slowReader,
];
