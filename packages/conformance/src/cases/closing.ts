import type { Allowed, CaseFrame, FrameCase, Step } from "../model/frame-case.ts";
import {
  closes,
  fails,
  family,
  fragments,
  frame,
  lenient,
  lenientOnly,
  type Member,
  play,
  prose,
  refusesSize,
  send,
  sendUpTo,
  text,
} from "../model/writing.ts";
import { Opcode } from "../wire/frames.ts";

const halfClose: Step = { kind: "end" };

const noReply = "it does not answer the frames right before the close frame";
const answersLate = "it answers a ping after the close frame, although it need not (§5.5.2)";

const handshake = {
  clause: "RFC 6455 §5.5.1, §7.1.1",
  gist: "A close frame MUST be answered with a close frame, typically with the same code. Then the server MUST close the TCP connection immediately.",
  level: "MUST",
} as const;

const answered: FrameCase[] = family("7.1", handshake, [
  {
    title:
      "a close frame with 1000 is answered with 1000, and the server then closes the TCP connection without waiting for the client",
    autobahn: ["7.3.3"],
    play: play([send(frame.close(1000))], closes(1000)),
  },
  {
    title: "a close frame without a code is answered without a code, or with 1000",
    autobahn: ["7.3.1"],
    play: play([send(frame.close())], closes([1005, 1000])),
  },
  {
    title: "a text and then a close frame, in the same write, are both answered",
    autobahn: ["7.1.1"],
    play: play(
      [send(frame.text("before"), frame.close(1000))],
      [...closes(1000, { messages: [text("before")] }), ...lenient(noReply, closes(1000))],
    ),
  },
  {
    title: "a ping and then a close frame, in the same write, are both answered",
    play: play(
      [send(frame.ping("before"), frame.close(1000))],
      [...closes(1000, { pongs: ["before"] }), ...lenient(noReply, closes(1000))],
    ),
  },
  {
    title:
      "a text of 262,144 bytes before a close frame and a ping comes back whole or not at all, followed by a close frame",
    clause: "RFC 6455 §5.5.1",
    gist: "An endpoint MAY delay its close frame until it has sent its current message. It must not leave half of a message.",
    autobahn: ["7.1.6"],
    play: (random) => {
      const data = prose(262_144, random);
      return {
        steps: [send(frame.text(data), frame.close(1000), frame.ping("too late"))],
        allowed: [
          ...closes(1000, { messages: [text(data)] }),
          ...lenient(noReply, closes(1000)),
          ...lenient(answersLate, [
            ...closes(1000, { messages: [text(data)], pongs: ["too late"] }),
            ...closes(1000, { pongs: ["too late"] }),
          ]),
          ...refusesSize(1009, "it refuses a message of 256 KiB, which is a policy and not a fault"),
        ],
      };
    },
  },
  {
    title: "a close frame inside a fragmented message is answered, and no part of the message comes back",
    clause: "RFC 6455 §5.4, §5.5.1",
    gist: "Control frames, including close frames, may come in the middle of a fragmented message.",
    play: play([send(frame.text("unfinished", { fin: false }), frame.close(1000))], closes(1000)),
  },
]);

interface Afterwards {
  words: string;
  frames: readonly CaseFrame[];
  autobahn?: string[];
  tolerated?: Allowed[];
}

const stillReads = lenient("it still validates frames after a close frame", fails(1002));

const afterwards: readonly Afterwards[] = [
  { words: "a second close frame with another code", frames: [frame.close(1001)], autobahn: ["7.1.2"] },
  { words: "a text", frames: [frame.text("too late")], autobahn: ["7.1.4"] },
  { words: "a binary message in two fragments", frames: fragments(Opcode.Binary, ["too ", "late"]) },
  { words: "a pong", frames: [frame.pong("too late")] },
  {
    words: "a frame with a reserved bit",
    frames: [frame.text("too late", { rsv2: true })],
    tolerated: stillReads,
  },
  {
    words: "a frame with the wrong masking",
    frames: [frame.text("too late", { masking: "wrong" })],
    // §5.1 requires failing the connection because of such a frame, wherever it comes.
    tolerated: stillReads,
  },
];

