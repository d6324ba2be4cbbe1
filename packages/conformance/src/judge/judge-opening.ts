// Judges an answer to an opening handshake. Pure: the same observation always gives the same verdict.

import type {
  AllowedAnswer,
  AnswerKind,
  Fate,
  OpeningObservation,
  StatusPattern,
} from "../model/opening-case.ts";
import type { Judgement, Opinion } from "../model/verdict.ts";
import { describeObservation } from "./describe.ts";
import { judge } from "./judge.ts";
import { fail, or, severity, worst } from "./judgement.ts";

/**
 * Judges what came by the answers that are allowed. If several fit, the best counts. `strict`: judges the opened
 * WebSocket as Autobahn does where the RFC allows more. Default: false.
 */
export function judgeOpening(
  allowed: readonly AllowedAnswer[],
  observation: OpeningObservation,
  strict = false,
): Opinion {
  const { answer, opened } = observation;
  const used = opened && judge(opened.play, opened.observation, strict);
  const opinions = allowed.map((each) => ({
    behaviour: judgeAnswer(each, observation, used),
    close: judgeFate(each, observation, used),
  }));
  const rank = ({ behaviour, close }: Opinion) => severity(worst(behaviour.verdict, close.verdict));
  const [best] = opinions.toSorted((a, b) => rank(a) - rank(b));
  if (!best) throw new Error("a case that allows nothing");
  if (rank(best) < severity("fail")) return best;
  // Says what is wrong in terms of the first allowed answer of the same kind.
  const index = allowed.findIndex((each) => each.answer === answer);
  return opinions[Math.max(index, 0)] ?? best;
}

// `used`: the opinion on the WebSocket that the answer opened.
function judgeAnswer(
  allowed: AllowedAnswer,
  observation: OpeningObservation,
  used: Opinion | undefined,
): Judgement {
  const { verdict, because, demand, statuses } = allowed;
  const { answer, head, problem, fate, slow } = observation;
  if (answer !== allowed.answer) return fail(`${describeAnswer(observation)} came back`);
  if (problem) return fail(`101, but ${problem}`);
  if (fate === "broken") return fail("the bytes after the end of the answer are not HTTP");
  if (head && statuses && !statuses.some((each) => fits(head.status, each))) {
    return fail(`the status is ${head.status}, not ${or(statuses.map(String))}`);
  }
  const wrong = head && demand?.problem(head);
  if (wrong) return fail(wrong);
  if (slow) return fail(slow);
  const isLost = allowed.mayLose && !used?.grave && !used?.broken;
  if (used && used.behaviour.verdict !== "pass" && !isLost) return used.behaviour;
  return because === undefined ? { verdict } : { verdict, why: because };
}

function judgeFate(
  { closes }: AllowedAnswer,
  { answer, fate }: OpeningObservation,
  used: Opinion | undefined,
): Judgement {
  if (used) return used.close;
  if (fate === undefined) return { verdict: answer === "refused" || answer === "ignored" ? "pass" : "info" };
  if (closes && fate === "kept") return fail("the connection was kept for more requests");
  // An answer to a request that the server took for another kind may go on, as a stream of events does.
  if (answer === "ignored" && fate === "endless") return { verdict: "info", why: "the answer did not end" };
  const why = complaints[fate];
  return why === undefined ? { verdict: "pass" } : fail(why);
}

const complaints: Record<Fate, string | undefined> = {
  closed: undefined,
  kept: undefined,
  broken: undefined,
  left: "the answer said Connection: close, but the server did not close (RFC 9112 §9.6)",
  stuck: "the server neither closed the connection nor answered the next request (RFC 9112 §9.3)",
  endless: "the answer never ends: it has no length, and the connection stays open (RFC 9112 §6.3)",
};

function fits(status: number, pattern: StatusPattern): boolean {
  return typeof pattern === "number" ? status === pattern : `${Math.floor(status / 100)}xx` === pattern;
}

/** Describes the outcome that the case hopes for. */
export function describeAllowedAnswers(allowed: readonly AllowedAnswer[]): string {
  return allowed.map(describeAllowed).join("; or ");
}

function describeAllowed({ answer, statuses, demand, closes }: AllowedAnswer): string {
  const kind = statuses ? `a refusal with ${or(statuses.map(String))}` : kinds[answer];
  return [kind, demand?.words, closes && "then the end of the connection"].filter(Boolean).join(", ");
}

const kinds: Record<AnswerKind, string> = {
  accepted: "101 and a WebSocket that echoes",
  refused: "a refusal with 4xx or 5xx",
  ignored: "an answer as if to a plain HTTP request",
  dropped: "the end of the connection without an answer",
  bare: "a body without a head, as in HTTP/0.9, then the end of the connection",
  http2: "an HTTP/2 frame",
  silent: "no answer",
  malformed: "bytes that are not HTTP",
};

/** Describes what came. */
export function describeOpening(observation: OpeningObservation): string {
  const { opened, problem, fate, why } = observation;
  if (why) return why;
  const parts = [
    describeAnswer(observation),
    problem,
    opened && describeObservation(opened.observation),
    fate && fates[fate],
  ];
  return parts.filter(Boolean).join(", ");
}

function describeAnswer({ answer, head }: OpeningObservation): string {
  return head ? `${head.status} ${head.statusText}`.trim() : kinds[answer];
}

const fates: Record<Fate, string> = {
  closed: "and the end of the connection",
  kept: "and an answer to the next request",
  left: "which announced a close, but the connection stayed open",
  stuck: "and no answer to the next request",
  endless: "which never ended",
  broken: "and then bytes that are not HTTP",
};
