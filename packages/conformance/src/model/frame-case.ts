// A case about frames: data with a sentence. Nothing here depends on sockets, HTTP or time. A case is the same
// whether it judges a server or a client, over TCP or over a stream of HTTP/2.

import { equal } from "../wire/bytes.ts";
import type { Agreement } from "../wire/deflate.ts";
import type { CloseInfo, FrameToSend } from "../wire/frames.ts";
import type { CaseHead } from "./case-head.ts";
import type { Random } from "./random.ts";

/** A case that begins when the connection is open, and consists of frames. */
export interface FrameCase extends CaseHead {
  kind: "frames";
  /** The extensions to offer, as a value of `Sec-WebSocket-Extensions`. The case is for peers that accept them. */
  offer?: string;
  /** True if declining the offer is right as well. `play` then gets no agreement. */
  mayDecline?: true;
  /** True if refusing the handshake because of the offer is allowed, though not the best. */
  mayRefuse?: true;
  /** Whether the case can be judged with what was agreed on. */
  fits?: (agreed: Agreement) => boolean;
  /** Which peers the case can judge. Default: both. */
  peer?: "server" | "client";
  /** True if the case is so large that it runs alone. */
  heavy?: true;
  /** Returns what to send and what may come back. Called when the case runs, with its seed and what was agreed on. */
  play: (random: Random, agreed?: Agreement) => Play;
}

/** The course of one case: what to send and what is allowed. */
export interface Play {
  steps: readonly Step[];
  /** Every behaviour that the clause allows, the best first. */
  allowed: readonly Allowed[];
  /** What to report if all is right. The verdict is then `info` instead of `pass`. */
  remark?: (observation: Observation) => string;
}

/** A frame to send. It is masked as the role demands unless it says otherwise. */
export interface CaseFrame extends Omit<FrameToSend, "mask"> {
  /** `wrong`: unmasked by a client, masked by a server. Default: `right`. */
  masking?: "right" | "wrong";
  /** A fixed masking key instead of a random one. */
  mask?: Uint8Array;
}

/** How bytes are cut into pieces that are written one by one: the largest size, or the places. */
export type Cuts = number | readonly number[];

/** One step of a play. */
export type Step =
  /**
   * Sends frames, all in one write, or cut. `upTo`: send only this many bytes of the last frame, or all but that
   * many if it is negative, as in `slice`; the rest goes first when something is sent again. `unread`: read nothing
   * until everything is sent or the peer accepts no more.
   */
  | { kind: "send"; frames: readonly CaseFrame[]; cuts?: Cuts; upTo?: number; unread?: true }
  /** Sends bytes that are no frame. */
  | { kind: "bytes"; bytes: Uint8Array; what: string }
  /** Waits until this many pongs or messages have come in all. */
  | { kind: "await"; what: "pong" | "message"; count: number }
  /** Gives the peer time to react to what it has. Ends early if the peer ends the connection. */
  | { kind: "settle" }
  /** Sends no more: closes our half of the TCP connection. */
  | { kind: "end" };

/** An expected message. Text is given as its bytes, so that it can be compared with what was sent. */
export interface ExpectedMessage {
  kind: "text" | "binary";
  data: Uint8Array;
}

/** One allowed behaviour. */
export interface Allowed {
  verdict: "pass" | "non-strict" | "info";
  messages: readonly ExpectedMessage[];
  /** The payloads of the pongs, in order. */
  pongs?: readonly Uint8Array[];
  /** Also requires that nobody could guess the masking keys (RFC 6455 §5.3). */
  keys?: "unpredictable";
  /** Also requires that the peer ends the connection during a `settle` step, before everything was sent. */
  atOnce?: true;
  /** If messages may be missing, also requires that only the last ones are. */
  gapless?: true;
  /** Autobahn fails a peer for this behaviour, and so does a strict run. */
  strictly?: "fail";
  end: ExpectedEnd;
  /** Why the behaviour is not the best, or what it says about the peer. */
  because?: string;
}

/** How the connection must end. */
export type ExpectedEnd =
  /** It works as before: the peer answers our close frame with 1000, and the closing handshake completes. */
  | { kind: "clean" }
  /** The peer answers our close frame with one of these codes. 1005 means without a code. */
  | { kind: "closed"; codes: readonly number[] }
  /** The peer fails the connection (RFC 6455 §7.1.7), with one of these codes or by dropping it. */
  | { kind: "failed"; codes: readonly number[] }
  /** The peer ends the connection, in any way. */
  | { kind: "ended" }
  /**
   * The peer refuses a message this large and closes with one of these codes. Such a limit is its choice (RFC 6455
   * §10.4).
   */
  | { kind: "refused"; codes: readonly number[] }
  /** The peer, a client, never treats the connection as open: it ends TCP without a frame (RFC 6455 §4.1). */
  | { kind: "unopened" }
  /** The peer may keep the connection. Only what came back is judged. */
  | { kind: "kept" }
  /** Any end is allowed. */
  | { kind: "any" };

/** A received message. */
export interface ObservedMessage extends ExpectedMessage {
  compressed: boolean;
  /** How many bytes of payload its frames had. */
  payloadBytes?: number;
}

/** The observations that the judge needs. */
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
  /** True if our close frame ended the case, because the peer had not. */
  closedByUs?: boolean;
  /** True if the peer's close frame carries the code that ours did. */
  echoedCode?: boolean;
  /** Pongs whose payload was in no ping or pong of ours. They are no answers, but the peer's own heartbeat. */
  unsolicited?: readonly Uint8Array[];
  /** True if a pong came after the close frame. */
  latePong?: boolean;
  /** How the peer's half ended. Nothing if it was still open when time was up. */
  ended?: "fin" | "reset";
  /** How the peer broke the rules of framing, with the clause. */
  violation?: string;
  /** Set if the peer sent more than anything asked for and was cut off, which is our limit and no rule of the RFC. */
  excess?: string;
  /** True if the peer sent a close code that it cannot have meant. */
  rubbish?: boolean;
  /** The step at which we waited for the peer until the deadline. */
  stuck?: string;
  /** True if the peer answered a ping that came after the point where it should have failed the connection. */
  wentOn: boolean;
}

/** Returns whether the peer has to end the connection without a close frame from us. */
export function isFailing({ kind }: ExpectedEnd): boolean {
  return ["failed", "ended", "refused", "unopened"].includes(kind);
}

/** Returns whether the last of several pings was answered, which is all that RFC 6455 §5.5.3 requires. */
export function isLastAnswered(expected: readonly Uint8Array[], pongs: readonly Uint8Array[]): boolean {
  const last = expected.at(-1);
  if (!last) return true;
  const count = (payloads: readonly Uint8Array[]) => payloads.filter((each) => equal(each, last)).length;
  return count(pongs) >= count(expected);
}

/** Returns whether two messages are equal. */
export function sameMessage(expected: ExpectedMessage, observed: ExpectedMessage): boolean {
  return expected.kind === observed.kind && equal(expected.data, observed.data);
}
