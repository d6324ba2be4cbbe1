// What an observation is worth. Pure: the same observation, the same verdict.

import type { Allowed, End, ExpectedMessage, Observation, Play, Verdict } from "./case.ts";
import { equal, isFailing } from "./perform.ts";
import { describeBytes } from "./wire.ts";

/** A verdict on one half of a case, and why. */
export interface Judgement {
  verdict: Verdict;
  /** Nothing if there is nothing to say. */
  why?: string;
}

/** What a case was worth: what the peer did with what it got, and how the connection ended. */
export interface Opinion {
  behaviour: Judgement;
  close: Judgement;
}

const severity: readonly Verdict[] = ["pass", "info", "unsupported", "non-strict", "fail"];

/** The worst of several verdicts. */
export function worst(...verdicts: Verdict[]): Verdict {
  return severity[Math.max(...verdicts.map((verdict) => severity.indexOf(verdict)))] ?? "fail";
}

/** Judges what happened by the behaviours that are allowed, the best of those that fit. */
export function judge(play: Play, observation: Observation): Opinion {
  if (observation.violation !== undefined) {
    const why = `the peer broke the rules itself: ${observation.violation}`;
    return { behaviour: { verdict: "fail", why }, close: { verdict: "info" } };
  }
  const opinions = play.allowed.map((allowed) => ({
    behaviour: judgeBehaviour(allowed, observation),
    close: judgeClose(allowed.end, observation),
  }));
  const rank = ({ behaviour, close }: Opinion) => severity.indexOf(worst(behaviour.verdict, close.verdict));
  const [best] = opinions.toSorted((a, b) => rank(a) - rank(b));
  if (!best) throw new Error("a case that allows nothing");
  // What is wrong is said in terms of what would have been best.
  return rank(best) === severity.indexOf("fail") ? (opinions[0] ?? best) : best;
}

function judgeBehaviour(allowed: Allowed, observation: Observation): Judgement {
  const { end, verdict, because } = allowed;
  const asAllowed: Judgement = because === undefined ? { verdict } : { verdict, why: because };
  if (end.kind === "any") return asAllowed;
  if (observation.stuck) return fail(`the peer kept us waiting for ${observation.stuck}`);
  const failing = isFailing(end);
  if (failing && observation.wentOn) return fail("the peer went on as if nothing had happened");
  if (failing && !observation.close && !observation.ended) return fail("the peer neither answered nor ended");
  if (allowed.atOnce && !observation.atOnce) return fail("the peer did nothing before the rest was sent");
  const { pongs = [] } = allowed;
  const messages = compare(allowed.messages, observation.messages, sameMessage);
  const answers = compare(pongs, observation.pongs, equal);
  if (messages === "other") return fail(`${describeMessages(observation.messages)} came back`);
  if (answers === "other") return fail(`${describePongs(observation.pongs)} came back`);
  if (messages === "part" && !failing)
    return fail(missing(allowed.messages, observation.messages, "message"));
  // RFC 6455 §5.5.3: of several pings, only the last needs an answer.
  const last = pongs.at(-1);
  const answered = last && observation.pongs.some((payload) => equal(payload, last));
  if (answers === "part" && !failing && !answered) return fail(missing(pongs, observation.pongs, "pong"));
  if (messages === "part" || answers === "part") {
    const verdict = worst(allowed.verdict, "non-strict");
    const what = missing(
      [...allowed.messages, ...pongs],
      [...observation.messages, ...observation.pongs],
      "answer",
    );
    return { verdict, why: failing ? `${what}: lost with the connection that failed` : `${what} (§5.5.3)` };
  }
  const guessed = allowed.keys && guess(observation.keys ?? []);
  return guessed ? fail(guessed) : asAllowed;
}

// How a client's masking keys can be guessed, if they can.
function guess(keys: readonly Uint8Array[]): string | undefined {
  const numbers = keys.map((key) => Buffer.from(key).readUInt32BE());
  const steps = new Set(numbers.slice(1).map((number, index) => (number - (numbers[index] ?? 0)) >>> 0));
  if (new Set(numbers).size === 1) return `each masking key is ${describeBytes(keys[0] ?? new Uint8Array())}`;
  if (steps.size === 1) return "each masking key follows from the one before";
  if (new Set(numbers).size < numbers.length) return "masking keys come again";
  return undefined;
}

