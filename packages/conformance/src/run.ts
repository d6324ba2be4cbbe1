// Runs cases against a server, and judges them.

import type { CaseHead, FrameCase, Observation, Play, Verdict } from "./case.ts";
import { allCases, type Case, type ServerCase } from "./cases/index.ts";
import { type Agreement, agree, inflateOf, NegotiationError } from "./deflate.ts";
import { describeExpected, describeObservation } from "./describe.ts";
import { Endpoint } from "./endpoint.ts";
import { HandshakeError, open, type Target, targetOf } from "./http1.ts";
import { type Judgement, judge, worst } from "./judge.ts";
import { performOpening } from "./opening.ts";
import { perform, type Timing } from "./perform.ts";
import { pool } from "./pool.ts";
import { random } from "./random.ts";
import { ConnectError, dial } from "./tcp.ts";
import { type WireEntry, WireLog } from "./wire.ts";

/** What came of one case. */
export interface Result extends Omit<CaseHead, "autobahn"> {
  /** The worse one of the two halves. */
  verdict: Verdict;
  behaviour: Judgement;
  close: Judgement;
  /** What was expected and what came, in words. */
  expected: string;
  received: string;
  ms: number;
  wire: readonly WireEntry[];
  /** Lines of the wire log that were not kept. */
  omitted: number;
}

/** How a run is made. */
export interface RunOptions {
  /** Default: all. */
  cases?: readonly Case[];
  /** How many cases run at the same time. Default: 8. */
  jobs?: number;
  /** What random cuts, keys and payloads are made from. Default: 1. */
  seed?: number;
  /** For each thing that is awaited, in ms. Default: 5,000. */
  deadlineMs?: number;
  /** What a server gets to react at once, in ms. Default: 200. */
  settleMs?: number;
  /** Headers to add to every handshake: a token, an origin. */
  headers?: Target["headers"];
  /** Accept a certificate that nobody vouches for. */
  insecure?: boolean;
  /** Brings a server back that died. Default: waits until it is back. */
  revive?: () => Promise<void>;
  /** How long a server may stay away after it died, in ms. Default: 30,000. */
  reviveMs?: number;
  signal?: AbortSignal;
}

/** The server died and did not come back. */
export class ServerGone extends Error {
  override readonly name = "ServerGone";
}

/**
 * Runs the cases against the server at a `ws:` or `wss:` URL that echoes messages. Results come as they are done.
 * Throws a `TypeError` for a URL that is none, a `ConnectError` or `HandshakeError` if no WebSocket can be opened
 * there at all, and `ServerGone`. A 101 that is wrong is no error: it is what the cases find.
 */
export async function* runConformance(url: string, options: RunOptions = {}): AsyncGenerator<Result> {
  const { headers, insecure } = options;
  const target = targetOf(url, { insecure, ...(headers && { headers }) });
  const run = new Run(target, options);
  await run.begin();
  const cases = (options.cases ?? allCases).filter(isForServers);
  yield* run.side(cases.filter(({ heavy }) => !heavy));
  yield* run.alone(cases.filter(({ heavy }) => heavy));
  // Whoever failed while the server was down is asked once more, alone: only the one who killed it fails again.
  yield* run.alone(run.suspects());
  yield* run.again();
}

/** Whether a case can judge a server. */
export function isForServers(each: Case): each is ServerCase {
  return each.peer !== "client";
}

class Run {
  readonly #target: Target;
  readonly #options: RunOptions;
  readonly #timing: Timing;
  readonly #suspects: ServerCase[] = [];
  // With what came of them: a handshake that was late may be the fault of a case that ran beside it.
  readonly #late: { each: ServerCase; result: Result }[] = [];
  #deaths = 0;
  #back: Promise<void> | undefined;

  constructor(target: Target, options: RunOptions) {
    const { deadlineMs = 5_000, settleMs = 200 } = options;
    this.#target = target;
    this.#options = options;
    this.#timing = { deadlineMs, settleMs };
  }

