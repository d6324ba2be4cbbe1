// Judges an observation. Pure: the same observation always gives the same verdict.

import {
  type Allowed,
  type ExpectedEnd,
  type ExpectedMessage,
  isFailing,
  isLastAnswered,
  type Observation,
  type Play,
  sameMessage,
} from "../model/frame-case.ts";
import type { Judgement, Opinion } from "../model/verdict.ts";
import { describeBytes, equal } from "../wire/bytes.ts";
import { describeClose, missing, nameOf, otherMessages, otherPongs } from "./describe.ts";
import { invention } from "./invention.ts";
import { fail, or, severity, worst } from "./judgement.ts";

/** Judges what happened by the behaviours that are allowed. If several fit, the best counts. */
export function judge(play: Play, observation: Observation, strict = false): Opinion {
  const broken = judgeFraming(observation);
  if (broken) return broken;
  const opinions = play.allowed
    .filter(({ strictly }) => !strict || strictly !== "fail")
    .map((allowed) => ({
      behaviour: judgeBehaviour(allowed, observation, strict),
      close: judgeClose(allowed.end, observation, strict),
    }));
  // Of two with the same verdict, the one whose end fits says more.
  const rank = ({ behaviour, close }: Opinion) =>
    severity(worst(behaviour.verdict, close.verdict)) + severity(close.verdict) / 10;
  const [best] = opinions.toSorted((a, b) => rank(a) - rank(b));
  if (!best) throw new Error("a case that allows nothing");
  if (rank(best) === 0 && play.remark) {
    return { ...best, behaviour: { verdict: "info", why: play.remark(observation) } };
  }
  if (rank(best) < severity("fail")) return best;
  const why = invention(play, observation);
  if (why) return { behaviour: fail(why), close: best.close, grave: "invention" };
  // Says what is wrong in terms of the best behaviour.
  return opinions[0] ?? best;
}

function judgeFraming({ violation, excess, rubbish }: Observation): Opinion | undefined {
  const rest = { close: { verdict: "info" }, broken: true } as const;
  if (rubbish) {
    const why = `the peer sent bytes that it had never received: ${violation}`;
    return { behaviour: fail(why), ...rest, grave: "invention" };
  }
  if (violation !== undefined) {
    return { behaviour: fail(`the peer broke the protocol: ${violation}`), ...rest };
  }
  if (excess !== undefined) {
    return { behaviour: fail(`the test reached its own limit and cut the peer off: ${excess}`), ...rest };
  }
  return undefined;
}

function judgeBehaviour(allowed: Allowed, observation: Observation, strict: boolean): Judgement {
  const { end, verdict, because } = allowed;
  const asAllowed: Judgement = because === undefined ? { verdict } : { verdict, why: because };
  if (end.kind === "any") return asAllowed;
  if (observation.stuck) return fail(`timed out while waiting for ${observation.stuck}`);
  const failing = isFailing(end);
  if (failing && observation.wentOn)
    return fail("the peer did not fail the connection: it answered a later ping");
  if (failing && hadToBeClosed(observation)) return fail("the peer kept the connection until we closed it");
  if (failing && !observation.close && !observation.ended)
    return fail("the peer neither failed the connection nor answered a later ping");
  if (allowed.atOnce && !observation.atOnce) return fail("the peer did not react until the rest was sent");
  const { pongs = [] } = allowed;
  const messages = compare(allowed.messages, observation.messages, sameMessage);
  const answers = comparePongs(pongs, observation);
  if (messages === "other") return fail(otherMessages(allowed.messages, observation.messages));
  if (answers === "other") return fail(otherPongs(pongs, observation.pongs));
  const gap = allowed.gapless && gapIn(allowed.messages, observation.messages);
  if (gap) return fail(gap);
  if (messages === "part" && !failing)
    return fail(missing(allowed.messages, observation.messages, "message"));
  const answered = !strict && isLastAnswered(pongs, observation.pongs);
  if (answers === "part" && !failing && !answered) return fail(missing(pongs, observation.pongs, "pong"));
  if (messages === "part" || answers === "part") return judgePart(allowed, observation, failing);
  const guessed = allowed.keys && guess(observation.keys ?? []);
  if (guessed) return fail(guessed);
  // RFC 6455 §5.5.1 forbids only data after the close frame, but an end that has closed has nothing left to say
  // (§1.4).
  if (!observation.latePong || because !== undefined) return asAllowed;
  return { verdict: worst(verdict, "non-strict"), why: "a pong came after the close frame (§1.4)" };
}

// RFC 6455 §5.5.3: a pong may come unsolicited. It does not excuse a missing answer; the wrong pong is then named.
function comparePongs(expected: readonly Uint8Array[], { pongs, unsolicited = [] }: Observation) {
  const all = compare(expected, pongs, equal);
  if (all !== "other") return all;
  const asked = pongs.filter((each) => !unsolicited.includes(each));
  return isLastAnswered(expected, asked) ? compare(expected, asked, equal) : "other";
}

// A peer that only answers our close frame has not ended the connection, whatever else it left unanswered.
function hadToBeClosed({ closedByUs, peerClosedFirst, close }: Observation): boolean {
  if (!closedByUs || peerClosedFirst) return false;
  return !close || close.code === 1000 || close.code === 1005;
}

