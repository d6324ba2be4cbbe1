import type { FrameCase, Play } from "../model/frame-case.ts";
import type { Random } from "../model/random.ts";
import { binary, echoes, family, frame, type Member, send, text } from "../model/writing.ts";
import { bytesOf, join } from "../wire/bytes.ts";
import type { Agreement } from "../wire/deflate.ts";
import { Compressor, compressedFragments, json } from "./write-compressed.ts";

// Messages that show whether both ends do what they agreed on. Each comes twice, which tempts a compressor to take
// over its context, and repeats itself from farther away than its window reaches.
function exchange(random: Random, agreed?: Agreement): Play {
  const greeting = bytesOf("Hello, Hello");
  const document = json(1_500, random);
  const far = repeatedBeyond(agreed?.theirs.windowBits ?? 15, random);
  const compressor = agreed && new Compressor(agreed);
  const texts = [greeting, greeting, document, document];
  const sent = texts.map((each) => compressor?.text(each) ?? frame.text(each));
  const first = compressor?.binary(far) ?? frame.binary(far);
  const second = compressor?.payload(far);
  const again = second
    ? compressedFragments("binary", [second.subarray(0, 5), second.subarray(5)])
    : [frame.binary(far)];
  return {
    steps: [send(...sent, first, ...again)],
    allowed: echoes(...texts.map(text), binary(far), binary(far)),
  };
}

// Longer than messages that servers leave uncompressed because they are too short to be worth it.
const worthwhile = 1_200;

function repeatedBeyond(windowBits: number, random: Random): Uint8Array {
  const parts: Uint8Array[] = [];
  const distance = 2 ** windowBits + 16;
  for (let length = 0; length < worthwhile; length += distance + 40) {
    const block = random.bytes(distance);
    parts.push(block, block.subarray(0, 40));
  }
  return join(parts);
}

const agreement = {
  clause: "RFC 7692 §7.1",
  gist: "An answer confirms each limit for the server, with the same number of bits or fewer. It limits the client only as the client offered.",
  level: "MUST",
} as const;

const allBits = [8, 9, 10, 11, 12, 13, 14, 15];
const serverBits = ["", ...allBits.map((bits) => `server_max_window_bits=${bits}`)];
const clientBits = ["client_max_window_bits", ...allBits.map((bits) => `client_max_window_bits=${bits}`)];
const takeovers = ["", "server_no_context_takeover", "client_no_context_takeover"].concat(
  "server_no_context_takeover; client_no_context_takeover",
);

function offerOf(...parameters: string[]): string {
  return ["permessage-deflate", ...parameters].filter(Boolean).join("; ");
}

function offering(offer: string): Member {
  return {
    title: `an offer of "${offer}" gets a valid answer, and the messages follow it`,
    offer,
    play: exchange,
  };
}

// Autobahn's offers. Autobahn sends each of its 18 sizes over each offer, as if a size could go wrong with one
// offer only. Here the sizes are in group 13, over one offer.
const autobahnOffers = [
  "permessage-deflate",
  "permessage-deflate; server_no_context_takeover",
  "permessage-deflate; server_max_window_bits=9",
  "permessage-deflate; server_max_window_bits=15",
  "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
  "permessage-deflate; server_no_context_takeover; server_max_window_bits=15",
];

function sizesOf(family: number): string[] {
  return Array.from({ length: 18 }, (_, size) => `13.${family}.${size + 1}`);
}

// Every pair of parameters, with every value. No bug is known that needs three.
const serverWindows = family(
  "12.1",
  agreement,
  takeovers.flatMap((takeover) =>
    serverBits.map((bits) => {
      const offer = offerOf(takeover, bits);
      const known = autobahnOffers.indexOf(offer);
      return { ...offering(offer), ...(known >= 0 && { autobahn: sizesOf(known + 1) }) };
    }),
  ),
);

const clientWindows = family(
  "12.2",
  agreement,
  takeovers.flatMap((takeover) => clientBits.map((bits) => offering(offerOf(takeover, bits)))),
);

const bothWindows = family(
  "12.3",
  agreement,
  serverBits.slice(1).flatMap((server) => clientBits.map((client) => offering(offerOf(server, client)))),
);

