// Judges a client by how it takes the answer to its opening handshake (RFC 6455 §4.1), and by the frames after it.

import { openingAnswer } from "../cases/write-answer.ts";
import type { AnswerCase, ClientRequest } from "../model/answer-case.ts";
import type { ClientCase } from "../model/case.ts";
import type { FrameCase, Play } from "../model/frame-case.ts";
import type { Random } from "../model/random.ts";
import type { CaseOutcome } from "../model/result.ts";
import { cutAt, OurEndpoint } from "../play/endpoint.ts";
import { perform, type Timing } from "../play/perform.ts";
import { finishes } from "../play/within.ts";
import { acceptOffer } from "../wire/accept-offer.ts";
import { inflateOf } from "../wire/deflate.ts";
import type { Duplex } from "../wire/duplex.ts";
import { JoinedDuplex } from "../wire/joined-duplex.ts";
import type { Inflate } from "../wire/messages.ts";
import type { WireLog } from "../wire/wire-log.ts";
import { bound, outcomeOf, unsupported } from "./outcome.ts";

/** The surroundings of a case that judges a client. */
export interface ClientContext {
  request: ClientRequest;
  duplex: Duplex;
  log: WireLog;
  random: Random;
  timing: Timing;
}

/** Plays a case with a client and judges what happened. */
export function judgeClient(each: ClientCase, context: ClientContext): Promise<CaseOutcome> {
  return each.kind === "answer" ? judgeHandshake(each, context) : judgeFrames(each, context);
}

// Plays the server of a case for one client: sends the answer that the case prescribes, and judges the client's reaction.
async function judgeHandshake(each: AnswerCase, context: ClientContext): Promise<CaseOutcome> {
  const { request, random } = context;
  const answer = each.answer(request);
  if (answer === undefined) {
    return refuse(context, `the client offers "${request.offer}", so this case does not apply`);
  }
  const outcome = await judgeAfter(each.play(random), context, { answer, cuts: each.cuts });
  const said = each.inspect?.(request);
  return said && outcome.behaviour.verdict === "pass" ? { ...outcome, behaviour: said } : outcome;
}

// Agrees on the extensions that a case about frames needs, and judges the client's frames.
async function judgeFrames(each: FrameCase, context: ClientContext): Promise<CaseOutcome> {
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
  return judgeAfter(play, context, { answer: openingAnswer(request, accepted?.answer), inflate });
}

async function judgeAfter(
  play: Play,
  { duplex, log, random, timing }: ClientContext,
  { answer, cuts, inflate }: { answer: string; cuts?: AnswerCase["cuts"]; inflate?: Inflate | undefined },
): Promise<CaseOutcome> {
  const bytes = Buffer.from(answer, "latin1");
  log.add("sent", "http", answer.split("\r\n", 1)[0] ?? "", bytes);
  const joined = cuts === "joined" ? new JoinedDuplex(duplex, bytes) : undefined;
  const endpoint = new OurEndpoint({
    duplex: joined ?? duplex,
    role: "server",
    random,
    log,
    inflate,
    maxReceived: bound(play),
  });
  for (const piece of cuts === "joined" ? [] : cutAt(bytes, cuts)) {
    // A client that does not read is judged by what arrives after this.
    if (!(await finishes(duplex.write(piece), timing.deadlineMs))) break;
  }
  return outcomeOf(play, await perform(play, endpoint, timing));
}

async function refuse({ duplex, log }: ClientContext, why: string): Promise<CaseOutcome> {
  const answer = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  log.add("sent", "http", "HTTP/1.1 400 Bad Request", Buffer.from(answer));
  await duplex.write(Buffer.from(answer));
  duplex.end();
  return unsupported(why);
}