  /** Opens and drops one connection, so that what makes every case fail is said once. */
  async begin(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      // A server that takes the handshake and gets its answer wrong is there; what is wrong is for the cases to say.
      if (!(error instanceof HandshakeError) || error.fault !== "wrong") throw error;
    }
  }

  async #open(): Promise<void> {
    const { duplex } = await open(this.#target, "", new WireLog(), this.#timing.deadlineMs);
    duplex.destroy();
  }

  get #jobs(): number {
    return this.#options.jobs ?? 8;
  }

  /** Several at a time. */
  async *side(cases: readonly ServerCase[]): AsyncGenerator<Result> {
    for await (const result of pool(cases, this.#jobs, (each) => this.#inCompany(each))) {
      if (result) yield result;
    }
  }

  async *alone(cases: readonly ServerCase[]): AsyncGenerator<Result> {
    for (const each of cases) {
      this.#options.signal?.throwIfAborted();
      yield await this.#aloneWith(each);
    }
  }

  /** Those whose handshake was late while other cases kept the server busy: once more, with no other beside them. */
  async *again(): AsyncGenerator<Result> {
    let hangs = false;
    for (const { each, result: first } of this.#late.splice(0)) {
      this.#options.signal?.throwIfAborted();
      // One deadline is enough to find out that nobody is answered any more.
      hangs ||= !(await this.#answers());
      yield noted(hangs ? first : await this.#aloneWith(each), first, hangs);
    }
  }

  async #aloneWith(each: ServerCase): Promise<Result> {
    const { result } = await this.#judge(each);
    if (result.verdict !== "pass" && !(await this.#reachable())) {
      result.verdict = "fail";
      result.behaviour = { verdict: "fail", why: "the server died" };
      await this.#revived();
    }
    return result;
  }

  // Whether a handshake without a fault is answered in time, be it with a refusal.
  async #answers(): Promise<boolean> {
    try {
      await this.#open();
      return true;
    } catch (error) {
      return error instanceof HandshakeError && error.fault !== "silent";
    }
  }

  suspects(): ServerCase[] {
    return this.#suspects.splice(0);
  }

  // Nothing if it cannot be told whether the case failed, or the server had died of another, or was kept busy by one.
  async #inCompany(each: ServerCase): Promise<Result | undefined> {
    this.#options.signal?.throwIfAborted();
    await this.#back;
    const deaths = this.#deaths;
    const { result, late } = await this.#judge(each);
    // A reset can be a way to fail the connection, but it is also what a death looks like.
    if (result.verdict === "pass") return result;
    if (deaths !== this.#deaths || !(await this.#reachable())) {
      this.#suspects.push(each);
      await this.#revived();
      return undefined;
    }
    if (!late || this.#jobs === 1) return result;
    this.#late.push({ each, result });
    return undefined;
  }

  async #judge(each: ServerCase): Promise<{ result: Result; late: boolean }> {
    const log = new WireLog();
    const began = performance.now();
    const { seed = 1 } = this.#options;
    const context = { target: this.#target, log, random: random(seed, each.id), timing: this.#timing };
    const { late = false, ...outcome } = await (each.kind === "opening"
      ? performOpening(each, context)
      : performFrames(each, context));
    return { result: resultOf(each, outcome, log, performance.now() - began), late };
  }

  async #reachable(): Promise<boolean> {
    const duplex = await dial({ ...this.#target, deadlineMs: 1_000 }).catch(() => undefined);
    duplex?.destroy();
    return duplex !== undefined;
  }

  // However many cases see the death, it is one, and all of them wait for the same return.
  #revived(): Promise<void> {
    if (this.#back) return this.#back;
    this.#deaths++;
    this.#back = this.#revive().finally(() => {
      this.#back = undefined;
    });
    return this.#back;
  }

  async #revive(): Promise<void> {
    const { revive, reviveMs = 30_000, signal } = this.#options;
    await revive?.();
    const deadline = performance.now() + reviveMs;
    while (!(await this.#reachable())) {
      signal?.throwIfAborted();
      if (performance.now() > deadline) {
        throw new ServerGone(
          `the server at ${this.#target.authority} died and was not back after ${reviveMs} ms`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

// What came of a case whose handshake had been late, with a word on that.
function noted(result: Result, first: Result, hangs: boolean): Result {
  const { verdict, why } = result.behaviour;
  const beside = "while other cases ran beside it the handshake was late";
  const words = hangs
    ? `${why}; other cases ran beside it, but alone no handshake is answered any more, either`
    : [why, why === first.behaviour.why ? "also alone, with no other case beside it" : beside]
        .filter((each) => each !== undefined)
        .join("; ");
  return { ...result, behaviour: { verdict, why: words } };
}

/** What a case came to, with the case. */
export function resultOf(each: CaseHead, outcome: Outcome, log: WireLog, ms: number): Result {
  const { id, title, clause, gist, level } = each;
  const verdict = worst(outcome.behaviour.verdict, outcome.close.verdict);
  const { entries: wire, omitted } = log;
  return { id, title, clause, gist, level, verdict, ...outcome, ms: Math.round(ms), wire, omitted };
}

/** What is around a case. */
export interface CaseContext {
  target: Target;
  log: WireLog;
  random: ReturnType<typeof random>;
  timing: Timing;
}

/** What a case came to. */
export interface Outcome extends Pick<Result, "behaviour" | "close" | "expected" | "received"> {
  /** True if nothing answered the handshake in time: that may not be the case's doing. */
  late?: boolean;
}

async function performFrames(
  each: FrameCase,
  { target, log, random, timing }: CaseContext,
): Promise<Outcome> {
  const opened = await open(target, each.offer ?? "", log, timing.deadlineMs).catch((error: unknown) => {
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
  const endpoint = new Endpoint({
    duplex: opened.duplex,
    role: "client",
    random,
    log,
    inflate,
    maxReceived: bound(play),
  });
  const observation = await perform(play, endpoint, timing);
  return outcomeOf(play, observation);
}

/** What a play and what was observed come to. */
export function outcomeOf(play: Play, observation: Observation): Outcome {
  return {
    ...judge(play, observation),
    expected: describeExpected(play),
    received: describeObservation(observation),
  };
}

// What was agreed on; or what the case is worth if that says it all.
function negotiated(each: FrameCase, answer: string): Agreement | { outcome: Outcome } | undefined {
  const { offer = "", mayDecline, fits } = each;
  try {
    const agreed = agree(offer, answer);
    if (offer && !agreed && !mayDecline) {
      return { outcome: unsupported(`the server does not take "${offer}"`) };
    }
    if (!agreed || !fits || fits(agreed)) return agreed;
    return { outcome: unsupported(`the server takes "${offer}" as "${answer}" only`) };
  } catch (error) {
    if (error instanceof NegotiationError) return { outcome: unopened(error) };
    throw error;
  }
}

// A server may refuse any handshake, but an offer that it does not take is one to decline (RFC 7692 §7).
function refusedOffer(error: HandshakeError | ConnectError): Outcome {
  if (!(error instanceof HandshakeError) || error.fault !== "answer") return unopened(error);
  const why = `${error.message}, in place of declining the offer`;
  return { ...unopened(error), behaviour: { verdict: "non-strict", why } };
}

function unopened(error: Error): Outcome {
  const behaviour: Judgement = { verdict: "fail", why: error.message };
  return { behaviour, close: { verdict: "info" }, expected: "an open WebSocket", received: error.message };
}

/** The peer does not offer what the case is about. */
export function unsupported(why: string): Outcome {
  const verdict = "unsupported";
  return {
    behaviour: { verdict, why },
    close: { verdict: "info" },
    expected: "the extension",
    received: "none",
  };
}

/** What an echo of all that is expected takes, with room for a peer that cuts it into the smallest fragments. */
export function bound({ allowed }: Play): number {
  const expected = allowed.map(({ messages }) =>
    messages.reduce((sum, { data }) => sum + 16 + data.length, 0),
  );
  return 1024 * 1024 + 8 * Math.max(0, ...expected);
}