const ignored: FrameCase[] = family(
  "7.2",
  {
    clause: "RFC 6455 §1.4, §5.5.1",
    gist: "A close frame is the last frame of an endpoint. Anything that it sends afterwards is discarded.",
    level: "MUST",
  },
  [
    ...afterwards.map(
      ({ words, frames, autobahn, tolerated = [] }): Member => ({
        title: `${words} after a close frame, in the same write, is ignored`,
        ...(autobahn && { autobahn }),
        play: play([send(frame.close(1000), ...frames)], [...closes(1000), ...tolerated]),
      }),
    ),
    {
      title: "a ping after a close frame, in the same write, gets no answer",
      clause: "RFC 6455 §5.5.2",
      gist: "A ping MUST be answered unless a close frame came first.",
      autobahn: ["7.1.3"],
      play: play(
        [send(frame.close(1000), frame.ping("too late"))],
        [...closes(1000), ...lenient(answersLate, closes(1000, { pongs: ["too late"] }))],
      ),
    },
    {
      title: "a close frame inside a message discards its last fragment, so the message stays incomplete",
      autobahn: ["7.1.5"],
      play: play(
        [send(frame.text("one ", { fin: false }), frame.close(1000), frame.continuation("two"))],
        closes(1000),
      ),
    },
  ],
);

const reasons: readonly { words: string; reason: string; autobahn?: string[] }[] = [
  { words: "of one byte", reason: "x" },
  { words: "of two words", reason: "good bye", autobahn: ["7.3.4"] },
  { words: "of 123 bytes (the maximum)", reason: "r".repeat(123), autobahn: ["7.3.5"] },
];

const ignoresByte = lenientOnly("it treats a payload of one byte as empty", closes([1000, 1005]));

const payloads: FrameCase[] = family(
  "7.3",
  {
    clause: "RFC 6455 §5.5, §5.5.1",
    gist: "The payload of a close frame is either empty or a two-byte code with an optional reason. It has at most 125 bytes.",
    level: "MUST",
  },
  [
    ...reasons.map(
      ({ words, reason, autobahn }): Member => ({
        title: `a close frame with a reason ${words} is answered with its code`,
        ...(autobahn && { autobahn }),
        play: play([send(frame.close(1000, reason))], closes(1000)),
      }),
    ),
    {
      title: "a close frame with a payload of one byte, too short for a code, fails the connection",
      autobahn: ["7.3.2"],
      play: play([send(frame.of(Opcode.Close, Uint8Array.of(3)))], [...fails(1002), ...ignoresByte]),
    },
    {
      title: "a close frame with a reason of 124 bytes, one too many, fails the connection",
      autobahn: ["7.3.6"],
      play: play([send(frame.close(1001, "r".repeat(124)))], fails(1002)),
    },
    {
      title: "a close frame with a reason of 65,536 bytes fails the connection",
      play: play([send(frame.close(1001, "r".repeat(65_536)))], fails(1002)),
    },
  ],
);

const defined = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011];
const free = [3000, 3999, 4000, 4999];
const autobahnRight = [...defined, ...free];

const right: FrameCase[] = [
  ...family(
    "7.4",
    {
      clause: "RFC 6455 §5.5.1, §7.4.1",
      gist: "A close frame is typically answered with the same code. The RFC defines these codes.",
      level: "MUST",
    },
    defined.map((code) => ({
      title: `close code ${code} comes back`,
      autobahn: [`7.7.${autobahnRight.indexOf(code) + 1}`],
      play: play([send(frame.close(code))], closes(code)),
    })),
  ),
  ...family(
    "7.5",
    {
      clause: "RFC 6455 §7.4.2",
      gist: "Codes from 3000 to 3999 are for libraries and frameworks. Codes from 4000 to 4999 are for private use.",
      level: "MUST",
    },
    free.map((code) => ({
      title: `close code ${code}, at an edge of the ranges for libraries and private use, comes back`,
      autobahn: [`7.7.${autobahnRight.indexOf(code) + 1}`],
      play: play([send(frame.close(code))], closes(code)),
    })),
  ),
  ...family(
    "7.6",
    {
      clause: "RFC 6455 §7.4.2, §11.7",
      gist: "Codes that IANA registered after the RFC may be sent too. A peer that does not know them may refuse them.",
      level: "SHOULD",
    },
    [1012, 1013, 1014].map((code) => ({
      title: `close code ${code}, which was registered after the RFC, comes back`,
      play: play(
        [send(frame.close(code))],
        [...closes(code), ...lenient(`it does not know ${code}, which is registered with IANA`, fails(1002))],
      ),
    })),
  ),
];

// A peer that sends back a code that MUST NOT be sent breaks the rule itself, so this is not tolerated.
function refusesCode(tolerated: readonly number[], because: string): Allowed[] {
  return [...fails(1002), ...lenientOnly(because, closes(tolerated))];
}

const toleratedWrong = "it ignores the code, or accepts a wrong one";
const toleratedUnknown = "it accepts an undefined code";

