// Plays one case with a server and judges it.

import { describeAllowedAnswers, describeOpening, judgeOpening } from "../judge/judge-opening.ts";
import type { ServerCase } from "../model/case.ts";
import type { FrameCase } from "../model/frame-case.ts";
import type { OpeningCase } from "../model/opening-case.ts";
import type { CaseOutcome } from "../model/result.ts";
import type { Judgement } from "../model/verdict.ts";
import { OurEndpoint } from "../play/endpoint.ts";
import { perform } from "../play/perform.ts";
import { type OpeningContext, performOpening } from "../play/perform-opening.ts";
import { type Agreement, agree, inflateOf, NegotiationError } from "../wire/deflate.ts";
import { HandshakeError, open } from "../wire/handshake.ts";
import { ConnectError } from "../wire/tcp.ts";
import { bound, outcomeOf, unsupported } from "./outcome.ts";

/** The surroundings of a case that judges a server. */
export interface ServerContext extends OpeningContext {
  /** Judges as Autobahn does where the RFC allows more. */
  strict: boolean;
}

/** Plays a case with a server and judges what happened. */
export function judgeServer(each: ServerCase, context: ServerContext): Promise<CaseOutcome> {
  return each.kind === "opening" ? judgeHandshake(each, context) : judgeFrames(each, context);
}

async function judgeHandshake(each: OpeningCase, context: ServerContext): Promise<CaseOutcome> {
  const expected = describeAllowedAnswers(each.allowed);
  const observation = await performOpening(each, context);
  if (observation instanceof ConnectError) {
    return { ...unopened(observation), expected, late: observation.late };
  }
  return {
    ...judgeOpening(each.allowed, observation, context.strict),
    expected,
    received: describeOpening(observation),
    late: observation.answer === "silent",
  };
}

async function judgeFrames(
  each: FrameCase,
  { address, log, random, timing, strict }: ServerContext,
): Promise<CaseOutcome> {
  const opened = await open(address, each.offer ?? "", log, timing.deadlineMs).catch((error: unknown) => {
    if (error instanceof HandshakeError || error instanceof ConnectError) return error;
    throw error;
  });
  if (opened instanceof Error) {
    const late = opened instanceof ConnectError ? opened.late : opened.fault === "silent";
    return { ...(each.mayRefuse ? refusedOffer(opened) : unopened(opened)), late };
  }
  const agreed = negotiated(each, opened.extensions);
  if (agreed && "outcome" in agreed) {
    opened.duplex.destroy();
    return agreed.outcome;
  }
  const play = each.play(random, agreed);
  const inflate = agreed && inflateOf(agreed.theirs, bound(play));
  const endpoint = new OurEndpoint({
    duplex: opened.duplex,
    role: "client",
    random,
    log,
    inflate,
    maxReceived: bound(play),
  });
  const observation = await perform(play, endpoint, timing);
  return outcomeOf(play, observation, strict);
}

// Returns what was agreed on, or the result of the case if that already settles it.
function negotiated(each: FrameCase, answer: string): Agreement | { outcome: CaseOutcome } | undefined {
  const { offer = "", mayDecline, fits } = each;
  try {
    const agreed = agree(offer, answer);
    if (offer && !agreed && !mayDecline) {
      return { outcome: unsupported(`the server does not accept "${offer}"`) };
    }
    if (!agreed || !fits || fits(agreed)) return agreed;
    return { outcome: unsupported(`the server accepts "${offer}" only as "${answer}"`) };
  } catch (error) {
    if (error instanceof NegotiationError) return { outcome: unopened(error) };
    throw error;
  }
}

// A server may refuse any handshake, but should decline an offer that it does not accept (RFC 7692 §7).
function refusedOffer(error: HandshakeError | ConnectError): CaseOutcome {
  if (!(error instanceof HandshakeError) || error.fault !== "answer") return unopened(error);
  const why = `${error.message}, instead of declining the offer`;
  return { ...unopened(error), behaviour: { verdict: "non-strict", why } };
}

function unopened(error: Error): CaseOutcome {
  const behaviour: Judgement = { verdict: "fail", why: error.message };
  return { behaviour, close: { verdict: "info" }, expected: "an open WebSocket", received: error.message };
}