// If messages may be missing, only the last ones may.
function gapIn(
  expected: readonly ExpectedMessage[],
  observed: readonly ExpectedMessage[],
): string | undefined {
  const at = observed.findIndex((each, index) => !sameMessage(expected[index] ?? each, each));
  return at === -1
    ? undefined
    : `message ${at + 1} is missing, although later ones arrived: it was lost silently`;
}

// Some answers are missing, which is allowed here.
function judgePart(
  { verdict, because, messages, pongs = [] }: Allowed,
  observation: Observation,
  failing: boolean,
): Judgement {
  if (!failing) {
    const came = missing(pongs, observation.pongs, "pong");
    const why = `${came}, including the last one, which is enough (§5.5.3)`;
    return { verdict: worst(verdict, "info"), why };
  }
  if (because !== undefined) return { verdict, why: because };
  const answers = [...observation.messages, ...observation.pongs];
  const came = missing([...messages, ...pongs], answers, "answer");
  return { verdict: worst(verdict, "non-strict"), why: `${came}: lost when the connection failed` };
}

// Returns how a client's masking keys can be guessed, or nothing if they cannot.
function guess(keys: readonly Uint8Array[]): string | undefined {
  const numbers = keys.map((key) => Buffer.from(key).readUInt32BE());
  const steps = new Set(numbers.slice(1).map((number, index) => (number - (numbers[index] ?? 0)) >>> 0));
  if (new Set(numbers).size === 1) return `each masking key is ${describeBytes(keys[0] ?? new Uint8Array())}`;
  if (steps.size === 1) return "each masking key follows from the one before";
  if (new Set(numbers).size < numbers.length) return "masking keys repeat";
  return undefined;
}

function judgeClose(end: ExpectedEnd, observation: Observation, strict: boolean): Judgement {
  const { close, ended } = observation;
  const left = close && !ended ? "the peer did not close TCP after both close frames (§5.5.1)" : undefined;
  if (end.kind === "any" || end.kind === "kept") return { verdict: "info" };
  if (end.kind === "unopened") return judgeUnopened(observation);
  // If an earlier step waited in vain, the peer was never asked to close.
  if (observation.stuck && !close && !ended) return { verdict: "info" };
  if (!close && !ended) return fail("no close frame came in time, and the TCP connection stayed open");
  if (left) return fail(left);
  if (end.kind === "ended") return { verdict: "pass" };
  if (end.kind === "failed") return judgeFailed(end.codes, observation, strict);
  if (end.kind === "refused") return judgeRefused(end.codes, observation);
  return judgeAnswer(end.kind === "clean" ? [1000] : end.codes, observation);
}

function judgeUnopened({ close, ended }: Observation): Judgement {
  if (!close) return ended ? { verdict: "pass" } : fail("the client did not end the TCP connection");
  return {
    verdict: "non-strict",
    why: "the client treated the connection as open before it failed it (§4.1)",
  };
}

function judgeFailed(codes: readonly number[], observation: Observation, strict: boolean): Judgement {
  const { close, peerClosedFirst, echoedCode } = observation;
  if (!close)
    return {
      verdict: "non-strict",
      why: `${dropped(observation)}; a close code would have said why (§7.1.7)`,
    };
  if (codes.includes(close.code)) return { verdict: "pass" };
  const normal = close.code === 1000 || close.code === 1005;
  // §5.1 and §7.1.7 require the end of the connection, and it has ended. The code MAY say why.
  if (!peerClosedFirst && (normal || echoedCode)) {
    const why = `an invalid close frame was answered like a valid one, with ${nameOf(close.code)}`;
    return { verdict: strict ? "fail" : "non-strict", why };
  }
  return {
    verdict: "non-strict",
    why: `the connection failed with ${nameOf(close.code)}; the code should be ${or(codes.map(nameOf))} (§7.4.1)`,
  };
}

// No other code: a peer that fails for another reason has a fault, not a limit.
function judgeRefused(codes: readonly number[], observation: Observation): Judgement {
  const { close } = observation;
  if (!close)
    return {
      verdict: "non-strict",
      why: `${dropped(observation)}; a close frame with ${or(codes.map(nameOf))} would have said why`,
    };
  if (codes.includes(close.code)) return { verdict: "pass" };
  return fail(`the peer closed the connection with ${describeClose(close)}`);
}

function judgeAnswer(codes: readonly number[], observation: Observation): Judgement {
  const { close, peerClosedFirst } = observation;
  if (!close) return fail(dropped(observation));
  if (codes.includes(close.code) && !peerClosedFirst) return { verdict: "pass" };
  if (peerClosedFirst) return fail(`the peer closed the connection with ${describeClose(close)}`);
  // These two codes say that our close frame was against the rules.
  if (close.code === 1002 || close.code === 1007) {
    return fail(`a valid close frame was answered with ${describeClose(close)}`);
  }
  return {
    verdict: "non-strict",
    why: `our close frame was answered with ${describeClose(close)}; the typical answer is ${or(codes.map(nameOf))} (§5.5.1)`,
  };
}

function dropped({ ended }: Observation): string {
  return `the connection was ${ended === "reset" ? "reset" : "ended"} without a close frame`;
}

// `part`: some are missing, and those that came are right and in order.
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
