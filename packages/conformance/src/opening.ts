// Cases about the opening handshake: what a server answers to a request, byte by byte (RFC 6455 §4.2, RFC 9112).

import { setTimeout } from "node:timers/promises";
import { awaitMessages, echoes, frame, send, text } from "./build.ts";
import type { CaseFrame, CaseHead, Cuts, Play } from "./case.ts";
import { type Agreement, agree, inflateOf, NegotiationError } from "./deflate.ts";
import { describeObservation } from "./describe.ts";
import { cutAt, describeSent, Endpoint } from "./endpoint.ts";
import { type Exchange, endsSoon, type Fate, fateOf, within } from "./exchange.ts";
import { encodeFrame } from "./frames.ts";
import {
  HandshakeError,
  type Head,
  problemOf,
  readAnswer,
  subprotocolsOf,
  type Target,
  valuesOf,
} from "./http1.ts";
import { judge, type Opinion } from "./judge.ts";
import { describeAllowedAnswers, describeOpening, judgeOpening } from "./judge-opening.ts";
import { join } from "./messages.ts";
import { perform } from "./perform.ts";
import type { Random } from "./random.ts";
import type { CaseContext, Outcome } from "./run.ts";
import { ConnectError, dial, type TcpDuplex } from "./tcp.ts";
import { WireLog } from "./wire.ts";

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

/** What a request is made from. */
export interface RequestContext {
  target: Target;
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
  problem: (head: Head) => string | undefined;
}

/** What came back for a request, as far as the judge needs to know. */
export interface OpeningObservation {
  answer: AnswerKind;
  /** For `malformed`: what is wrong. */
  why?: string;
  head?: Head;
  /** For a 101: what is wrong with it. */
  problem?: string;
  /** For a valid 101: how the WebSocket was judged, and what it did, in words. */
  opened?: Opinion & { received: string };
  /** For any other answer: what became of the connection. */
  fate?: Fate;
  /** How much longer the answer took than that to the other request, in words. */
  slow?: string;
}

/** Sends the request of a case and judges the answer. */
export async function performOpening(each: OpeningCase, context: CaseContext): Promise<Outcome> {
  const { deadlineMs } = context.timing;
  const expected = describeAllowedAnswers(each.allowed);
  const duplex = await dial({ ...context.target, deadlineMs }).catch((error: unknown) => {
    if (error instanceof ConnectError) return error;
    throw error;
  });
  if (duplex instanceof ConnectError) {
    const behaviour = { verdict: "fail" as const, why: duplex.message };
    return {
      behaviour,
      close: { verdict: "info" },
      expected,
      received: duplex.message,
      late: duplex.late,
    };
  }
  try {
    const observation = await timed(each, await observe(each, duplex, context), context);
    const received = describeOpening(observation);
    const late = observation.answer === "silent";
    return { ...judgeOpening(each.allowed, observation), expected, received, late };
  } finally {
    duplex.destroy();
  }
}

// Machines are busy now and then, so only the fastest of several answers shows how long an answer takes.
const repetitions = 3;
const slowFactor = 10;
const slowMs = 100;

async function timed(
  each: OpeningCase,
  observation: OpeningObservation,
  context: CaseContext,
): Promise<OpeningObservation> {
  if (!each.rival || observation.answer === "silent") return observation;
  const own: number[] = [];
  const rivals: number[] = [];
  for (let count = 0; count < repetitions; count++) {
    own.push(await answerMs(each.request, context));
    rivals.push(await answerMs(each.rival, context));
  }
  const [ms, rivalMs] = [Math.min(...own), Math.min(...rivals)];
  if (ms < slowMs || ms < slowFactor * rivalMs) return observation;
  const words = `the answer took ${Math.round(ms)} ms, that to a request as long without this took ${Math.round(rivalMs)} ms`;
  return { ...observation, slow: words };
}

async function answerMs(
  request: OpeningCase["request"],
  { target, random, timing }: CaseContext,
): Promise<number> {
  const { deadlineMs } = timing;
  const duplex = await dial({ ...target, deadlineMs }).catch(() => undefined);
  if (!duplex) return Number.POSITIVE_INFINITY;
  try {
    const began = performance.now();
    void duplex.write(Buffer.from(request({ target, key: keyOf(random), random }), "latin1"));
    await readAnswer(duplex, new WireLog(), deadlineMs);
    return performance.now() - began;
  } catch (error) {
    if (error instanceof HandshakeError) return Number.POSITIVE_INFINITY;
    throw error;
  } finally {
    duplex.destroy();
  }
}

async function observe(
  each: OpeningCase,
  duplex: TcpDuplex,
  context: CaseContext,
): Promise<OpeningObservation> {
  const { target, log, random, timing } = context;
  const key = each.key ?? keyOf(random);
  const exchange: Exchange = { duplex, target, log, deadlineMs: timing.deadlineMs, key: keyOf(random) };
  const request = each.request({ target, key, random });
  // Not awaited: a server may answer before it has read everything.
  const sent = sendRequest(each, request, exchange, random);
  const head = await readAnswer(duplex, log, timing.deadlineMs).catch((error: unknown) => {
    if (error instanceof HandshakeError) return error;
    throw error;
  });
  if (head instanceof HandshakeError) return unanswered(head, exchange);
  await within(sent, timing.deadlineMs);
  if (head.status === 101) return accepted(each, head, key, duplex, context);
  const { fate, ...answer } = await answered(head, request, exchange);
  return each.fate === "untold" || fate === undefined ? answer : { ...answer, fate };
}

