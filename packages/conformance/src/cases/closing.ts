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

const noReply = "what came just before the close frame gets no reply";
const answersLate = "it answers a ping that came after the close frame, which it need not (§5.5.2)";

const handshake = {
  clause: "RFC 6455 §5.5.1, §7.1.1",
  gist: "A close frame MUST be answered with one, typically with the same code; then the server MUST close TCP at once.",
  level: "MUST",
} as const;

const answered: FrameCase[] = family("7.1", handshake, [
  {
    title: "a close frame with 1000 is answered with 1000, and the server ends TCP without waiting for us",
    autobahn: ["7.3.3"],
    play: play([send(frame.close(1000))], closes(1000)),
  },
  {
    title: "a close frame without a code is answered with none, or with 1000",
    autobahn: ["7.3.1"],
    play: play([send(frame.close())], closes([1005, 1000])),
  },
  {
    title: "a close frame in the same write as a text before it is answered, and so is the text",
    autobahn: ["7.1.1"],
    play: play(
      [send(frame.text("before"), frame.close(1000))],
      [...closes(1000, { messages: [text("before")] }), ...lenient(noReply, closes(1000))],
    ),
  },
  {
    title: "a close frame in the same write as a ping before it is answered, and so is the ping",
    play: play(
      [send(frame.ping("before"), frame.close(1000))],
      [...closes(1000, { pongs: ["before"] }), ...lenient(noReply, closes(1000))],
    ),
  },
  {
    title:
      "a text of 262,144 bytes, a close frame and a ping: the text comes back whole or not at all, then the close frame",
    clause: "RFC 6455 §5.5.1",
    gist: "An endpoint MAY delay its close frame until the message that it is sending is sent; no half of it may be left.",
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
          ...refusesSize(1009, "it refuses a message of 256 KiB: a policy, not a fault"),
        ],
      };
    },
  },
  {
    title: "a close frame inside a fragmented message is answered, and nothing of the message comes back",
    clause: "RFC 6455 §5.4, §5.5.1",
    gist: "Control frames, close frames among them, may come in the middle of a fragmented message.",
    play: play([send(frame.text("unfinished", { fin: false }), frame.close(1000))], closes(1000)),
  },
]);

interface Afterwards {
  words: string;
  frames: readonly CaseFrame[];
  autobahn?: string[];
  tolerated?: Allowed[];
}

const stillReads = lenient("it still judges what comes after a close frame", fails(1002));

const afterwards: readonly Afterwards[] = [
  { words: "a second close frame, of another code,", frames: [frame.close(1001)], autobahn: ["7.1.2"] },
  { words: "a text", frames: [frame.text("too late")], autobahn: ["7.1.4"] },
  { words: "a binary message in two fragments", frames: fragments(Opcode.Binary, ["too ", "late"]) },
  { words: "a pong", frames: [frame.pong("too late")] },
  {
    words: "a frame with a reserved bit",
    frames: [frame.text("too late", { rsv2: true })],
    tolerated: stillReads,
  },
  {
    words: "a frame that is not masked the right way",
    frames: [frame.text("too late", { masking: "wrong" })],
    // §5.1 requires failing the connection because of such a frame, wherever it comes.
    tolerated: stillReads,
  },
];

