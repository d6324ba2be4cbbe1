// permessage-deflate: RFC 7692.

import { constants, deflateRawSync } from "node:zlib";
import { join } from "./bytes.ts";
import { inflateRaw } from "./inflate.ts";
import type { Inflate } from "./messages.ts";

/** How one direction is compressed. */
export interface Compression {
  /** Whether a message may refer to earlier ones: RFC 7692 §7.1.1. */
  contextTakeover: boolean;
  /** How far back it may refer, as a power of two: 8 to 15 (RFC 7692 §7.1.2). */
  windowBits: number;
}

/** How zlib is to compress. What is left out has zlib's default. */
export interface CompressionEffort {
  /** From 0, which stores the bytes as they are, to 9. zlib's default is 6. */
  level?: number;
  /** A strategy of zlib, such as `constants.Z_FIXED`. The default is `Z_DEFAULT_STRATEGY`. */
  strategy?: number;
}

/** The parameters that both ends agreed on, as seen from our end. */
export interface Agreement {
  ours: Compression;
  theirs: Compression;
}

/** An answer that the offer does not allow. RFC 7692 §7.1 says to fail the connection. */
export class NegotiationError extends Error {
  override readonly name = "NegotiationError";
}

/** An element of `Sec-WebSocket-Extensions`: RFC 6455 §9.1. */
export interface Extension {
  name: string;
  /** The value without its quotes, or nothing for a name alone. */
  parameters: readonly (readonly [name: string, value: string | undefined])[];
}

const letter = "[!#$%&'*+.^_`|~\\w-]";
// A quoted value must also be a token once its escapes are undone.
const value = `(?:${letter}+|"(?:\\\\?${letter})+")`;
const elementPattern = new RegExp(`^(${letter}+)((?:\\s*;\\s*${letter}+(?:=${value})?)*)$`);
const parameterPattern = new RegExp(`;\\s*(${letter}+)(?:=(${value}))?`, "g");