const writings = [
  {
    words: "with its parameters in a different order",
    offer: offerOf(clientBits[0] ?? "", serverBits[3] ?? "", "server_no_context_takeover"),
  },
  { words: "without spaces", offer: "permessage-deflate;client_max_window_bits;server_max_window_bits=12" },
  {
    words: "with spaces and tabs around its semicolons",
    offer: "permessage-deflate \t; \tclient_max_window_bits  ;server_max_window_bits=12",
  },
  { words: "with a quoted value", offer: 'permessage-deflate; server_max_window_bits="12"' },
  {
    words: "with an escape in a quoted value",
    offer: 'permessage-deflate; server_max_window_bits="1\\2"',
  },
];

const written = family(
  "12.4",
  {
    clause: "RFC 6455 §9.1",
    gist: "Parameters may come in any order, with or without spaces. A quoted value means the same as an unquoted one.",
    level: "MUST",
  },
  writings.map(({ words, offer }) => ({
    ...offering(offer),
    peer: "server" as const,
    title: `an offer ${words} (${offer}) is understood`,
  })),
);

const lists = [
  // Autobahn's 13.7.
  [
    offerOf("server_no_context_takeover", "server_max_window_bits=9"),
    offerOf("server_no_context_takeover"),
    offerOf(),
  ],
  [
    offerOf("server_max_window_bits=8"),
    offerOf("server_max_window_bits=9"),
    offerOf("server_max_window_bits=10"),
  ],
  [offerOf("server_no_context_takeover"), offerOf("client_no_context_takeover")],
  [offerOf(), offerOf()],
  ["x-webkit-deflate-frame", offerOf()],
  ["permessage-bzip2; server_max_window_bits=9", offerOf()],
  [offerOf(), "permessage-lz4; level=9"],
  ['x-quoted; word="permessage-deflate"', offerOf("client_no_context_takeover")],
];

const fallbacks = family(
  "12.5",
  {
    clause: "RFC 7692 §5",
    gist: "The client lists its offers in order of preference. The server accepts one of them or none, and skips those it does not know.",
    level: "MUST",
  },
  lists.map((list, index) => ({
    ...offering(list.join(", ")),
    peer: "server" as const,
    title: `at most one of the offers "${list.join(", ")}" is accepted, and the messages follow it`,
    ...(index === 0 && { autobahn: sizesOf(7) }),
  })),
);

const invalid = [
  ...["unknown", "unknown=1", "__proto__", "constructor=1", "windowBits=15"],
  ...["server_no_context_takeover=true", "client_no_context_takeover=1"],
  ...["server_no_context_takeover; server_no_context_takeover"],
  ...["client_no_context_takeover; client_no_context_takeover"],
  ...["server_max_window_bits=10; server_max_window_bits=10"],
  ...["client_max_window_bits; client_max_window_bits=10"],
  "server_max_window_bits",
  ...["0", "7", "16", "99", "08", "1e1", "-9", "10.0", "0xa", "4294967305", "ten"].flatMap((value) => [
    `server_max_window_bits=${value}`,
    `client_max_window_bits=${value}`,
  ]),
];

const declining = {
  clause: "RFC 7692 §7",
  gist: "An offer with an unknown parameter, an invalid value or a repeated parameter MUST be declined. The connection opens without it.",
  level: "MUST",
} as const;

const declined = family(
  "12.6",
  declining,
  invalid.map((parameters) => ({
    title: `an offer with "${parameters}" is declined, and messages are not compressed`,
    offer: offerOf(parameters),
    peer: "server" as const,
    mayDecline: true as const,
    mayRefuse: true as const,
    play: exchange,
  })),
);

// One of each kind. The reasons are in the family before.
const unusable = [
  "unknown",
  "server_max_window_bits=16",
  "server_no_context_takeover=true",
  "client_max_window_bits=8; client_max_window_bits=9",
];

const passedOver = family(
  "12.7",
  declining,
  unusable.flatMap((parameters) =>
    [
      [offerOf(parameters), offerOf()],
      [offerOf(), offerOf(parameters)],
    ].map((list) => ({
      title: `only the valid one of the offers "${list.join(", ")}" may be accepted`,
      offer: list.join(", "),
      peer: "server" as const,
      mayDecline: true as const,
      mayRefuse: true as const,
      play: exchange,
    })),
  ),
);

/** Negotiation, and whether the peer keeps to what was agreed. */
export const negotiation: readonly FrameCase[] = [
  ...serverWindows,
  ...clientWindows,
  ...bothWindows,
  ...written,
  ...fallbacks,
  ...declined,
  ...passedOver,
];
