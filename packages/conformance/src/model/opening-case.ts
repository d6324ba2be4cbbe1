// A case about the opening handshake: what a server answers to a request (RFC 6455 §4.2, RFC 9112).

import type { Address, HandshakeResponse } from "../wire/handshake.ts";
import type { CaseHead } from "./case-head.ts";
import type { CaseFrame, Cuts, Observation, Play } from "./frame-case.ts";
import type { Random } from "./random.ts";

/** A case for servers only, which judges the answer to a request. */
export interface OpeningCase extends CaseHead {
  kind: "opening";
  heavy?: true;
  peer?: "server";
  /** The `Sec-WebSocket-Key` to send and to check the answer with. Default: 16 random bytes. */
  key?: string;
  /** The extensions that the request offers, as a value of `Sec-WebSocket-Extensions`. */
  offer?: string;
  /** The subprotocols that the request offers. */
  subprotocols?: readonly string[];
  /** The request. Each character is a byte. */
  request: (context: RequestContext) => string;
  /** Messages, a frame each, that are sent with the request before any answer. Default: one text after the answer. */
  frames?: readonly CaseFrame[];
  /** How request and frames are cut into pieces. Places count from the end of the request: -1 is its last byte. */
  cuts?: Cuts;
  /** True if another case judges what becomes of the connection after an answer. */
  fate?: "untold";
  /**
   * A request without what is special about this one. If this one takes longer to answer, the server spends the time
   * on the special part. Both are sent several times in turn, and the fastest answers are compared.
   */
  rival?: (context: RequestContext) => string;
  /** Every answer that the clause allows, the best first. */
  allowed: readonly AllowedAnswer[];
}

/** The facts from which a request is made. */
export interface RequestContext {
  address: Address;
  key: string;
  random: Random;
}

/**
 * What came. `accepted`: 101. `refused`: a status of 400 to 599. `ignored`: any other status, as if nobody had
 * asked for a WebSocket. `bare`: a body without a head and then the end of the connection, as in HTTP/0.9.
 * `dropped`: the end of the connection. `http2`: a frame of HTTP/2. `silent`: nothing in time. `malformed`: not a
 * response.
 */
export type AnswerKind =
  | "accepted"
  | "refused"
  | "ignored"
  | "bare"
  | "dropped"
  | "http2"
  | "silent"
  | "malformed";

/** A status, or a whole class of them. */
export type StatusPattern = number | "4xx" | "5xx";

/** One allowed answer. */
export interface AllowedAnswer {
  verdict: "pass" | "non-strict" | "info";
  /** `accepted` needs everything that opens a WebSocket, and a WebSocket that works. */
  answer: Exclude<AnswerKind, "silent" | "malformed">;
  /** For a refusal: only these statuses. */
  statuses?: readonly StatusPattern[];
  /** Requirements on its head. */
  demand?: Demand;
  /** True if the connection must not be kept for another request. */
  closes?: true;
  /** For a 101: true if what was sent before it may be lost. */
  mayLose?: true;
  because?: string;
}

/** A requirement on the head of an answer. */
export interface Demand {
  /** In words, after "with": `Sec-WebSocket-Version: 13`. */
  words: string;
  /** Returns what is wrong with a head, or nothing. */
  problem: (head: HandshakeResponse) => string | undefined;
}

/**
 * What became of a connection after an answer. `closed`: it is over. `kept`: it accepts the next request. `left`:
 * the answer said close, but the peer did not close. `stuck`: it is neither closed nor answers. `endless`: the
 * answer did not end. `broken`: what came is not HTTP.
 */
export type Fate = "closed" | "kept" | "left" | "stuck" | "endless" | "broken";

/** The answer to a request, as far as the judge needs to know it. */
export interface OpeningObservation {
  answer: AnswerKind;
  /** For `malformed`: what is wrong. */
  why?: string;
  head?: HandshakeResponse;
  /** For a 101: what is wrong with it. */
  problem?: string;
  /** For a valid 101: what was played on the WebSocket, and what happened. */
  opened?: { play: Play; observation: Observation };
  /** For any other answer: what became of the connection. */
  fate?: Fate;
  /** How much longer the answer took than that to the other request, in words. */
  slow?: string;
}