/** Parses the value of `Sec-WebSocket-Extensions`. Throws a `NegotiationError` if it is not valid. */
export function parseExtensions(header: string): Extension[] {
  const elements = header.split(",").map((element) => element.trim());
  return elements.filter(Boolean).map((element) => {
    const [, name, rest] = elementPattern.exec(element) ?? [];
    if (name === undefined || rest === undefined) {
      throw new NegotiationError(`"${element}" is not a valid extension (RFC 6455 §9.1)`);
    }
    const parameters = Array.from(rest.matchAll(parameterPattern), ([, key = "", raw]) => {
      return [key, raw?.replace(/["\\]/g, "")] as const;
    });
    return { name, parameters };
  });
}

/** The parameters of an offer or an answer: RFC 7692 §7.1. */
export interface Parameters {
  server_no_context_takeover?: true;
  client_no_context_takeover?: true;
  server_max_window_bits?: number;
  /** True if there is no value, which only an offer allows. */
  client_max_window_bits?: number | true;
}

const extensionName = "permessage-deflate";
const flags = ["server_no_context_takeover", "client_no_context_takeover"];
const bits = ["server_max_window_bits", "client_max_window_bits"];

/** Parses the parameters. Throws a `NegotiationError` that names the wrong one. */
export function readParameters({ parameters }: Extension, side: "offer" | "answer"): Parameters {
  const read: Record<string, number | true> = {};
  for (const [name, value] of parameters) {
    if (!flags.includes(name) && !bits.includes(name)) {
      throw new NegotiationError(`${name} is not a parameter of ${extensionName} (RFC 7692 §7)`);
    }
    if (name in read) throw new NegotiationError(`${name} appears twice (RFC 7692 §7)`);
    const alone = flags.includes(name) || (name === "client_max_window_bits" && side === "offer");
    if (value === undefined && alone) read[name] = true;
    else if (bits.includes(name)) read[name] = readBits(name, value);
    else throw new NegotiationError(`${name} has a value, ${value} (RFC 7692 §7.1.1)`);
  }
  return read;
}

function readBits(name: string, value: string | undefined): number {
  if (value === undefined) throw new NegotiationError(`${name} has no value (RFC 7692 §7.1.2)`);
  if (/^([89]|1[0-5])$/.test(value)) return Number(value);
  throw new NegotiationError(`${name} is ${value}, not one of 8 to 15 (RFC 7692 §7.1.2)`);
}

/**
 * Judges a server's answer to a client's offers. Returns nothing if the server declined. Throws a
 * `NegotiationError` if none of the offers allows the answer.
 */
export function agree(offer: string, answer: string): Agreement | undefined {
  const [accepted, more] = parseExtensions(answer).filter(({ name }) => name === extensionName);
  if (!accepted) return undefined;
  if (more) throw new NegotiationError(`${extensionName} is accepted twice (RFC 7692 §5)`);
  const answered = readParameters(accepted, "answer");
  const offered = validOffers(offer);
  const fitting = offered.find((each) => problemOf(each, answered) === undefined);
  if (fitting) return agreementOf(fitting, answered);
  const [first] = offered;
  const why = first ? problemOf(first, answered) : "the server MUST decline an invalid offer (§7)";
  throw new NegotiationError(`"${answer}" is not a valid answer to "${offer}": ${why}`);
}

function validOffers(offer: string): Parameters[] {
  const offers = parseExtensions(offer).filter(({ name }) => name === extensionName);
  return offers.flatMap((each) => {
    try {
      return [readParameters(each, "offer")];
    } catch {
      return [];
    }
  });
}

function problemOf(offered: Parameters, answered: Parameters): string | undefined {
  if (offered.server_no_context_takeover && !answered.server_no_context_takeover) {
    return "server_no_context_takeover was asked for, but the answer does not confirm it (§7.1.1.1)";
  }
  const { server_max_window_bits: most } = offered;
  const { server_max_window_bits: taken } = answered;
  if (most !== undefined && taken === undefined) {
    return "server_max_window_bits was asked for, but the answer does not confirm it (§7.1.2.1)";
  }
  if (most !== undefined && taken !== undefined && taken > most) {
    return `server_max_window_bits is more than the ${most} that were asked for (§7.1.2.1)`;
  }
  const { client_max_window_bits: ours } = offered;
  const { client_max_window_bits: limit } = answered;
  if (ours === undefined && limit !== undefined) {
    return "client_max_window_bits was not offered (§7.1.2.2)";
  }
  if (typeof ours === "number" && typeof limit === "number" && limit > ours) {
    return `client_max_window_bits is more than the ${ours} that were offered (§7.1.2.2)`;
  }
  return undefined;
}

function agreementOf(offered: Parameters, answered: Parameters): Agreement {
  const { client_max_window_bits: hint } = offered;
  const { client_max_window_bits: limit = hint } = answered;
  return {
    ours: {
      // An end that offers no context takeover does without, whatever the answer: RFC 7692 §7.1.1.2. The same holds
      // for the bits: §7.1.2.2.
      contextTakeover: !offered.client_no_context_takeover && !answered.client_no_context_takeover,
      windowBits: typeof limit === "number" ? limit : 15,
    },
    theirs: {
      contextTakeover: !answered.server_no_context_takeover,
      windowBits: answered.server_max_window_bits ?? 15,
    },
  };
}

/** The end of an empty block without compression, which is not sent: RFC 7692 §7.2.1. */
const tail = Uint8Array.of(0x00, 0x00, 0xff, 0xff);

/** Compresses one message after another as agreed. */
export class Deflater {
  readonly #compression: Compression;
  #history: Uint8Array = new Uint8Array();

  constructor(compression: Compression) {
    this.#compression = compression;
  }

  /** Returns the payload of a compressed message. */
  deflate(data: Uint8Array, options: CompressionEffort = {}): Uint8Array {
    const compressed = deflateRawSync(data, {
      ...options,
      // For 8 zlib uses 9, but then its matches reach back at most 250 bytes, which fits into a window of 256.
      windowBits: this.#compression.windowBits,
      ...(this.#history.length > 0 && { dictionary: this.#history }),
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    this.remember(data);
    return compressed.subarray(0, -tail.length);
  }

  /** Records a message that was compressed elsewhere, as the receiver does. */
  remember(data: Uint8Array): void {
    this.#history = historyAfter(this.#history, data, this.#compression);
  }
}

/** Inflates one message after another as agreed, and refuses those longer than `maxOutput`. */
export function inflateOf(compression: Compression, maxOutput: number): Inflate {
  const windowSize = 2 ** compression.windowBits;
  let history: Uint8Array = new Uint8Array();
  return (data) => {
    const inflated = inflateRaw(join([data, tail]), { history, windowSize, maxOutput });
    history = historyAfter(history, inflated, compression);
    return inflated;
  };
}

// What the next message may refer to.
function historyAfter(history: Uint8Array, data: Uint8Array, { contextTakeover, windowBits }: Compression) {
  if (!contextTakeover) return new Uint8Array();
  const windowSize = 2 ** windowBits;
  return join([history.subarray(-windowSize), data.subarray(-windowSize)]).slice(-windowSize);
}
