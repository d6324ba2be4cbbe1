// The server's side of negotiating permessage-deflate: RFC 7692 §5, §7.1.

import {
  type Agreement,
  NegotiationError,
  type Parameters,
  parseExtensions,
  readParameters,
} from "./deflate.ts";

/** A server's answer to an offer, and what is agreed by it. */
export interface Acceptance {
  /** The value of `Sec-WebSocket-Extensions`. */
  answer: string;
  agreement: Agreement;
}

/** Accepts the first of a client's offers that allows what is wanted. `wanted` is written as an offer, too. */
export function acceptOffer(wanted: string, offers: string): Acceptance | undefined {
  const [want] = offersIn(wanted);
  if (!want) return undefined;
  for (const offer of offersIn(offers)) {
    const answer = answerTo(want, offer);
    if (answer) return { answer: write(answer), agreement: agreementOf(offer, answer) };
  }
  return undefined;
}

/**
 * Returns the offers of permessage-deflate and skips those that are not valid. Empty if the header itself is not
 * valid.
 */
export function offersIn(header: string): Parameters[] {
  return attempt(() => parseExtensions(header), []).flatMap((extension) =>
    extension.name === "permessage-deflate"
      ? attempt<Parameters[]>(() => [readParameters(extension, "offer")], [])
      : [],
  );
}

function attempt<T>(act: () => T, otherwise: T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof NegotiationError) return otherwise;
    throw error;
  }
}

// Returns nothing if the offer does not allow it.
function answerTo(want: Parameters, offer: Parameters): Parameters | undefined {
  const { client_max_window_bits: wanted } = want;
  const { client_max_window_bits: offered } = offer;
  // A server MUST NOT limit the window of a client that did not offer this: RFC 7692 §7.1.2.2.
  if (typeof wanted === "number" && offered === undefined) return undefined;
  const ours = least(want.server_max_window_bits, offer.server_max_window_bits);
  const theirs = typeof wanted === "number" ? least(wanted, offered) : undefined;
  return {
    ...((want.server_no_context_takeover || offer.server_no_context_takeover) && {
      server_no_context_takeover: true,
    }),
    ...(want.client_no_context_takeover && { client_no_context_takeover: true }),
    ...(ours !== undefined && { server_max_window_bits: ours }),
    ...(theirs !== undefined && { client_max_window_bits: theirs }),
  };
}

function least(...limits: (number | true | undefined)[]): number | undefined {
  const numbers = limits.filter((limit) => typeof limit === "number");
  return numbers.length > 0 ? Math.min(...numbers) : undefined;
}

/** Returns the value of `Sec-WebSocket-Extensions` that accepts permessage-deflate with these parameters. */
export function write(parameters: Parameters): string {
  const words = Object.entries(parameters).map(([name, value]) =>
    value === true ? name : `${name}=${value}`,
  );
  return ["permessage-deflate", ...words].join("; ");
}

// As seen from the server: RFC 7692 §7.1.
function agreementOf(offer: Parameters, answer: Parameters): Agreement {
  const { client_max_window_bits: theirs = offer.client_max_window_bits } = answer;
  return {
    ours: {
      contextTakeover: !answer.server_no_context_takeover,
      windowBits: answer.server_max_window_bits ?? 15,
    },
    theirs: {
      contextTakeover: !answer.client_no_context_takeover && !offer.client_no_context_takeover,
      windowBits: typeof theirs === "number" ? theirs : 15,
    },
  };
}
