// What a case is: data with a sentence. Nothing here knows of sockets, HTTP or time; a case is the same whether
// it judges a server or a client, over TCP or over a stream of HTTP/2.

import type { Agreement } from "./deflate.ts";
import type { CloseInfo, FrameToSend } from "./frames.ts";
import type { Random } from "./random.ts";

/** How strongly the clause speaks: RFC 2119. */
export type Level = "MUST" | "SHOULD" | "MAY";

/**
 * `pass`: as it should be. `non-strict`: allowed, but not the best. `fail`: against the clause. `unsupported`: the
 * peer does not offer what the case is about. `info`: there is no right or wrong; what the peer does is reported.
 */
export type Verdict = "pass" | "non-strict" | "info" | "unsupported" | "fail";

/**
 * What is worse than any other failure. `death`: the peer did not survive the case. `stall`: it answers nobody any
 * more. `invention`: it sent bytes that nobody had sent it, out of its memory perhaps.
 */
export type Gravity = "death" | "stall" | "invention";

/** What every case has, whatever it is about. */
export interface CaseHead {
  /** Stable: group, family, number. `4.2.1` */
  id: string;
  /** A sentence in plain words: what is sent, and what happens then. */
  title: string;
  /** Where it is written: `RFC 6455 §5.4`. */
  clause: string;
  /** What the clause says, in short. */
  gist: string;
  level: Level;
  /** The cases of Autobahn that find the same faults: `6.4.1`. */
  autobahn?: readonly string[];
}

/** A case that begins when the connection is open, and speaks in frames. */
export interface FrameCase extends CaseHead {
  kind: "frames";
  /** The extensions to offer, as `Sec-WebSocket-Extensions` has them; the case is for peers that accept. */
  offer?: string;
  /** Declining the offer is right as well; `play` gets no agreement then. */
  mayDecline?: true;
  /** Refusing the handshake because of the offer is allowed, but not the best. */
  mayRefuse?: true;
  /** Whether the case can be judged by what was agreed on. */
  fits?: (agreed: Agreement) => boolean;
  /** Which peers it can judge. Default: both. */
  peer?: "server" | "client";
  /** So large that it runs alone, one case at a time. */
  heavy?: true;
  /** What is sent and what may come back; made when the case runs, from the seed and what was agreed on. */
  play: (random: Random, agreed?: Agreement) => Play;
}

/** What one case does. */
export interface Play {
  steps: readonly Step[];
  /** Every behaviour that the clause allows, the best first. */
  allowed: readonly Allowed[];
  /** What there is to tell of what came if all is right: `info` then, in place of `pass`. */
  remark?: (observation: Observation) => string;
}

/** A frame to send; it is masked as the role demands, unless it says otherwise. */
export interface CaseFrame extends Omit<FrameToSend, "mask"> {
  /** `wrong`: unmasked by a client, masked by a server. Default: `right`. */
  masking?: "right" | "wrong";
  /** A certain key, in place of a random one. */
  mask?: Uint8Array;
}

/** How bytes are cut into pieces that are written one by one: the largest size, or the places. */
export type Cuts = number | readonly number[];

/** One thing that is done. */
export type Step =
  /**
   * Sends frames, all in one write, or cut. `upTo`: only so many bytes of the last frame, or all but so many if it is
   * negative, as in `slice`; the rest goes first when something is sent again. `unread`: nothing is read until all is
   * sent, or the peer takes no more.
   */
  | { kind: "send"; frames: readonly CaseFrame[]; cuts?: Cuts; upTo?: number; unread?: true }
  /** Sends bytes that are no frame. */
  | { kind: "bytes"; bytes: Uint8Array; what: string }
  /** Waits until so many pongs or messages have come in all. */
  | { kind: "await"; what: "pong" | "message"; count: number }
  /** Gives the peer the time to react to what it has: ends early if it ends the connection. */
  | { kind: "settle" }
  /** Sends no more: the half of TCP's connection that is ours is closed. */
  | { kind: "end" };

/** A message that is expected; text as its bytes, so that what is sent can be compared with what returns. */
export interface ExpectedMessage {
  kind: "text" | "binary";
  data: Uint8Array;
}

/** One behaviour that is allowed. */
export interface Allowed {
  verdict: "pass" | "non-strict" | "info";
  messages: readonly ExpectedMessage[];
  /** The payloads of the pongs, in order. */
  pongs?: readonly Uint8Array[];
  /** Also asked: that nobody could guess the masking keys (RFC 6455 §5.3). */
  keys?: "unpredictable";
  /** Also asked: that the peer ends the connection while it is given time to, before all was sent. */
  atOnce?: true;
  /** Also asked: that of the messages only the last are missing, where some may be. */
  gapless?: true;
  /** Also how Autobahn judges: it fails a peer for this, and so does a strict run. */
  strictly?: "fail";
  end: End;
  /** What is not the best about it, or what it says of the peer. */
  because?: string;
}

/** How the connection must end. */
export type End =
  /** It is as good as before: it takes a close of 1000, and the handshake of closing is done. */
  | { kind: "clean" }
  /** The peer answers the close frame that was sent, with one of these codes. 1005: without a code. */
  | { kind: "closed"; codes: readonly number[] }
  /** The peer fails the connection (RFC 6455 §7.1.7): with one of these codes, or by dropping it. */
  | { kind: "failed"; codes: readonly number[] }
  /** The peer ends the connection, in whatever way. */
  | { kind: "ended" }
  /** The peer takes no so much: it closes with one of these codes. A limit is its own choice (RFC 6455 §10.4). */
  | { kind: "refused"; codes: readonly number[] }
  /** The peer, a client, never takes the connection as open: it ends TCP without a frame (RFC 6455 §4.1). */
  | { kind: "unopened" }
  /** The peer may keep the connection: only what came back is judged. */
  | { kind: "kept" }
  /** Whatever happens. */
  | { kind: "any" };

/** A message that came. */
export interface ObservedMessage extends ExpectedMessage {
  compressed: boolean;
  /** How many bytes of payload its frames had. */
  payloadBytes?: number;
}

/** What happened, as far as the judge asks. */
export interface Observation {
  messages: readonly ObservedMessage[];
  pongs: readonly Uint8Array[];
  /** The masking keys of the first frames that the peer, a client, sent. */
  keys?: readonly Uint8Array[];
  /** The close frame that the peer sent. */
  close?: CloseInfo;
  /** True if the peer ended the connection at a step that gave it time to. */
  atOnce?: boolean;
  /** True if the peer sent its close frame before ours. */
  peerClosedFirst: boolean;
  /** True if it was our close frame that ended the case, for the peer had not. */
  closedByUs?: boolean;
  /** True if the close frame carries the code that ours did. */
  echoedCode?: boolean;
  /** Those of the pongs that carry what no ping or pong of ours did: no answers, but the peer's own heartbeat. */
  unsolicited?: readonly Uint8Array[];
  /** True if a pong came after the close frame. */
  latePong?: boolean;
  /** How the peer's half ended; nothing if it was still open when time was up. */
  ended?: "fin" | "reset";
  /** How the peer broke the rules of framing, with the clause. */
  violation?: string;
  /** How the peer sent more than anything asked for, which is cut off: a limit of ours, no rule. */
  excess?: string;
  /** True if the peer sent a close code that it cannot mean. */
  rubbish?: boolean;
  /** The step at which the peer kept us waiting until the deadline. */
  stuck?: string;
  /** True if the peer answered a ping that came after what it should have failed for. */
  wentOn: boolean;
}
