// Describes what was expected and what came, in words that can be read without the RFC.

import {
  type Allowed,
  type ExpectedEnd,
  type ExpectedMessage,
  type Observation,
  type Play,
  sameMessage,
} from "../model/frame-case.ts";
import { describeBytes, equal } from "../wire/bytes.ts";
import { or } from "./judgement.ts";

/** Returns how many of something came back. */
export function missing(expected: readonly unknown[], observed: readonly unknown[], what: string): string {
  if (expected.length === 1) return `the ${what} did not come back`;
  return `${observed.length} of ${expected.length} ${what}s came back`;
}

/** Describes how the received messages differ from the expected ones. */
export function otherMessages(
  expected: readonly ExpectedMessage[],
  observed: readonly ExpectedMessage[],
): string {
  if (expected.length === 0) return `${describeMessages(observed)} came back, but none was expected`;
  const at = observed.findIndex((message, index) => !isSame(expected[index], message));
  const [right, wrong] = [expected[at], observed[at]];
  if (!wrong) return `${observed.length} messages came back`;
  if (!right) return `one message too many came back: ${describeMessages([wrong])}`;
  const which = expected.length === 1 ? "the message" : `message ${at + 1}`;
  if (right.kind !== wrong.kind) return `${which} came back as ${wrong.kind}, not as ${right.kind}`;
  const place = right.data.findIndex((byte, index) => byte !== wrong.data[index]);
  const length =
    right.data.length === wrong.data.length ? "" : `, ${countOf(wrong)} instead of ${countOf(right)}`;
  if (place === -1) return `${which} came back with extra bytes at its end${length}`;
  return `${which} came back changed, from byte ${place.toLocaleString("en")} on${length}`;
}

function isSame(expected: ExpectedMessage | undefined, observed: ExpectedMessage): boolean {
  return expected !== undefined && sameMessage(expected, observed);
}

function countOf({ data }: ExpectedMessage): string {
  return `${data.length.toLocaleString("en")} ${data.length === 1 ? "byte" : "bytes"}`;
}

/** Describes how the received pongs differ from the expected ones. */
export function otherPongs(expected: readonly Uint8Array[], observed: readonly Uint8Array[]): string {
  if (expected.length === 0) return `${describePongs(observed)} came back, but none was expected`;
  const at = observed.findIndex((payload, index) => !equal(expected[index] ?? new Uint8Array(), payload));
  const [right, wrong] = [expected[at], observed[at]];
  if (!right || !wrong) return `${observed.length} pongs came back instead of ${expected.length}`;
  const which = expected.length === 1 ? "" : `pong ${at + 1} is wrong: `;
  return `${which}${describePongs([wrong])} came back, but the ping carried ${right.length === 0 ? "nothing" : describeBytes(right)}`;
}

/** Describes the best outcome of a play. */
export function describeExpected({ allowed }: Play): string {
  const ways = allowed.filter(({ end }) => end.kind !== "any").map(describeAllowed);
  return ways.length > 0 ? ways.join("; ") : "nothing in particular";
}

const ranks = { pass: "or", "non-strict": "tolerated:", info: "no fault:" };

function describeAllowed({ verdict, messages, pongs = [], end }: Allowed, index: number): string {
  const parts = [
    messages.length > 0 && describeMessages(messages),
    pongs.length > 0 && describePongs(pongs),
    describeEnd(end),
  ];
  const words = parts.filter(Boolean).join(", ");
  return index === 0 ? words : `${ranks[verdict]} ${words}`;
}

function describeEnd(end: ExpectedEnd): string {
  if (end.kind === "clean") return "and a connection that keeps working until it is closed";
  if (end.kind === "closed")
    return `a close frame with ${or(end.codes.map(nameOf))} in reply to ours, then the end of the TCP connection`;
  if (end.kind === "failed")
    return `a failed connection: a close frame with ${or(end.codes.map(nameOf))}, then the end of the TCP connection`;
  if (end.kind === "kept") return "a connection that stays open";
  if (end.kind === "refused")
    return `a close frame with ${or(end.codes.map(nameOf))}, because a limit of the peer is exceeded`;
  if (end.kind === "unopened") return "the end of the TCP connection, without any frame";
  return end.kind === "ended" ? "the end of the connection, in any way" : "any behaviour";
}

/** Describes what came. */
export function describeObservation(observation: Observation): string {
  const { messages, pongs, close, ended, violation, excess, wentOn } = observation;
  const parts = [
    messages.length > 0 && describeMessages(messages),
    pongs.length > 0 && describePongs(pongs),
    wentOn && "a pong for a later ping",
    close && `a close frame with ${describeClose(close)}`,
    violation && `a violation of the protocol: ${violation}`,
    excess && `too much: ${excess}`,
    ended === "reset" ? "a TCP reset" : ended && "the end of the TCP connection",
  ];
  return parts.filter(Boolean).join(", ") || "nothing";
}

/** Describes a close frame. */
export function describeClose({ code, reason }: NonNullable<Observation["close"]>): string {
  return reason ? `${nameOf(code)} ${JSON.stringify(reason)}` : nameOf(code);
}

/** Describes messages. */
export function describeMessages(messages: readonly ExpectedMessage[]): string {
  const [first] = messages;
  if (!first) return "no message";
  if (messages.length > 3) return `${messages.length.toLocaleString("en")} messages`;
  const words = messages.map(({ kind, data }) =>
    data.length === 0 ? `an empty ${kind} message` : `a ${kind} message of ${describeBytes(data)}`,
  );
  return words.join(" and ");
}

function describePongs(pongs: readonly Uint8Array[]): string {
  if (pongs.length === 0) return "no pong";
  if (pongs.length > 3) return `${pongs.length.toLocaleString("en")} pongs`;
  return pongs
    .map((each) => (each.length === 0 ? "an empty pong" : `a pong of ${describeBytes(each)}`))
    .join(" and ");
}

// What the codes that a peer may send mean: RFC 6455 §7.4.1, and IANA's registry.
const codeNames: Readonly<Record<number, string>> = {
  1000: "normal",
  1001: "going away",
  1002: "protocol error",
  1003: "unacceptable data",
  1007: "invalid data",
  1008: "policy",
  1009: "too big",
  1011: "internal error",
  1013: "try again later",
};

/** Returns a close code with its meaning. */
export function nameOf(code: number): string {
  if (code === 1005) return "no code";
  const name = codeNames[code];
  return name === undefined ? String(code) : `${code} (${name})`;
}