function judgeClose(end: End, { close, ended, peerClosedFirst }: Observation): Judgement {
  if (end.kind === "any") return { verdict: "info" };
  const left = close && !ended ? "the peer did not close TCP after both close frames (§5.5.1)" : undefined;
  if (end.kind === "unopened" && close) {
    return {
      verdict: "non-strict",
      why: "the client took the connection as open before it failed it (§4.1)",
    };
  }
  if (end.kind === "unopened") return ended ? { verdict: "pass" } : fail("the client did not end TCP");
  if (end.kind === "ended") return close || ended ? ok(left) : fail("the connection was not ended");
  if (end.kind === "failed") {
    if (left) return fail(left);
    if (!close) return { verdict: ended ? "non-strict" : "fail", why: howEnded(ended) };
    if (end.codes.includes(close.code)) return { verdict: "pass" };
    const normal = close.code === 1000 || close.code === 1005;
    if (normal && !peerClosedFirst) return fail("the close frame was answered as if it were right");
    return { verdict: "non-strict", why: `closed with ${close.code}, not ${or(end.codes)} (§7.4.1)` };
  }
  if (!close) return fail(howEnded(ended));
  if (peerClosedFirst) return fail(`the peer closed with ${describeClose(close)}`);
  if (left) return fail(left);
  const codes = end.kind === "clean" ? [1000] : end.codes;
  if (codes.includes(close.code)) return { verdict: "pass" };
  return {
    verdict: "non-strict",
    why: `answered the close frame with ${close.code}, not ${or(codes)} (§5.5.1)`,
  };
}

function ok(left: string | undefined): Judgement {
  return left === undefined ? { verdict: "pass" } : fail(left);
}

function fail(why: string): Judgement {
  return { verdict: "fail", why };
}

function howEnded(ended: Observation["ended"]): string {
  if (!ended) return "no close frame came, and the connection stayed open";
  return `the connection was ${ended === "reset" ? "reset" : "ended"} without a close frame`;
}

// `part`: some are missing, those that came are right and in order.
function compare<A, B>(
  expected: readonly A[],
  observed: readonly B[],
  same: (expected: A, observed: B) => boolean,
): "all" | "part" | "other" {
  let at = 0;
  for (const each of observed) {
    while (at < expected.length && !same(expected[at] as A, each)) at++;
    if (at++ >= expected.length) return "other";
  }
  return observed.length === expected.length ? "all" : "part";
}

function sameMessage(expected: ExpectedMessage, observed: ExpectedMessage): boolean {
  return expected.kind === observed.kind && equal(expected.data, observed.data);
}

function missing(expected: readonly unknown[], observed: readonly unknown[], what: string): string {
  if (expected.length === 1) return `the ${what} did not come back`;
  return `${observed.length} of ${expected.length} ${what}s came back`;
}

/** What the play hopes for, in words. */
export function describeExpected({ allowed }: Play): string {
  const ways = allowed.filter(({ end }) => end.kind !== "any").map(describeAllowed);
  return ways.length > 0 ? ways.join("; or ") : "nothing in particular";
}

function describeAllowed({ messages, pongs = [], end }: Allowed): string {
  const parts = [
    messages.length > 0 && describeMessages(messages),
    pongs.length > 0 && describePongs(pongs),
    describeEnd(end),
  ];
  return parts.filter(Boolean).join(", then ");
}

function describeEnd(end: End): string {
  if (end.kind === "clean") return "a connection that works on and closes with 1000";
  if (end.kind === "closed") return `a close frame with ${or(end.codes)}`;
  if (end.kind === "failed") return `the connection failed with ${or(end.codes)}`;
  if (end.kind === "unopened") return "the end of TCP, without a frame";
  return end.kind === "ended" ? "the connection ended" : "whatever the peer does";
}

/** What came, in words. */
export function describeObservation(observation: Observation): string {
  const { messages, pongs, close, ended, violation, wentOn } = observation;
  const parts = [
    messages.length > 0 && describeMessages(messages),
    pongs.length > 0 && describePongs(pongs),
    wentOn && "a pong to a later ping",
    close && `a close frame with ${describeClose(close)}`,
    violation,
    ended === "reset" ? "a reset" : ended && "the end of TCP",
  ];
  return parts.filter(Boolean).join(", ") || "nothing";
}

function describeClose({ code, reason }: NonNullable<Observation["close"]>): string {
  const text = code === 1005 ? "no code" : String(code);
  return reason ? `${text} ${JSON.stringify(reason)}` : text;
}

function describeMessages(messages: readonly ExpectedMessage[]): string {
  const [first] = messages;
  if (!first) return "no message";
  if (messages.length > 3) return `${messages.length} messages`;
  return messages.map(({ kind, data }) => `${kind} of ${describeBytes(data)}`).join(" and ");
}

function describePongs(pongs: readonly Uint8Array[]): string {
  if (pongs.length === 0) return "no pong";
  return pongs.length > 3
    ? `${pongs.length} pongs`
    : pongs.map((each) => `pong of ${describeBytes(each)}`).join(" and ");
}

function or(codes: readonly number[]): string {
  const words = codes.map((code) => (code === 1005 ? "no code" : String(code)));
  const last = words.pop() ?? "";
  return words.length > 0 ? `${words.join(", ")} or ${last}` : last;
}