async function accepted(
  each: OpeningCase,
  answer: Head,
  key: string,
  duplex: TcpDuplex,
  context: CaseContext,
): Promise<OpeningObservation> {
  const { allowed, offer = "", frames, subprotocols } = each;
  const head = withoutAsked(answer, subprotocolsOf(context.target));
  const agreed = agreedOn(offer, valuesOf(head, "sec-websocket-extensions").join(", "));
  const problem = problemOf(head, key, offer, subprotocols);
  if (problem) return { answer: "accepted", head, problem };
  if (agreed instanceof Error) return { answer: "accepted", head, problem: agreed.message };
  if (!allowed.some(({ answer }) => answer === "accepted")) return { answer: "accepted", head };
  return { answer: "accepted", head, opened: await use(frames, agreed, duplex, context) };
}

// What every handshake of the run asks for is no finding of a case.
function withoutAsked(head: Head, asked: readonly string[]): Head {
  const isAsked = ([name, value]: Head["headers"][number]) =>
    name === "sec-websocket-protocol" && asked.includes(value);
  return { ...head, headers: head.headers.filter((each) => !isAsked(each)) };
}

function keyOf(random: Random): string {
  return Buffer.from(random.bytes(16)).toString("base64");
}

async function sendRequest(
  { frames = [], cuts }: OpeningCase,
  request: string,
  { duplex, log }: Exchange,
  random: Random,
): Promise<void> {
  const head = Buffer.from(request, "latin1");
  const masked = frames.map((frame) => encodeFrame({ ...frame, mask: random.bytes(4) }));
  const pieces = [...cutAt(join([head, ...masked]), placesIn(head, cuts))];
  log.add(
    "sent",
    "http",
    `${firstLine(request)}${pieces.length > 1 ? ` (in ${pieces.length} pieces)` : ""}`,
    head,
  );
  frames.forEach((frame, index) => {
    log.add("sent", "frame", `${describeSent(frame)}, before any answer`, masked[index]);
  });
  for (const piece of pieces) {
    await duplex.write(piece);
    // Pieces written at once may be read as one, hence the pauses. Nothing is judged by how long this takes.
    await setTimeout(1);
  }
}

function placesIn(head: Uint8Array, cuts: Cuts | undefined): Cuts | undefined {
  return typeof cuts === "object" ? cuts.map((place) => head.length + place) : cuts;
}

function firstLine(request: string): string {
  const line = request.trimStart().split(/[\r\n]/, 1)[0] ?? "";
  return line.length > 100 ? `${line.slice(0, 100)} …` : line;
}

async function unanswered(
  { fault, message, foreign }: HandshakeError,
  exchange: Exchange,
): Promise<OpeningObservation> {
  if (fault === "ended") exchange.log.add("received", "end", message);
  if (foreign && isText(foreign) && (await endsSoon(exchange))) return { answer: "bare" };
  const kinds = { ended: "dropped", silent: "silent", http2: "http2" } as const;
  const answer = fault in kinds ? kinds[fault as keyof typeof kinds] : "malformed";
  return { answer, why: message };
}

async function answered(head: Head, request: string, exchange: Exchange): Promise<OpeningObservation> {
  const answer = head.status >= 400 && head.status < 600 ? "refused" : "ignored";
  return { answer, head, fate: await fateOf(exchange, head, !request.startsWith("HEAD ")) };
}

// A body of HTTP/0.9 is text, mostly HTML. The greeting of another protocol waits for an answer.
function isText(bytes: Uint8Array): boolean {
  return !/[^\t\r\n\x20-\x7e\x80-\xff]/.test(Buffer.from(bytes).toString("latin1"));
}

function agreedOn(offer: string, answer: string): Agreement | NegotiationError | undefined {
  try {
    return agree(offer, answer);
  } catch (error) {
    if (error instanceof NegotiationError) return error;
    throw error;
  }
}

// A WebSocket that was opened in an odd way must work like any other.
async function use(
  frames: readonly CaseFrame[] | undefined,
  agreed: Agreement | undefined,
  duplex: TcpDuplex,
  { log, random, timing, strict }: CaseContext,
): Promise<Opinion & { received: string }> {
  const inflate = agreed && inflateOf(agreed.theirs, maxReceivedBytes);
  const endpoint = new Endpoint({
    duplex,
    role: "client",
    random,
    log,
    inflate,
    maxReceived: maxReceivedBytes,
  });
  const play = playOf(frames);
  const observation = await perform(play, endpoint, timing);
  return { ...judge(play, observation, strict), received: describeObservation(observation) };
}

// What was sent early comes back, or a text that is sent now.
function playOf(early: readonly CaseFrame[] | undefined): Play {
  const frames = early ?? [frame.text("Hello")];
  const messages = frames.map(({ payload = "" }) => text(payload));
  const sending = early ? [] : [send(...frames)];
  return { steps: [...sending, awaitMessages(messages.length)], allowed: echoes(...messages) };
}

// A few short texts come back, and no more.
const maxReceivedBytes = 64 * 1024;
