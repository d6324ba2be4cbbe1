import type { AnswerCase, ClientRequest } from "../model/answer-case.ts";
import { type Common, numbered } from "../model/writing.ts";
import { offersIn, write } from "../wire/accept-offer.ts";
import type { Parameters } from "../wire/deflate.ts";
import { head, mustFail, right } from "./write-answer.ts";

/** An answer that the client's offers do not allow. */
interface Confirmation extends Partial<Common> {
  /** What is wrong with it. */
  words: string;
  /** Returns the value of `Sec-WebSocket-Extensions`, or nothing if it is not wrong for these offers. */
  answer: (offers: readonly Parameters[]) => string | undefined;
  /** An offer for which the answer is wrong, if it is not wrong for every offer. */
  sampleOffer?: string;
}

// Wrong for every client that offers permessage-deflate.
function always(value: string): Confirmation["answer"] {
  return (offers) => (offers.length > 0 ? value : undefined);
}

// Wrong only if it is wrong for each of the offers, because a client may send several. Everything else that the
// first offer asks for is confirmed.
function ifAll(
  isWrong: (offer: Parameters) => boolean,
  change: { [name in keyof Parameters]: Parameters[name] | undefined },
): Confirmation["answer"] {
  return (offers) => {
    const [first] = offers;
    if (!first || !offers.every(isWrong)) return undefined;
    const { server_no_context_takeover, server_max_window_bits } = first;
    const answer = { server_no_context_takeover, server_max_window_bits, ...change };
    const said = Object.entries(answer).filter(([, value]) => value !== undefined);
    return write(Object.fromEntries(said));
  };
}

function lessThan15(bits: number | true | undefined): boolean {
  return typeof bits === "number" && bits < 15;
}

const grammar = {
  clause: "RFC 6455 §9.1",
  gist: "A peer that receives a value outside the grammar MUST immediately fail the connection.",
};
const notOffered = {
  clause: "RFC 6455 §4.1, RFC 7692 §5.1",
  gist: "A client MUST fail the connection if the server accepts an extension that the client did not offer.",
};

const confirmations: readonly Confirmation[] = [
  {
    ...notOffered,
    words: "permessage-deflate, which the client did not offer,",
    answer: (offers) => (offers.length === 0 ? "permessage-deflate" : undefined),
    sampleOffer: "",
  },
  {
    ...notOffered,
    words: "an extension that was not offered beside one that was",
    answer: always("permessage-deflate, x-nobody-offered"),
  },
  {
    clause: "RFC 7692 §5, §5.1",
    gist: "A client MUST fail the connection if the accepted extensions conflict. Two compressions conflict on RSV1.",
    words: "permessage-deflate twice",
    answer: always("permessage-deflate, permessage-deflate"),
  },
  {
    clause: "RFC 7692 §7.1.2.2",
    gist: "An answer MUST NOT limit the client's window unless the client offered that.",
    words: "client_max_window_bits, which the client did not offer,",
    answer: ifAll((offer) => offer.client_max_window_bits === undefined, { client_max_window_bits: 10 }),
    sampleOffer: "permessage-deflate",
  },
  {
    clause: "RFC 7692 §7.1.2.2",
    gist: "In an answer, client_max_window_bits must have a value.",
    words: "client_max_window_bits without a value",
    answer: always("permessage-deflate; client_max_window_bits"),
  },
  ...["0", "7", "16", "08", "1e1"].map((bits) => ({
    clause: "RFC 7692 §7.1.2.2",
    gist: "A window has 8 to 15 bits, written as a decimal number without leading zeros.",
    words: `client_max_window_bits=${bits}`,
    answer: always(`permessage-deflate; client_max_window_bits=${bits}`),
  })),
  {
    words: "client_max_window_bits twice",
    answer: always("permessage-deflate; client_max_window_bits=15; client_max_window_bits=15"),
  },
  {
    words: "client_no_context_takeover with a value",
    answer: always("permessage-deflate; client_no_context_takeover=1"),
  },
  {
    clause: "RFC 7692 §7.1.1.1",
    gist: "A server that accepts an offer with server_no_context_takeover says so in its answer.",
    words: "no server_no_context_takeover, although the client asked for it,",
    answer: ifAll((offer) => offer.server_no_context_takeover === true, {
      server_no_context_takeover: undefined,
    }),
    sampleOffer: "permessage-deflate; server_no_context_takeover",
  },
  {
    clause: "RFC 7692 §7.1.2.1",
    gist: "A server that accepts an offer with server_max_window_bits says so in its answer.",
    words: "no server_max_window_bits, although the client asked for it,",
    answer: ifAll((offer) => lessThan15(offer.server_max_window_bits), { server_max_window_bits: undefined }),
    sampleOffer: "permessage-deflate; server_max_window_bits=10",
  },
  {
    clause: "RFC 7692 §7.1.2.1",
    gist: "The server's window must not be larger than the client asked for.",
    words: "a larger server_max_window_bits than the client asked for",
    answer: ifAll((offer) => lessThan15(offer.server_max_window_bits), { server_max_window_bits: 15 }),
    sampleOffer: "permessage-deflate; server_max_window_bits=10",
  },
  {
    clause: "RFC 7692 §7.1.2.2",
    gist: "The client's window must not be larger than it offered.",
    words: "a larger client_max_window_bits than the client offered",
    answer: ifAll((offer) => lessThan15(offer.client_max_window_bits), { client_max_window_bits: 15 }),
    sampleOffer: "permessage-deflate; client_max_window_bits=10",
  },
  ...[
    { words: "a semicolon and nothing after it", value: "permessage-deflate;" },
    { words: "two names without a semicolon", value: "permessage-deflate server_no_context_takeover" },
    { words: "an equals sign and no value", value: "permessage-deflate; server_max_window_bits=" },
    {
      words: "a quoted value that is not a token",
      value: 'permessage-deflate; server_max_window_bits="1 0"',
    },
    { words: "a quoted value without its end", value: 'permessage-deflate; server_max_window_bits="10' },
  ].map(({ words, value }) => ({ ...grammar, words, answer: always(value) })),
];

/** How a client takes an answer to its offers that is not valid. */
export const confirmation: readonly AnswerCase[] = numbered(
  "12.8",
  confirmations.map(({ words, answer, ...rest }) => ({
    ...mustFail,
    clause: "RFC 7692 §7.1",
    gist: "A client MUST fail the connection if the answer has a parameter twice or with an invalid value.",
    ...rest,
    title: `an answer with ${words} fails the connection`,
    answer(request: ClientRequest) {
      const value = answer(offersIn(request.offer));
      return value && head((each) => [...right(each), `Sec-WebSocket-Extensions: ${value}`])(request);
    },
  })),
);