const ignored: FrameCase[] = family(
  "7.2",
  {
    clause: "RFC 6455 §1.4, §5.5.1",
    gist: "What comes after a close frame is discarded, whatever it is: a close frame ends what a peer has to say.",
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
      gist: "A ping MUST be answered, unless a close frame came before it.",
      autobahn: ["7.1.3"],
      play: play(
        [send(frame.close(1000), frame.ping("too late"))],
        [...closes(1000), ...lenient(answersLate, closes(1000, { pongs: ["too late"] }))],
      ),
    },
    {
      title: "the last fragment of a message, after a close frame amid it, does not complete the message",
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
  { words: "of 123 bytes, the longest,", reason: "r".repeat(123), autobahn: ["7.3.5"] },
];

const ignoresByte = lenientOnly("it treats a payload of one byte as none", closes([1000, 1005]));

const payloads: FrameCase[] = family(
  "7.3",
  {
    clause: "RFC 6455 §5.5, §5.5.1",
    gist: "The payload of a close frame is empty, or a code in two bytes and a reason; all of it is at most 125 bytes.",
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
      title: "a close frame of one byte, too few for a code, fails the connection",
      autobahn: ["7.3.2"],
      play: play([send(frame.of(Opcode.Close, Uint8Array.of(3)))], [...fails(1002), ...ignoresByte]),
    },
    {
      title: "a close frame with a reason of 124 bytes, one more than fits, fails the connection",
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
      gist: "A close frame is typically answered with the code that it carried; these codes are defined.",
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
      gist: "Codes from 3000 to 3999 are for libraries and frameworks, those from 4000 to 4999 for whoever likes.",
      level: "MUST",
    },
    free.map((code) => ({
      title: `close code ${code}, at a border of the codes that are free to use, comes back`,
      autobahn: [`7.7.${autobahnRight.indexOf(code) + 1}`],
      play: play([send(frame.close(code))], closes(code)),
    })),
  ),
  ...family(
    "7.6",
    {
      clause: "RFC 6455 §7.4.2, §11.7",
      gist: "Codes that came into the registry of IANA after the RFC may be sent like its own; who does not know them may refuse them.",
      level: "SHOULD",
    },
    [1012, 1013, 1014].map((code) => ({
      title: `close code ${code}, which is younger than the RFC, comes back`,
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

const toleratedWrong = "it does not look at the code, or does not mind that it is wrong";
const toleratedUnknown = "it accepts a code that nobody has defined";

const wrong: FrameCase[] = [
  ...family(
    "7.7",
    {
      clause: "RFC 6455 §7.4.1",
      gist: "1005, 1006 and 1015 are for use within an endpoint; they MUST NOT be in a close frame.",
      level: "MUST",
    },
    [
      { code: 1005, words: "which stands for no code at all", autobahn: ["7.9.4"] },
      { code: 1006, words: "which stands for no close frame at all", autobahn: ["7.9.5"] },
      { code: 1015, words: "which stands for a failure of TLS" },
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
      title: `close code ${code}, below those that are used, fails the connection, and does not come back`,
      autobahn,
      play: play([send(frame.close(code))], refusesCode([1000, 1005], toleratedWrong)),
    })),
  ),
  ...family(
    "7.9",
    {
      clause: "RFC 6455 §7.4.1, §7.4.2",
      gist: "Codes from 1000 to 2999 that are not defined are kept for the protocol and its extensions; there are none from 5000 on. How to take one is not said.",
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
      title: `close code ${code}, which nobody has defined, fails the connection`,
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
  because: "it keeps a connection whose other end will never speak again",
};

const halves = {
  clause: "RFC 6455 §7.1.4, §7.1.5",
  gist: "A TCP connection that ends without a close frame is closed (1006); what was not finished is nothing.",
  level: "SHOULD",
} as const;

const tcp: FrameCase[] = family("7.10", halves, [
  {
    title: "our half of TCP ends right after our close frame, which is answered all the same",
    clause: "RFC 6455 §5.5.1",
    gist: "A close frame MUST be answered with one. The half of TCP on which the answer goes is still open.",
    level: "MUST",
    play: play(
      [send(frame.close(1000)), halfClose],
      [
        ...closes(1000),
        {
          ...ended,
          verdict: "non-strict",
          because: "its answer is lost where the other half of TCP has ended",
        },
      ],
    ),
  },
  {
    title: "our half of TCP ends without a close frame, and the peer ends its own",
    play: play([halfClose], [ended, keepsHalf]),
  },
  {
    title: "our half of TCP ends right after a text, which comes back before the peer ends its own",
    play: play(
      [send(frame.text("last words")), halfClose],
      [{ ...ended, messages: [text("last words")] }, keepsHalf],
    ),
  },
  {
    title: "our half of TCP ends amid the header of a frame, and the peer ends its own",
    play: play([sendUpTo(1, frame.text("half")), halfClose], [ended, keepsHalf]),
  },
  {
    title: "our half of TCP ends amid the payload of a text, and nothing of it comes back",
    play: play([sendUpTo(-1, frame.text("half")), halfClose], [ended, keepsHalf]),
  },
  {
    title: "our half of TCP ends between two fragments, and nothing of the message comes back",
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
