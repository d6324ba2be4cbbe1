// Prints what a case does, byte by byte, and the list of all cases.

import { autobahnCases } from "../cases/autobahn.ts";
import { groupOf } from "../cases/index.ts";
import { describeExpected } from "../judge/describe.ts";
import { describeAllowedAnswers } from "../judge/judge-opening.ts";
import type { AnswerCase } from "../model/answer-case.ts";
import type { Case } from "../model/case.ts";
import type { CaseFrame, Cuts, FrameCase, Play, Step } from "../model/frame-case.ts";
import type { OpeningCase } from "../model/opening-case.ts";
import { type Random, random } from "../model/random.ts";
import type { Verdict } from "../model/verdict.ts";
import { describeFrameSent } from "../play/endpoint.ts";
import { signs } from "../report/report.ts";
import { rangesOf } from "../report/summary.ts";
import { cut, labelled, type Paint, plural, table } from "../report/terminal.ts";
import { styles } from "../report/verdict-styles.ts";
import { acceptOffer } from "../wire/accept-offer.ts";
import { hex } from "../wire/bytes.ts";
import { type Agreement, agree, NegotiationError } from "../wire/deflate.ts";
import { encodeFrame, Opcode } from "../wire/frames.ts";
import { acceptOf } from "../wire/handshake.ts";
import { caseOf } from "./select.ts";

/** The key of RFC 6455 §1.3. */
const sampleKey = "dGhlIHNhbXBsZSBub25jZQ==";
/** How much of a frame is printed. */
const shownBytes = 48;
const shownFrames = 12;

/** Describes one allowed behaviour. */
interface Way {
  verdict: Verdict;
  words: string;
  because: string | undefined;
}

/** Prints what a case sends step by step, with its bytes, and what is allowed. */
export function explain(each: Case, seed: number, paint: Paint, width: number): string {
  const facts = [
    labelled(`${paint("bold", each.id)}  `, each.title, each.id.length + 2, width),
    paint("dim", `${each.level} · ${each.clause} · ${groupOf(each).title}`),
    labelled("", each.gist, 0, width),
    each.offer === undefined ? "" : `offers ${each.offer}`,
    each.autobahn?.length ? paint("dim", `Autobahn ${each.autobahn.join(", ")}`) : "",
  ].filter(Boolean);
  const [sent, allowed] = partsOf(each, seed);
  const ways = allowed.map(({ verdict, words, because }) => {
    const label = `  ${paint(styles[verdict], `${signs[verdict]} ${verdict}`)}`;
    return labelled(label, because === undefined ? words : `${words} – ${because}`, 16, width);
  });
  return [
    facts.join("\n"),
    [paint("bold", "sent"), ...sent.map((line) => indented(line, width))].join("\n"),
    [paint("bold", "allowed, the best first"), ...ways].join("\n"),
  ].join("\n\n");
}

// Lines that begin with spaces stay below the line they belong to.
function indented(line: string, width: number): string {
  const text = line.trimStart();
  return labelled("", text, 2 + line.length - text.length, width);
}

function partsOf(each: Case, seed: number): [string[], Way[]] {
  if (each.kind === "opening") return openingOf(each, seed);
  return each.kind === "answer" ? answerOf(each, seed) : framesOf(each, seed);
}

function framesOf(each: FrameCase, seed: number): [string[], Way[]] {
  const numbers = random(seed, each.id);
  const agreed = each.offer === undefined ? undefined : agreementOn(each.offer);
  const play = each.play(numbers, agreed);
  return partsOfPlay(play, numbers, each.peer === "client");
}

// Assumes that the peer accepts the offer as it is, or none, because its real answer is not known in advance.
function agreementOn(offer: string): Agreement | undefined {
  try {
    return agree(offer, acceptOffer(offer, offer)?.answer ?? "");
  } catch (error) {
    if (error instanceof NegotiationError) return undefined;
    throw error;
  }
}

function answerOf(each: AnswerCase, seed: number): [string[], Way[]] {
  const numbers = random(seed, each.id);
  const accept = acceptOf(sampleKey);
  const { sampleOffer: offer = "permessage-deflate; client_max_window_bits" } = each;
  const answer = each.answer({
    method: "GET",
    target: "/run",
    httpVersion: "1.1",
    headers: [],
    accept,
    offer,
    earlierKeys: new Set(),
  });
  const [sent, allowed] = partsOfPlay(each.play(numbers), numbers, true);
  const asked = each.sampleOffer === undefined ? [] : [`to a client that offers "${offer}":`];
  return [[...asked, ...linesOf(answer ?? ""), ...sent], allowed];
}

function partsOfPlay(play: Play, numbers: Random, bare: boolean): [string[], Way[]] {
  const sent = play.steps.flatMap((step, index) => stepLines(step, index + 1, numbers, bare));
  const allowed = play.allowed.map((way) => ({
    verdict: way.verdict,
    words: way.end.kind === "any" ? "any behaviour" : describeExpected({ steps: [], allowed: [way] }),
    because: way.because,
  }));
  return [sent, allowed];
}

