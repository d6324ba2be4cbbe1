// Judges a client by how it takes the answer to its opening handshake (RFC 6455 §4.1), and by the frames after it.

import { acceptOffer } from "./accept-offer.ts";
import type { CaseHead, Cuts, FrameCase, Play } from "./case.ts";
import { inflateOf } from "./deflate.ts";
import type { Duplex, DuplexListener } from "./duplex.ts";
import { cutAt, Endpoint } from "./endpoint.ts";
import type { Head } from "./http1.ts";
import type { Judgement } from "./judge.ts";
import type { Inflate } from "./messages.ts";
import { join } from "./messages.ts";
import { perform, type Timing, within } from "./perform.ts";
import type { Random } from "./random.ts";
import { bound, type Outcome, outcomeOf, unsupported } from "./run.ts";
import type { WireLog } from "./wire.ts";

/** A case for clients only. It is about their opening handshake: the request, or how they take an answer. */
export interface AnswerCase extends CaseHead {
  kind: "answer";
  peer: "client";
  offer?: never;
  heavy?: never;
  /** The offer that `--explain` assumes. Default: permessage-deflate with a window that the server may choose. */
  sampleOffer?: string;
  /** Returns the whole head of the answer, or nothing if the client does not offer what the case is about. */
  answer: (request: ClientRequest) => string | undefined;
  /** How the answer is cut into pieces. `joined`: it is sent in one piece with the first frames. */
  cuts?: Cuts | "joined" | undefined;
  /** A verdict on the request itself. */
  inspect?: (request: ClientRequest) => Judgement;
  play: (random: Random) => Play;
}

/** A client's request to open a WebSocket, as a server reads it. */
export interface ClientRequest extends Pick<Head, "headers"> {
  method: string;
  /** The target in the request line: path and query. */
  target: string;
  /** The HTTP version, such as `1.1`. */
  httpVersion: string;
  /** The only correct `Sec-WebSocket-Accept` (RFC 6455 §4.2.2, 5.4). */
  accept: string;
  /** The `Sec-WebSocket-Extensions` that it offers. */
  offer: string;
  /** The `Sec-WebSocket-Key`s of this client's earlier connections. */
  earlierKeys: ReadonlySet<string>;
}

/** The surroundings of a case that judges a client. */
export interface ClientContext {
  request: ClientRequest;
  duplex: Duplex;
  log: WireLog;
  random: Random;
  timing: Timing;
}

/** Returns the answer that opens a WebSocket: RFC 6455 §4.2.2. */
export function openingAnswer({ accept }: Pick<ClientRequest, "accept">, extensions = ""): string {
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    ...(extensions ? [`Sec-WebSocket-Extensions: ${extensions}`] : []),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Answers a client's handshake as the case says, and judges what follows. */
export async function performAnswer(each: AnswerCase, context: ClientContext): Promise<Outcome> {
  const { request, random } = context;
  const answer = each.answer(request);
  if (answer === undefined) {
    return refuse(context, `the client offers "${request.offer}", which the case is not about`);
  }
  const outcome = await judgeFrom(each.play(random), context, { answer, cuts: each.cuts });
  const said = each.inspect?.(request);
  return said && outcome.behaviour.verdict === "pass" ? { ...outcome, behaviour: said } : outcome;
}

/** Agrees on the extensions that a case about frames needs, and judges the client's frames. */
export async function performFramesOfClient(each: FrameCase, context: ClientContext): Promise<Outcome> {
  const { request, random } = context;
  const accepted = each.offer === undefined ? undefined : acceptOffer(each.offer, request.offer);
  if (each.offer !== undefined && !accepted) {
    return refuse(context, `the client offers "${request.offer}", which does not allow "${each.offer}"`);
  }
  if (accepted && each.fits?.(accepted.agreement) === false) {
    return refuse(context, `the client offers "${request.offer}", which does not allow what the case needs`);
  }
  const play = each.play(random, accepted?.agreement);
  const inflate = accepted && inflateOf(accepted.agreement.theirs, bound(play));
  return judgeFrom(play, context, { answer: openingAnswer(request, accepted?.answer), inflate });
}

async function judgeFrom(
  play: Play,
  { duplex, log, random, timing }: ClientContext,
  { answer, cuts, inflate }: { answer: string; cuts?: AnswerCase["cuts"]; inflate?: Inflate | undefined },
): Promise<Outcome> {
  const bytes = Buffer.from(answer, "latin1");
  log.add("sent", "http", answer.split("\r\n", 1)[0] ?? "", bytes);
  const joined = cuts === "joined" ? new JoinedDuplex(duplex, bytes) : undefined;
  const endpoint = new Endpoint({
    duplex: joined ?? duplex,
    role: "server",
    random,
    log,
    inflate,
    maxReceived: bound(play),
  });
  for (const piece of cuts === "joined" ? [] : cutAt(bytes, cuts)) {
    // A client that does not read is judged by what arrives after this.
    if (!(await within(duplex.write(piece), timing.deadlineMs))) break;
  }
  return outcomeOf(play, await perform(play, endpoint, timing));
}

async function refuse({ duplex, log }: ClientContext, why: string): Promise<Outcome> {
  const answer = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  log.add("sent", "http", "HTTP/1.1 400 Bad Request", Buffer.from(answer));
  await duplex.write(Buffer.from(answer));
  duplex.end();
  return unsupported(why);
}

// Sends the given bytes in one piece with the first ones that are written.
class JoinedDuplex implements Duplex {
  readonly #duplex: Duplex;
  #first: Uint8Array | undefined;

  constructor(duplex: Duplex, first: Uint8Array) {
    this.#duplex = duplex;
    this.#first = first;
  }

  listen(listener: DuplexListener): void {
    this.#duplex.listen(listener);
  }

  write(bytes: Uint8Array): Promise<void> {
    const whole = this.#first ? join([this.#first, bytes]) : bytes;
    this.#first = undefined;
    return this.#duplex.write(whole);
  }

  pause(): void {
    this.#duplex.pause();
  }

  resume(): void {
    this.#duplex.resume();
  }

  end(): void {
    this.#duplex.end();
  }

  destroy(): void {
    this.#duplex.destroy();
  }
}
