// Performs a case about the opening handshake of a server: sends a request, byte by byte, and observes the answer.

import { setTimeout } from "node:timers/promises";
import type { CaseFrame, Cuts, Play } from "../model/frame-case.ts";
import type { OpeningCase, OpeningObservation } from "../model/opening-case.ts";
import type { Random } from "../model/random.ts";
import { awaitMessages, echoes, frame, send, text } from "../model/writing.ts";
import { join } from "../wire/bytes.ts";
import { type Agreement, agree, inflateOf, NegotiationError } from "../wire/deflate.ts";
import { encodeFrame } from "../wire/frames.ts";
import {
  type Address,
  HandshakeError,
  type HandshakeResponse,
  handshakeProblem,
  readAnswer,
  subprotocolsOf,
  valuesOf,
} from "../wire/handshake.ts";
import { ConnectError, dial, type TcpDuplex } from "../wire/tcp.ts";
import { WireLog } from "../wire/wire-log.ts";
import { cutAt, describeFrameSent, OurEndpoint } from "./endpoint.ts";
import { type Exchange, endsSoon, fateOf } from "./fate.ts";
import { perform, type Timing } from "./perform.ts";
import { within } from "./within.ts";

/** The surroundings of a case that judges a server. */
export interface OpeningContext {
  address: Address;
  log: WireLog;
  random: Random;
  timing: Timing;
}

/** Sends the request of a case and observes the answer, or returns why nothing could be sent. */
export async function performOpening(
  each: OpeningCase,
  context: OpeningContext,
): Promise<OpeningObservation | ConnectError> {
  const { deadlineMs } = context.timing;
  const duplex = await dial({ ...context.address, deadlineMs }).catch((error: unknown) => {
    if (error instanceof ConnectError) return error;
    throw error;
  });
  if (duplex instanceof ConnectError) return duplex;
  try {
    return await timed(each, await observe(each, duplex, context), context);
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
  context: OpeningContext,
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
  const words = `the answer took ${Math.round(ms)} ms; the answer to an ordinary request of the same length took ${Math.round(rivalMs)} ms`;
  return { ...observation, slow: words };
}

async function answerMs(
  request: OpeningCase["request"],
  { address, random, timing }: OpeningContext,
): Promise<number> {
  const { deadlineMs } = timing;
  const duplex = await dial({ ...address, deadlineMs }).catch(() => undefined);
  if (!duplex) return Number.POSITIVE_INFINITY;
  try {
    const began = performance.now();
    void duplex.write(Buffer.from(request({ address, key: keyOf(random), random }), "latin1"));
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
  context: OpeningContext,
): Promise<OpeningObservation> {
  const { address, log, random, timing } = context;
  const key = each.key ?? keyOf(random);
  const exchange: Exchange = { duplex, address, log, deadlineMs: timing.deadlineMs, key: keyOf(random) };
  const request = each.request({ address, key, random });
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
  answer: HandshakeResponse,
  key: string,
  duplex: TcpDuplex,
  context: OpeningContext,
): Promise<OpeningObservation> {
  const { allowed, offer = "", frames, subprotocols } = each;
  const head = withoutAsked(answer, subprotocolsOf(context.address));
  const agreed = agreedOn(offer, valuesOf(head, "sec-websocket-extensions").join(", "));
  const problem = handshakeProblem(head, key, offer, subprotocols);
  if (problem) return { answer: "accepted", head, problem };
  if (agreed instanceof Error) return { answer: "accepted", head, problem: agreed.message };
  if (!allowed.some(({ answer }) => answer === "accepted")) return { answer: "accepted", head };
  return { answer: "accepted", head, opened: await use(frames, agreed, duplex, context) };
}

// Removes the subprotocol that every handshake of the run asks for, because no case is about it.
function withoutAsked(head: HandshakeResponse, asked: readonly string[]): HandshakeResponse {
  const isAsked = ([name, value]: HandshakeResponse["headers"][number]) =>
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
    log.add("sent", "frame", `${describeFrameSent(frame)}, before any answer`, masked[index]);
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

async function answered(
  head: HandshakeResponse,
  request: string,
  exchange: Exchange,
): Promise<OpeningObservation> {
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
  { log, random, timing }: OpeningContext,
): Promise<NonNullable<OpeningObservation["opened"]>> {
  const inflate = agreed && inflateOf(agreed.theirs, maxReceivedBytes);
  const endpoint = new OurEndpoint({
    duplex,
    role: "client",
    random,
    log,
    inflate,
    maxReceived: maxReceivedBytes,
  });
  const play = playOf(frames);
  return { play, observation: await perform(play, endpoint, timing) };
}

// Expects the echo of the early frames, or sends a text and expects that.
function playOf(early: readonly CaseFrame[] | undefined): Play {
  const frames = early ?? [frame.text("Hello")];
  const messages = frames.map(({ payload = "" }) => text(payload));
  const sending = early ? [] : [send(...frames)];
  return { steps: [...sending, awaitMessages(messages.length)], allowed: echoes(...messages) };
}

// A few short texts come back, and no more.
const maxReceivedBytes = 64 * 1024;