// `bare`: as a server sends it, without a mask.
function stepLines(step: Step, number: number, numbers: Random, bare: boolean): string[] {
  if (step.kind === "settle") return [`${number}. gives the peer time to react`];
  if (step.kind === "end") return [`${number}. FIN: this side sends no more`];
  if (step.kind === "await") return [`${number}. waits for ${step.what} ${step.count}`];
  if (step.kind === "bytes") return [`${number}. ${step.what}`, `   ${bytesOf(step.bytes)}`];
  const how = step.cuts === undefined ? "" : ` (in pieces: ${describeCuts(step.cuts)})`;
  const lines = step.frames
    .slice(0, shownFrames)
    .flatMap((frame) => [`   ${describeFrameSent(frame)}`, `   ${bytesOf(encode(frame, numbers, bare))}`]);
  const more =
    step.frames.length > shownFrames ? [`   and ${step.frames.length - shownFrames} more frames`] : [];
  const head = `${number}. ${step.frames.length === 1 ? "one frame" : `${step.frames.length} frames`}${how}`;
  return [head, ...lines, ...more];
}

function describeCuts(cuts: Cuts): string {
  if (typeof cuts === "number") return cuts === 1 ? "byte by byte" : `of ${cuts} bytes`;
  return `cut after ${cut(cuts.join(", "), 60)} bytes`;
}

function encode(
  { masking = "right", mask, ...frame }: CaseFrame,
  numbers: Random,
  bare: boolean,
): Uint8Array {
  return encodeFrame((masking === "right") !== bare ? { ...frame, mask: mask ?? numbers.bytes(4) } : frame);
}

function bytesOf(bytes: Uint8Array): string {
  const more =
    bytes.length > shownBytes ? ` … ${(bytes.length - shownBytes).toLocaleString("en")} more bytes` : "";
  return hex(bytes.subarray(0, shownBytes)) + more;
}

function openingOf(each: OpeningCase, seed: number): [string[], Way[]] {
  const address = { host: "127.0.0.1", port: 80, secure: false, path: "/echo", authority: "127.0.0.1" };
  const { key = sampleKey, cuts, frames = [] } = each;
  const numbers = random(seed, each.id);
  const request = cut(each.request({ address, key, random: numbers }), 2_000);
  const sent = [
    ...(cuts === undefined ? [] : [`in pieces: ${describeCuts(cuts)}`]),
    ...linesOf(request),
    ...frames.flatMap((frame) => [describeFrameSent(frame), bytesOf(encode(frame, numbers, false))]),
  ];
  const allowed = each.allowed.map((way) => ({
    verdict: way.verdict,
    words: describeAllowedAnswers([way]),
    because: way.because,
  }));
  return [sent, allowed];
}

function linesOf(head: string): string[] {
  const lines = head.replaceAll("\r\n", "\n").trimEnd().split("\n");
  return lines.map((line) => cut(line, 300));
}

/** Prints Autobahn's cases, each with ours that find the same faults. */
export function listAutobahn(paint: Paint, width: number): string {
  const rows = autobahnCases.map(({ id, ours }) => {
    const words = [rangesOf(ours), ...new Set(ours.map(caseOf).flatMap(lenienciesOf))];
    return labelled(`  ${paint("bold", id)}`, words.join("\n"), 12, width);
  });
  return [
    `${plural(autobahnCases.length, "case")} of Autobahn, each with our cases that find the same faults`,
    ...rows,
  ].join("\n");
}

// The end of the connection shows what is wrong with a close frame. Autobahn also wants the code.
const wrongClose = "more lenient: an invalid close frame may be answered like a valid one";

// Places where a case lets pass what Autobahn fails, unless the run is strict.
function lenienciesOf(each: Case): string[] {
  if (each.kind !== "frames" || each.offer !== undefined) return [];
  const { steps, allowed } = each.play(random(1, each.id));
  const tolerated = allowed.flatMap(({ strictly, because = "" }) => (strictly ? [because] : []));
  const isClose = steps.some((step) => step.kind === "send" && step.frames.some(isCloseFrame));
  const words = tolerated.map((because) => `more lenient: ${because}`);
  const failing = isClose && allowed[0]?.end.kind === "failed" && tolerated.length === 0;
  const several = allowed[0]?.verdict === "pass" && (allowed[0].pongs?.length ?? 0) > 1;
  return [
    ...words,
    ...(failing ? [wrongClose] : []),
    ...(several ? ["more lenient: of several pings only the last needs an answer (§5.5.3)"] : []),
  ].map((line) => `${line}; --strict fails it`);
}

function isCloseFrame({ opcode }: CaseFrame): boolean {
  return opcode === Opcode.Close;
}

/** Prints every case, by group. */
export function list(cases: readonly Case[], paint: Paint, width: number): string {
  const sections = [...Map.groupBy(cases, groupOf)].map(([group, found]) => {
    const head = `${paint("bold", `${group.number} ${group.title}`)} ${paint("dim", `${group.name}, ${found.length}`)}`;
    const ids = Math.max(...found.map(({ id }) => id.length));
    const rows = found.map(({ id, level, title }) => [
      id,
      paint("dim", level),
      cut(title, Math.max(30, width - ids - 12)),
    ]);
    return [head, ...table(rows, 3).map((line) => `  ${line}`)].join("\n");
  });
  return sections.join("\n\n");
}
