import type { CaseFrame, FrameCase, Step } from "../model/frame-case.ts";
import {
  awaitMessages,
  fails,
  family,
  frame,
  play,
  send,
  sendCut,
  sendEach,
  text,
} from "../model/writing.ts";
import { Opcode } from "../wire/frames.ts";

const noExtension = {
  clause: "RFC 6455 §5.2",
  gist: "RSV1, RSV2 and RSV3 MUST be 0 unless a negotiated extension defines them. Otherwise the receiver MUST fail the connection.",
  level: "MUST",
} as const;

type Bits = Pick<CaseFrame, "rsv1" | "rsv2" | "rsv3">;

// All values of the three bits as a number except 0. RSV1 is 4.
const values = [1, 2, 3, 4, 5, 6, 7];

function bitsOf(value: number): Bits {
  return { rsv1: (value & 4) !== 0, rsv2: (value & 2) !== 0, rsv3: (value & 1) !== 0 };
}

function namesOf(value: number): string {
  const names = Object.entries(bitsOf(value)).filter(([, set]) => set);
  return names.map(([name]) => name.toUpperCase()).join(" and ");
}

const begun = frame.text("Hel", { fin: false });

const carriers = [
  { words: "a text message", frames: (bits: Bits) => [frame.text("Hello", bits)] },
  { words: "a binary message", frames: (bits: Bits) => [frame.binary("Hello", bits)] },
  {
    words: "the last fragment of a message",
    frames: (bits: Bits) => [begun, frame.continuation("lo", bits)],
  },
  {
    words: "a fragment in the middle of a message",
    frames: (bits: Bits) => [begun, frame.continuation("l", { fin: false, ...bits })],
  },
  { words: "a ping", frames: (bits: Bits) => [frame.ping("Hello", bits)] },
  { words: "a pong", frames: (bits: Bits) => [frame.pong("Hello", bits)] },
  { words: "a close frame", frames: (bits: Bits) => [frame.close(1001, "", bits)] },
];

// Which bits Autobahn sets on which carrier.
const autobahnBits: Record<string, string> = { "1.1": "3.1", "2.5": "3.5", "5.6": "3.6", "7.7": "3.7" };

const bitsOnEach: FrameCase[] = carriers.flatMap(({ words, frames }, carrier) =>
  family(
    `3.${carrier + 1}`,
    noExtension,
    values.map((value) => ({
      title: `${namesOf(value)} on ${words} fails the connection`,
      ...finds(autobahnBits[`${carrier + 1}.${value}`]),
      play: play([send(...frames(bitsOf(value)))], fails(1002)),
    })),
  ),
);

function finds(autobahn: string | undefined): Pick<FrameCase, "autobahn"> {
  return autobahn === undefined ? {} : { autobahn: [autobahn] };
}

type Deliver = (good: CaseFrame, ...rest: CaseFrame[]) => Step[];

const together: Deliver = (...frames) => [send(...frames)];

// The bad frame comes after a message, which may be answered, and before a ping, which may not.
function afterGood(bad: CaseFrame, deliver: Deliver): FrameCase["play"] {
  const frames = [frame.text("good"), bad, frame.ping("too late")] as const;
  return play(deliver(...frames), fails(1002, { messages: [text("good")] }));
}

// In writes of their own, the bad frame waits for the answer to the good one. Otherwise it would depend on timing
// whether that answer is lost with the connection.
const deliveries: readonly { words: string; deliver: Deliver }[] = [
  { words: "in the same write", deliver: together },
  {
    words: "each frame in its own write",
    deliver: (good, ...rest) => [send(good), awaitMessages(1), ...sendEach(...rest)],
  },
  {
    words: "byte by byte",
    deliver: (good, ...rest) => [sendCut(1, good), awaitMessages(1), sendCut(1, ...rest)],
  },
];

const bitsAfterGood: FrameCase[] = family(
  "3.8",
  noExtension,
  deliveries.map(({ words, deliver }, index) => ({
    title: `${namesOf(index + 2)} on a message between a good one and a ping, ${words}, fails the connection before the ping`,
    autobahn: [`3.${index + 2}`],
    play: afterGood(frame.text("bad", bitsOf(index + 2)), deliver),
  })),
);

/** Reserved bits without an extension that gives them a meaning. */
export const reservedBits: readonly FrameCase[] = [...bitsOnEach, ...bitsAfterGood];

const noMeaning = {
  clause: "RFC 6455 §5.2",
  gist: "Opcodes 3 to 7 (data) and 11 to 15 (control) are reserved. A receiver MUST fail the connection on an unknown opcode.",
  level: "MUST",
} as const;

const opcodes = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];

const situations = [
  { words: "opcode # without a payload", frames: (opcode: number) => [frame.of(opcode)], autobahn: [3, 11] },
  {
    words: "opcode # with a payload",
    frames: (opcode: number) => [frame.of(opcode, "Hello")],
    autobahn: [4, 12],
  },
  {
    words: "opcode # without FIN",
    frames: (opcode: number) => [frame.of(opcode, "Hello", { fin: false })],
  },
  {
    words: "opcode # between two fragments of a message",
    frames: (opcode: number) => [begun, frame.of(opcode, "Hello"), frame.continuation("lo")],
  },
];

const opcodesAlone: FrameCase[] = situations.flatMap(({ words, frames, autobahn = [] }, index) =>
  family(
    `4.${index + 1}`,
    noMeaning,
    opcodes.map((opcode) => ({
      title: `${words.replace("#", String(opcode))} fails the connection`,
      ...finds(autobahn.includes(opcode) ? autobahnOf(opcode) : undefined),
      play: play([send(...frames(opcode))], fails(1002)),
    })),
  ),
);

const opcodesAfterGood: FrameCase[] = family(
  "4.5",
  noMeaning,
  opcodes.map((opcode) => ({
    title: `opcode ${opcode} between a good message and a ping, in the same write, fails the connection before the ping`,
    ...finds([3, 4, 11, 12].includes(opcode) ? undefined : autobahnOf(opcode)),
    play: afterGood(frame.of(opcode, "bad"), together),
  })),
);

// 4.1.1 to 4.1.5 are opcodes 3 to 7, 4.2.1 to 4.2.5 are opcodes 11 to 15.
function autobahnOf(opcode: number): string {
  return opcode < Opcode.Close ? `4.1.${opcode - 2}` : `4.2.${opcode - 10}`;
}

/** Reserved opcodes. */
export const reservedOpcodes: readonly FrameCase[] = [...opcodesAlone, ...opcodesAfterGood];
