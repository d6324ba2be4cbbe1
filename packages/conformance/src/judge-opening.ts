// Judges an answer to an opening handshake. Pure: the same observation always gives the same verdict.

import type { Fate } from "./exchange.ts";
import { type Judgement, type Opinion, worst } from "./judge.ts";
import type { AllowedAnswer, AnswerKind, OpeningObservation, StatusPattern } from "./opening.ts";

const severity = ["pass", "info", "unsupported", "non-strict", "fail"];

/** Judges what came by the answers that are allowed. If several fit, the best counts. */
export function judgeOpening(allowed: readonly AllowedAnswer[], observation: OpeningObservation): Opinion {
  const opinions = allowed.map((each) => ({
    behaviour: judgeAnswer(each, observation),
    close: judgeFate(each, observation),
  }));
  const rank = ({ behaviour, close }: Opinion) => severity.indexOf(worst(behaviour.verdict, close.verdict));
  const [best] = opinions.toSorted((a, b) => rank(a) - rank(b));
  if (!best) throw new Error("a case that allows nothing");
  if (rank(best) < severity.indexOf("fail")) return best;
  // Says what is wrong in terms of the first allowed answer of the same kind.
  const index = allowed.findIndex(({ answer }) => answer === observation.answer);
  return opinions[Math.max(index, 0)] ?? best;
}

function judgeAnswer(allowed: AllowedAnswer, observation: OpeningObservation): Judgement {
  const { verdict, because, demand, statuses } = allowed;
  const { answer, head, problem, opened, fate, slow } = observation;
  if (answer !== allowed.answer) return fail(`${describeAnswer(observation)} came back`);
  if (problem) return fail(`101, but ${problem}`);
  if (fate === "broken") return fail("what came after the end of the answer is no HTTP");
  if (head && statuses && !statuses.some((each) => fits(head.status, each))) {
    return fail(`the status is ${head.status}, not ${or(statuses)}`);
  }
  const wrong = head && demand?.problem(head);
  if (wrong) return fail(wrong);
  if (slow) return fail(slow);
  const isLost = allowed.mayLose && !opened?.grave && !opened?.broken;
  if (opened && opened.behaviour.verdict !== "pass" && !isLost) return opened.behaviour;
  return because === undefined ? { verdict } : { verdict, why: because };
}

function judgeFate({ closes }: AllowedAnswer, { answer, opened, fate }: OpeningObservation): Judgement {
  if (opened) return opened.close;
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
  endless: "the answer has no end: neither a length nor the end of the connection (RFC 9112 §6.3)",
};

function fits(status: number, pattern: StatusPattern): boolean {
  return typeof pattern === "number" ? status === pattern : `${Math.floor(status / 100)}xx` === pattern;
}

function fail(why: string): Judgement {
  return { verdict: "fail", why };
}

/** Describes the outcome that the case hopes for. */
export function describeAllowedAnswers(allowed: readonly AllowedAnswer[]): string {
  return allowed.map(describeAllowed).join("; or ");
}

function describeAllowed({ answer, statuses, demand, closes }: AllowedAnswer): string {
  const kind = statuses ? `a refusal with ${or(statuses)}` : kinds[answer];
  return [kind, demand?.words, closes && "then the end of the connection"].filter(Boolean).join(", ");
}

const kinds: Record<AnswerKind, string> = {
  accepted: "101 and a WebSocket that echoes",
  refused: "a refusal with 4xx or 5xx",
  ignored: "an answer as to a plain request",
  dropped: "the end of the connection without an answer",
  bare: "a body without a head, as of HTTP/0.9, and the end of the connection",
  http2: "a frame of HTTP/2",
  silent: "no answer",
  malformed: "what is no HTTP",
};

/** Describes what came. */
export function describeOpening(observation: OpeningObservation): string {
  const { opened, problem, fate, why } = observation;
  if (why) return why;
  const parts = [describeAnswer(observation), problem, opened?.received, fate && fates[fate]];
  return parts.filter(Boolean).join(", ");
}

function describeAnswer({ answer, head }: OpeningObservation): string {
  return head ? `${head.status} ${head.statusText}`.trim() : kinds[answer];
}

const fates: Record<Fate, string> = {
  closed: "and the end of the connection",
  kept: "and an answer to the next request",
  left: "which said close, but no end of the connection",
  stuck: "and no answer to the next request",
  endless: "without an end",
  broken: "and then what is no HTTP",
};

function or(statuses: readonly StatusPattern[]): string {
  const words = statuses.map(String);
  const last = words.pop() ?? "";
  return words.length > 0 ? `${words.join(", ")} or ${last}` : last;
}
