// permessage-deflate for the server that echoes, simple and strict, and with rules that can be replaced. It shares
// no code with the judge that it tests: here zlib inflates, while the judge has its own code for that.

import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import {
  type AgreedExtension,
  Failure,
  type FaultyConnection,
  type Negotiate,
  type OutgoingFrame,
  opcodes,
  type Rules,
  strict,
  type UnfinishedMessage,
} from "./faulty-server.ts";
import { anything, validator } from "./utf8-validator.ts";

/** How one direction is compressed. */
export interface Direction {
  takeover: boolean;
  bits: number;
}

/** The parameters that were agreed on. */
export interface Terms {
  server: Direction;
  client: Direction;
}

/** The parameters of an offer, by name. */
export type Offered = ReadonlyMap<string, string | undefined>;

/** Every rule of the extension. */
export interface DeflateRules {
  /** Returns whether an offer may have the parameter with this value. */
  allows(name: string, value: string | undefined): boolean;
  allowsTwice: boolean;
  /** Returns what the server does after its answer. */
  terms(offered: Offered): Terms;
  /** Returns the parameters of the answer. */
  answer(terms: Terms, offered: Offered): string[];
  /** Returns the whole answer. */
  answerOf(parameters: readonly string[]): string;
  /** Returns whether a frame may have these reserved bits. RSV1 is 4. */
  allowsReserved(rsv: number, opcode: number): boolean;
  /** Inflates a message whose last four bytes have been put back. */
  inflate(data: Buffer, history: Buffer, direction: Direction): Buffer;
  /** Compresses a message, with its last four bytes included. */
  deflate(data: Buffer, history: Buffer, direction: Direction): Buffer;
  /** The bytes that are removed from a message and put back. */
  tail: { removed: number; restored: Buffer };
  /** Returns what the next message may refer to. */
  remember(history: Buffer, data: Buffer, direction: Direction, side: "server" | "client"): Buffer;
  /** Returns the frames of a message. */
  frames(opcode: number, payload: Buffer): OutgoingFrame[];
}

const maxInflated = 32 * 1024 * 1024;
const finishFlush = constants.Z_SYNC_FLUSH;
const nothing: Buffer = Buffer.alloc(0);
const flags = ["server_no_context_takeover", "client_no_context_takeover"];

/** The rules as they should be. */
export const strictDeflate: DeflateRules = {
  allows(name, value) {
    if (flags.includes(name)) return value === undefined;
    if (name === "client_max_window_bits" && value === undefined) return true;
    if (name !== "client_max_window_bits" && name !== "server_max_window_bits") return false;
    return /^(8|9|1[0-5])$/.test(value ?? "");
  },
  allowsTwice: false,
  terms: (offered) => ({
    server: {
      takeover: !offered.has("server_no_context_takeover"),
      bits: Number(offered.get("server_max_window_bits") ?? 15),
    },
    client: {
      takeover: !offered.has("client_no_context_takeover"),
      bits: Number(offered.get("client_max_window_bits") ?? 15),
    },
  }),
  answer: ({ server, client }, offered) => [
    ...flags.filter((flag) => offered.has(flag)),
    ...(offered.has("server_max_window_bits") ? [`server_max_window_bits=${server.bits}`] : []),
    ...(offered.has("client_max_window_bits") ? [`client_max_window_bits=${client.bits}`] : []),
  ],
  answerOf: (parameters) => ["permessage-deflate", ...parameters].join("; "),
  allowsReserved: (rsv, opcode) => rsv === 4 && (opcode === opcodes.text || opcode === opcodes.binary),
  inflate(data, history, { bits }) {
    const parts: Buffer[] = [];
    let [left, dictionary] = [data, history];
    while (left.length > 0) {
      const { buffer, used } = inflateOnce(left, dictionary, bits);
      parts.push(buffer);
      // If a final block ends a stream, some input is left over. The next stream does not know the earlier output:
      // a client that referred to it would ask for more than RFC 7692 §7.2.1 says.
      if (used === 0) break;
      [left, dictionary] = [left.subarray(used), nothing];
    }
    return Buffer.concat(parts);
  },
  deflate: (data, history, { bits }) =>
    deflateRawSync(data, {
      windowBits: bits,
      finishFlush,
      ...(history.length > 0 && { dictionary: history }),
    }),
  tail: { removed: 4, restored: Buffer.of(0, 0, 0xff, 0xff) },
  remember: (history, data, { takeover, bits }) =>
    takeover ? Buffer.concat([history, data]).subarray(-(2 ** bits)) : nothing,
  frames: (opcode, payload) => [{ opcode, payload, rsv: 4 }],
};