const wrong: FrameCase[] = [
  ...family(
    "7.7",
    {
      clause: "RFC 6455 §7.4.1",
      gist: "1005, 1006 and 1015 are for use inside an endpoint. They MUST NOT be in a close frame.",
      level: "MUST",
    },
    [
      { code: 1005, words: "which means that there was no code", autobahn: ["7.9.4"] },
      { code: 1006, words: "which means that there was no close frame", autobahn: ["7.9.5"] },
      { code: 1015, words: "which means that TLS failed" },
    ].map(({ code, words, autobahn }) => ({
      title: `close code ${code}, ${words}, fails the connection, and does not come back`,
      ...(autobahn && { autobahn }),
      play: play([send(frame.close(code))], refusesCode([1000, 1005], toleratedWrong)),
    })),
  ),
  ...family(
    "7.8",
    {
      clause: "RFC 6455 §7.4.2",
      gist: "Codes below 1000 are not used.",
      level: "MUST",
    },
    [
      { code: 0, autobahn: ["7.9.1"] },
      { code: 999, autobahn: ["7.9.2"] },
    ].map(({ code, autobahn }) => ({
      title: `close code ${code}, below the first valid code, fails the connection, and does not come back`,
      autobahn,
      play: play([send(frame.close(code))], refusesCode([1000, 1005], toleratedWrong)),
    })),
  ),
  ...family(
    "7.9",
    {
      clause: "RFC 6455 §7.4.1, §7.4.2",
      gist: "Undefined codes from 1000 to 2999 are reserved for the protocol and its extensions, and there are no codes from 5000 on. The RFC does not say how to react to them.",
      level: "SHOULD",
    },
    [
      { code: 1004, autobahn: ["7.9.3"] },
      { code: 1016, autobahn: ["7.9.6"] },
      { code: 2999, autobahn: ["7.9.9"] },
      { code: 5000, autobahn: ["7.13.1"] },
      { code: 65_535, autobahn: ["7.13.2"] },
      { code: 1100, autobahn: ["7.9.7"] },
      { code: 2000, autobahn: ["7.9.8"] },
    ].map(({ code, autobahn }) => ({
      title: `undefined close code ${code} fails the connection`,
      autobahn,
      // Autobahn has no opinion on codes that nobody can define.
      play: play(
        [send(frame.close(code))],
        code < 5000
          ? refusesCode([code, 1000, 1005], toleratedUnknown)
          : [...fails(1002), ...lenient(toleratedUnknown, closes([code, 1000, 1005]))],
      ),
    })),
  ),
];

const ended: Allowed = { verdict: "pass", messages: [], end: { kind: "ended" } };
const keepsHalf: Allowed = {
  verdict: "non-strict",
  messages: [],
  end: { kind: "kept" },
  because: "it keeps the connection although the other end can never send again",
};

const halves = {
  clause: "RFC 6455 §7.1.4, §7.1.5",
  gist: "If TCP ends without a close frame, the WebSocket is closed (1006). An unfinished message is discarded.",
  level: "SHOULD",
} as const;

const tcp: FrameCase[] = family("7.10", halves, [
  {
    title: "a close frame is answered even if our half of the TCP connection ends right after it",
    clause: "RFC 6455 §5.5.1",
    gist: "A close frame MUST be answered with a close frame. The other half of the TCP connection can still carry the answer.",
    level: "MUST",
    play: play(
      [send(frame.close(1000)), halfClose],
      [
        ...closes(1000),
        {
          ...ended,
          verdict: "non-strict",
          because: "it sends no answer once the other half of the TCP connection has ended",
        },
      ],
    ),
  },
  {
    title: "if our half of the TCP connection ends without a close frame, the peer ends its half",
    play: play([halfClose], [ended, keepsHalf]),
  },
  {
    title:
      "if our half of the TCP connection ends right after a text, the text comes back before the peer ends its half",
    play: play(
      [send(frame.text("last words")), halfClose],
      [{ ...ended, messages: [text("last words")] }, keepsHalf],
    ),
  },
  {
    title: "if our half of the TCP connection ends inside a frame header, the peer ends its half",
    play: play([sendUpTo(1, frame.text("half")), halfClose], [ended, keepsHalf]),
  },
  {
    title: "if our half of the TCP connection ends inside the payload of a text, no part of it comes back",
    play: play([sendUpTo(-1, frame.text("half")), halfClose], [ended, keepsHalf]),
  },
  {
    title: "if our half of the TCP connection ends between two fragments, no part of the message comes back",
    play: play([send(frame.text("half", { fin: false })), halfClose], [ended, keepsHalf]),
  },
]);

/** The closing handshake. */
export const closing: readonly FrameCase[] = [
  ...answered,
  ...ignored,
  ...payloads,
  ...right,
  ...wrong,
  ...tcp,
];