function inflateOnce(data: Buffer, dictionary: Buffer, bits: number): { buffer: Buffer; used: number } {
  try {
    const result: unknown = inflateRawSync(data, {
      info: true,
      windowBits: bits,
      finishFlush,
      maxOutputLength: maxInflated,
      ...(dictionary.length > 0 && { dictionary }),
    });
    const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
    return { buffer, used: engine.bytesWritten };
  } catch (error) {
    throw new Failure((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? 1009 : 1007);
  }
}

/** One connection's compression. Public members are there for faults to reach. */
export class Deflation implements AgreedExtension {
  readonly answer: string;
  readonly terms: Terms;
  readonly rules: DeflateRules;
  history = { server: nothing, client: nothing };

  constructor(rules: DeflateRules, offered: Offered) {
    this.rules = rules;
    this.terms = rules.terms(offered);
    this.answer = rules.answerOf(rules.answer(this.terms, offered));
  }

  allows(rsv: number, opcode: number): boolean {
    return this.rules.allowsReserved(rsv, opcode);
  }

  decode(data: Buffer): Buffer {
    const { rules, terms, history } = this;
    const whole = Buffer.concat([data, rules.tail.restored]);
    const inflated = rules.inflate(whole, history.client, terms.client);
    history.client = rules.remember(history.client, inflated, terms.client, "client");
    return inflated;
  }

  encode(opcode: number, data: Buffer): OutgoingFrame[] {
    const { rules, terms, history } = this;
    const deflated = rules.deflate(data, history.server, terms.server);
    history.server = rules.remember(history.server, data, terms.server, "server");
    return rules.frames(opcode, deflated.subarray(0, deflated.length - rules.tail.removed));
  }
}

/** Accepts the first offer of permessage-deflate that the rules allow. */
export function deflating(replaced: Partial<DeflateRules> = {}): Negotiate {
  const rules = { ...strictDeflate, ...replaced };
  return (header) => {
    for (const element of header.split(",")) {
      const [name = "", ...parameters] = element.split(";").map((each) => each.trim());
      const pairs = parameters.map((each) => pairOf(each));
      const offered = new Map(pairs);
      const right = pairs.every(([key, value]) => rules.allows(key, value));
      const once = offered.size === pairs.length || rules.allowsTwice;
      if (name === "permessage-deflate" && right && once) return new Deflation(rules, offered);
    }
    return undefined;
  };
}

function pairOf(parameter: string): [name: string, value: string | undefined] {
  const [name = "", value] = parameter.split("=", 2);
  return [name, value?.replace(/["\\]/g, "")];
}

/** A fault, and the cases that must find it. */
export interface DeflateFault {
  deflate?: Partial<DeflateRules>;
  rules?: Partial<Rules>;
  /** The cases or families that must find it: at least one of each. */
  red: readonly string[];
  /** Neighbouring cases, which must still pass. */
  green?: readonly string[];
}

function deflationOf({ extension }: FaultyConnection): Deflation {
  if (extension instanceof Deflation) return extension;
  throw new Error("no permessage-deflate here");
}

const { text, binary, ping, pong, continuation } = opcodes;

// The inflated bytes of each fragment.
const inflatedParts = new WeakMap<UnfinishedMessage, Buffer[]>();

const negotiationFaults: Record<string, DeflateFault> = {
  "confirms a limit of the client that was not offered": {
    deflate: { answer: (_, offered) => [...offered.keys(), "client_max_window_bits=15"] },
    red: ["12.1.1"],
  },
  "does not confirm server_no_context_takeover": {
    deflate: {
      answer: (terms, offered) => {
        return strictDeflate.answer(terms, offered).filter((each) => each !== "server_no_context_takeover");
      },
    },
    red: ["12.1.10"],
    green: ["12.1.1", "12.1.2"],
  },
  "does not confirm server_max_window_bits": {
    deflate: {
      answer: (terms, offered) => {
        return strictDeflate.answer(terms, offered).filter((each) => !each.startsWith("server_max"));
      },
    },
    red: ["12.1.3", "12.3.10"],
    green: ["12.1.1", "12.1.10"],
  },
  "answers with more bits than were asked for": {
    deflate: {
      terms: (offered) => {
        const { server, client } = strictDeflate.terms(offered);
        return { server: { ...server, bits: 15 }, client };
      },
    },
    red: ["12.1.2", "12.1.8"],
    green: ["12.1.1", "12.1.9"],
  },
  "answers with the parameters as they were offered": {
    deflate: {
      answer: (_, offered) => {
        return Array.from(offered, ([name, value]) => (value === undefined ? name : `${name}=${value}`));
      },
    },
    red: ["12.2.1"],
    green: ["12.2.2", "12.1.10"],
  },
  "accepts an offer twice": {
    deflate: { answerOf: () => "permessage-deflate, permessage-deflate" },
    red: ["12.1.1"],
  },
  "answers with an unknown parameter": {
    deflate: { answer: () => ["level=9"] },
    red: ["12.1.1"],
  },
  "answers with bits with a leading zero": {
    deflate: { answer: ({ server }) => [`server_max_window_bits=0${server.bits}`] },
    red: ["12.1.2"],
  },
  "ignores parameters that it does not know": {
    deflate: {
      allows: (name, value) =>
        !name.includes("_") || name.startsWith("__") || strictDeflate.allows(name, value),
    },
    red: ["12.6.1", "12.6.2", "12.6.3", "12.6.4", "12.6.5"],
    green: ["12.6.6", "12.6.8", "12.6.20"],
  },
  "accepts 99 bits, and any other number": {
    deflate: {
      allows: (name, value) =>
        strictDeflate.allows(name, value) || (/_bits$/.test(name) && /^\d+$/.test(`${value}`)),
      terms: (offered) => {
        const { server, client } = strictDeflate.terms(offered);
        const bounded = (direction: Direction) => ({
          ...direction,
          bits: Math.max(8, Math.min(15, direction.bits)),
        });
        return { server: bounded(server), client: bounded(client) };
      },
    },
    red: ["12.6.15", "12.6.17", "12.6.19", "12.6.20", "12.6.21"],
    green: ["12.6.1", "12.6.33"],
  },
  "accepts a parameter twice": {
    deflate: { allowsTwice: true },
    red: ["12.6.8", "12.6.9", "12.6.10", "12.6.11"],
    green: ["12.6.7", "12.6.12"],
  },
  "accepts values for parameters that have none": {
    deflate: { allows: (name, value) => flags.includes(name) || strictDeflate.allows(name, value) },
    red: ["12.6.6", "12.6.7"],
    green: ["12.6.8"],
  },
  "accepts server_max_window_bits without a value": {
    deflate: {
      allows: (name, value) => name === "server_max_window_bits" || strictDeflate.allows(name, value),
    },
    red: ["12.6.12"],
    green: ["12.6.14"],
  },
};

const contextFaults: Record<string, DeflateFault> = {
  "forgets what the client sent before": {
    deflate: { inflate: (data, _, direction) => strictDeflate.inflate(data, nothing, direction) },
    red: ["13.1.3", "13.3"],
    green: ["13.1.1", "13.4.1", "13.7.1"],
  },
  "keeps its own context although it agreed not to": {
    deflate: {
      remember: (history, data, direction, side) =>
        strictDeflate.remember(
          history,
          data,
          side === "server" ? { ...direction, takeover: true } : direction,
          side,
        ),
    },
    red: ["12.1.10", "12.1.11"],
    green: ["12.1.1", "12.1.2", "12.1.19"],
  },
  "treats uncompressed messages as part of the context": {
    rules: {
      complete(header, connection) {
        const { message } = connection;
        if (header.fin && message && !message.compressed && connection.extension) {
          const { history } = deflationOf(connection);
          history.client = Buffer.concat([history.client, ...message.parts]);
        }
        strict.complete(header, connection);
      },
    },
    red: ["13.3.2"],
    green: ["13.3.1", "13.3.3", "13.7.1", "13.7.4"],
  },
  "forgets the context after an empty message": {
    deflate: {
      remember: (history, data, direction, side) =>
        data.length === 0 ? nothing : strictDeflate.remember(history, data, direction, side),
    },
    red: ["13.3.3"],
    green: ["13.3.1", "13.3.2"],
  },
  "compresses with a larger window than it agreed to": {
    deflate: {
      deflate: (data, history, direction) => strictDeflate.deflate(data, history, { ...direction, bits: 15 }),
    },
    red: ["12.1.2", "12.1.3", "12.1.8", "12.3.1"],
    green: ["12.1.1", "12.1.9"],
  },
  "keeps one bit less of what the client sent than it agreed to": {
    deflate: {
      remember: (history, data, direction, side) => {
        const bits = side === "client" ? direction.bits - 1 : direction.bits;
        return strictDeflate.remember(history, data, { ...direction, bits }, side);
      },
    },
    red: ["13.4.2", "13.4.10", "13.4.16"],
    green: ["13.4.1", "13.3.1"],
  },
};

const blockFaults: Record<string, DeflateFault> = {
  "refuses final blocks": {
    deflate: {
      inflate: (data, history, { bits }) => {
        const { buffer, used } = inflateOnce(data, history, bits);
        if (used < data.length) throw new Failure(1007);
        return buffer;
      },
    },
    red: ["13.1.5", "13.2.10", "13.2.13"],
    green: ["13.1.1", "13.1.4", "13.1.6"],
  },
  "stops at a final block": {
    deflate: { inflate: (data, history, { bits }) => inflateOnce(data, history, bits).buffer },
    red: ["13.2.11", "13.2.12"],
    green: ["13.1.5", "13.2.10", "13.2.13"],
  },
  "stops at the first empty block": {
    deflate: {
      inflate: (data, history, direction) => {
        const end = data.indexOf(strictDeflate.tail.restored) + 4;
        return strictDeflate.inflate(data.subarray(0, end), history, direction);
      },
    },
    red: ["13.1.6", "13.2.7"],
    green: ["13.1.1", "13.1.5"],
  },
  "requires a stream to end": {
    deflate: {
      inflate: (data) => {
        try {
          return inflateRawSync(data);
        } catch {
          throw new Failure(1007);
        }
      },
    },
    red: ["13.1.1", "13.1.6"],
    green: ["13.1.5"],
  },
  "inflates each fragment on its own": {
    rules: {
      complete(header, connection) {
        const { message } = connection;
        if (message?.compressed && !(header.fin && header.opcode !== continuation)) {
          const inflated = inflatedParts.get(message) ?? [];
          inflated.push(deflationOf(connection).decode(Buffer.concat(message.parts.splice(0))));
          inflatedParts.set(message, inflated);
          if (header.fin) Object.assign(message, { compressed: false, parts: inflated });
        }
        strict.complete(header, connection);
      },
    },
    red: ["13.1.2", "13.5.4", "13.5.9", "13.9"],
    green: ["13.1.1", "13.7.4", "13.8"],
  },
  "does not remove the last four bytes": {
    deflate: { tail: { ...strictDeflate.tail, removed: 0 } },
    red: ["13.1.1", "13.1.7"],
  },
  "removes five bytes": {
    deflate: { tail: { ...strictDeflate.tail, removed: 5 } },
    red: ["13.1.1", "13.1.7"],
  },
  "answers an empty message with no bytes that say it is compressed": {
    deflate: {
      frames: (opcode, payload) => [{ opcode, payload: payload.length === 1 ? nothing : payload, rsv: 4 }],
    },
    red: ["13.1.7", "13.6"],
    green: ["13.1.1"],
  },
  "treats an empty message as corrupt": {
    deflate: {
      inflate: (data, history, direction) => {
        const inflated = strictDeflate.inflate(data, history, direction);
        if (inflated.length === 0) throw new Failure(1007);
        return inflated;
      },
    },
    red: ["13.1.7", "13.6.1", "13.3.3"],
    green: ["13.1.1"],
  },
  "loses what lies beyond 64 KiB of a message": {
    deflate: {
      inflate: (...given) => strictDeflate.inflate(...given).subarray(0, 65_536),
    },
    red: ["13.8.10", "13.2.1"],
    green: ["13.8.9"],
  },
  "ends its messages with a final block": {
    deflate: {
      deflate: (data, history, { bits }) =>
        deflateRawSync(data, { windowBits: bits, ...(history.length > 0 && { dictionary: history }) }),
      tail: { ...strictDeflate.tail, removed: 0 },
    },
    red: ["13.1.1"],
  },
};

const flagFaults: Record<string, DeflateFault> = {
  "treats every message as compressed": {
    rules: {
      begin(header, connection) {
        strict.begin(header, connection);
        if (connection.message && connection.extension) connection.message.compressed = true;
      },
    },
    red: ["13.7.1", "13.7.3", "13.7.4"],
    green: ["13.1", "13.5"],
  },
  "marks every frame of a message as compressed": {
    deflate: {
      frames: (opcode, payload) => [
        { opcode, payload: payload.subarray(0, 1), rsv: 4, fin: false },
        { opcode: continuation, payload: payload.subarray(1), rsv: 4 },
      ],
    },
    red: ["13.1.1"],
  },
  "marks no frame as compressed": {
    deflate: { frames: (opcode, payload) => [{ opcode, payload }] },
    red: ["13.1.1", "13.7.1"],
  },
  "marks a message as compressed but sends it uncompressed": {
    deflate: { deflate: (data) => Buffer.concat([data, strictDeflate.tail.restored]) },
    red: ["13.1.1"],
  },
  "compresses control frames": {
    rules: {
      ping: (payload, connection) =>
        connection.send({ opcode: pong, payload, rsv: connection.extension ? 4 : 0 }),
    },
    red: ["13.3.7", "13.5.11", "13.7.4"],
    green: ["13.1", "13.5.10"],
  },
  "accepts RSV1 on continuations": {
    deflate: { allowsReserved: (rsv, opcode) => rsv === 4 && opcode <= binary },
    rules: {
      begin: (header, connection) => {
        strict.begin(header.opcode === continuation ? { ...header, rsv: 0 } : header, connection);
      },
    },
    red: ["13.11.1", "13.11.2"],
    green: ["13.11.3", "13.11.4", "13.11.8"],
  },
  "accepts RSV1 on control frames": {
    deflate: { allowsReserved: (rsv) => rsv === 4 },
    // Without 13.11.6: a close frame with RSV1 that is answered and ended is non-strict, like every odd close
    // frame.
    red: ["13.11.4", "13.11.5", "13.11.7"],
    green: ["13.11.1", "13.11.8"],
  },
  "accepts RSV2 and RSV3 with RSV1": {
    deflate: { allowsReserved: (rsv, opcode) => (rsv & 4) !== 0 && opcode !== continuation && opcode < ping },
    red: ["13.11.8", "13.11.10"],
    green: ["13.11.9", "13.11.11", "13.11.4"],
  },
  "treats RSV2 as RSV1": {
    deflate: { allowsReserved: (rsv, opcode) => (rsv === 4 || rsv === 2) && opcode !== continuation },
    red: ["13.11.9"],
    green: ["13.11.11", "13.11.8"],
  },
};

const dataFaults: Record<string, DeflateFault> = {
  "does not check whether an inflated text is UTF-8": {
    rules: { text: () => anything },
    red: ["13.15.1", "13.15.2", "13.15.3", "13.15.4"],
    green: ["13.15.5", "13.15.6"],
  },
  "checks whether binary messages are UTF-8": {
    rules: {
      echo(opcode, data) {
        if (!validator().push(data)) throw new Failure(1007);
        return { opcode, data };
      },
    },
    red: ["13.15.5"],
    green: ["13.15.1", "13.15.6"],
  },
  "treats a corrupt message as empty": {
    deflate: {
      inflate: (...given) => {
        try {
          return strictDeflate.inflate(...given);
        } catch {
          return nothing;
        }
      },
    },
    red: ["13.12.1", "13.12.2", "13.12.3", "13.12.9", "13.12.13", "13.12.14"],
    green: ["13.1", "13.15"],
  },
  "answers a compressed binary message with a text": {
    deflate: { frames: (_, payload) => [{ opcode: text, payload, rsv: 4 }] },
    red: ["13.6.1", "13.8.11"],
    green: ["13.8.1"],
  },
};

/** Each fault by what the server then does. */
export const deflateFaults: Record<string, DeflateFault> = {
  ...negotiationFaults,
  ...contextFaults,
  ...blockFaults,
  ...flagFaults,
  ...dataFaults,
};

/** Mistakes that make the server die, so that nothing listens any more. */
export const deflateDeaths: Record<string, { rules: Partial<Rules>; kills: readonly string[] }> = {
  "dies of a corrupt message": {
    rules: {
      complete(header, connection) {
        const compressed = connection.message?.compressed;
        try {
          strict.complete(header, connection);
        } catch (error) {
          if (compressed) connection.server.die();
          throw error;
        }
      },
    },
    kills: ["13.12.1", "13.15.1"],
  },
};
