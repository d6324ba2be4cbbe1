// Runs cases against a server and judges them.

import { setTimeout as sleep } from "node:timers/promises";
import { allCases } from "../cases/index.ts";
import { type Case, isForServers, type ServerCase } from "../model/case.ts";
import { random } from "../model/random.ts";
import type { Result } from "../model/result.ts";
import type { Timing } from "../play/perform.ts";
import { type Address, addressOf } from "../wire/handshake.ts";
import { WireLog } from "../wire/wire-log.ts";
import { concurrently } from "./concurrently.ts";
import { resultOf } from "./outcome.ts";
import { judgeServer } from "./server-case.ts";
import { type Loss, ServerGone, ServerWatch, type WatchOptions } from "./server-watch.ts";

/** How to run. */
export interface RunOptions extends WatchOptions {
  /** Default: all. */
  cases?: readonly Case[];
  /** How many cases run at the same time. Default: 8. */
  jobs?: number;
  /** The seed of the random cuts, keys and payloads. Default: 1. */
  seed?: number;
  /** The deadline for each thing that is awaited, in ms. Default: 5,000. */
  deadlineMs?: number;
  /** How long a server gets to react at once, in ms. Default: 200. */
  settleMs?: number;
  /** Headers to add to every handshake, such as a token or an origin. Default: none. */
  headers?: Address["headers"];
  /**
   * Also fails what Autobahn fails and the RFC allows, such as an echoed close code that is undefined. Default:
   * false.
   */
  strict?: boolean;
  /** Accepts a certificate that is not trusted. Default: false. */
  insecure?: boolean;
  signal?: AbortSignal;
}

/**
 * Runs the cases against the server at a `ws:` or `wss:` URL that echoes messages. Yields each result once it is
 * known that the server survived the case. Throws a `TypeError` if the URL is not valid, a `ConnectError` or
 * `HandshakeError` if no WebSocket can be opened there at all, a `NoEcho` if the endpoint does not echo, and
 * `ServerGone` if the server is lost. A faulty 101 is no error, because the cases are there to find it.
 */
export async function* runConformance(url: string, options: RunOptions = {}): AsyncGenerator<Result> {
  const { headers, insecure } = options;
  const address = addressOf(url, { insecure, ...(headers && { headers }) });
  const run = new ServerRun(address, options);
  try {
    yield* run.results();
  } finally {
    run.end();
  }
}

/** A case that is over. */
interface Done {
  each: ServerCase;
  result: Result;
  /** As `performance.now()`. */
  endedAt: number;
  /** True if it ran when the server was lost. */
  ran?: true;
}

// The most time that repeating late handshakes may take in the end, as a multiple of the deadline.
const patienceForLate = 6;

class ServerRun {
  readonly #address: Address;
  readonly #options: RunOptions;
  readonly #timing: Timing;
  readonly #watch: ServerWatch;
  // These results wait until it is known that the server survived them, because it may die of a case that it has
  // passed.
  #held: Done[] = [];
  // These cases ran when the server was lost, or just before, so any of them may be the cause.
  #suspects: Done[] = [];
  // A late handshake may be the fault of another case that ran at the same time.
  #late: Done[] = [];

  constructor(address: Address, options: RunOptions) {
    const { deadlineMs = 5_000, settleMs = 200 } = options;
    this.#address = address;
    this.#options = options;
    this.#timing = { deadlineMs, settleMs };
    this.#watch = new ServerWatch(address, this.#timing, options, () => this.#suspect());
  }

  end(): void {
    this.#watch.end();
  }

  async *results(): AsyncGenerator<Result> {
    const cases = (this.#options.cases ?? allCases).filter(isForServers);
    const { jobs = 8 } = this.#options;
    await this.#watch.begin();
    try {
      const light = cases.filter(({ heavy }) => !heavy);
      yield* this.#together(light, jobs, jobs > 1);
      const heavy = cases.filter((each) => each.heavy);
      yield* this.#together(heavy, 1, false);
      yield* this.#settled();
      yield* this.#again();
      yield* this.#alone();
    } catch (error) {
      if (!(error instanceof ServerGone)) throw error;
      const [only, ...others] = this.#suspects;
      if (only && others.length === 0) yield lost(only.result, { kind: "death", how: error.message });
      throw this.#named(error);
    }
  }

  // Runs at most `jobs` at a time. `again`: a late handshake may not be the case's fault, so it is tried again
  // later.
  async *#together(cases: readonly ServerCase[], width: number, again: boolean): AsyncGenerator<Result> {
    const act = (each: ServerCase) => this.#inCompany(each, again);
    for await (const _ of concurrently(cases, width, act)) yield* this.#proven();
  }

  async #inCompany(each: ServerCase, again: boolean): Promise<void> {
    this.#options.signal?.throwIfAborted();
    await this.#watch.ready();
    const { losses } = this.#watch;
    const { result, late } = await this.#judge(each);
    const done = { each, result, endedAt: performance.now() };
    this.#watch.look();
    if (losses !== this.#watch.losses) this.#suspects.push({ ...done, ran: true });
    else if (late && again) this.#late.push(done);
    else this.#held.push(done);
  }

  #suspect(): void {
    const { provenUntil } = this.#watch;
    this.#suspects.push(...this.#held.filter(({ endedAt }) => endedAt > provenUntil));
    this.#held = this.#held.filter(({ endedAt }) => endedAt <= provenUntil);
  }

  // Yields the results that are no longer in doubt.
  *#proven(): Generator<Result> {
    const { provenUntil } = this.#watch;
    const proven = this.#held.filter(({ endedAt }) => endedAt <= provenUntil);
    this.#held = this.#held.filter(({ endedAt }) => endedAt > provenUntil);
    for (const { result } of proven) yield result;
  }

  // Afterwards each held result is either proven or its case is a suspect.
  async *#settled(): AsyncGenerator<Result> {
    if (this.#held.length > 0) await this.#watch.proof();
    yield* this.#proven();
  }

  // Repeats the cases whose handshake was late while other cases kept the server busy. They run all at once: a case
  // that is late again, while a flawless handshake is answered, is late by its own fault.
  async *#again(): AsyncGenerator<Result> {
    const late = new Map(this.#late.splice(0).map(({ each, result }) => [each, result]));
    if (late.size === 0) return;
    if (!(await this.#watch.answers())) {
      for (const first of late.values()) yield noted(first, first, true);
      return;
    }
    const { quiet, results } = await this.#atOnce([...late.keys()]);
    const until = performance.now() + patienceForLate * this.#timing.deadlineMs;
    for (const [each, first] of late) {
      const result = results.get(each.id);
      // A case without a result is a suspect. If one of the cases keeps the others waiting, each runs alone.
      if (!result) continue;
      const isAlone = !quiet && performance.now() < until;
      yield noted(isAlone ? (await this.#judge(each)).result : result, first, false);
    }
  }

  async #atOnce(cases: readonly ServerCase[]): Promise<{ quiet: boolean; results: Map<string, Result> }> {
    const results = new Map<string, Result>();
    const playing = (async () => {
      for await (const result of this.#together(cases, cases.length, false)) results.set(result.id, result);
      for await (const result of this.#settled()) results.set(result.id, result);
    })();
    playing.catch(() => {});
    await sleep(this.#timing.settleMs);
    const quiet = await this.#watch.answers();
    await playing;
    return { quiet, results };
  }

  // Runs the suspects on fresh processes until the one that kills the server is found. Those that ran when the
  // server was lost each get a process of their own; the others run together first.
  async *#alone(): AsyncGenerator<Result> {
    for (const each of this.#suspects.filter(({ ran }) => ran)) yield* this.#cleared([each]);
    yield* this.#cleared([...this.#suspects]);
  }

  async *#cleared(group: readonly Done[]): AsyncGenerator<Result> {
    if (group.length === 0) return;
    this.#options.signal?.throwIfAborted();
    await this.#watch.fresh();
    const results: Result[] = [];
    for (const { each } of group) {
      if (!this.#watch.isLost) results.push((await this.#judge(each)).result);
    }
    const loss = await this.#watch.loss();
    const [first] = results;
    if (loss && group.length > 1) {
      const middle = group.length >> 1;
      yield* this.#cleared(group.slice(0, middle));
      yield* this.#cleared(group.slice(middle));
      return;
    }
    this.#suspects = this.#suspects.filter((each) => !group.includes(each));
    if (loss && first) yield lost(first, loss);
    else yield* results;
  }

  #named(error: ServerGone): ServerGone {
    const ids = this.#suspects.map(({ each }) => each.id);
    if (ids.length < 2) return error;
    return new ServerGone(
      `${error.message}; one of the cases that ran at that moment caused it: ${ids.join(", ")}. With --start, each of them runs again alone`,
    );
  }

  async #judge(each: ServerCase): Promise<{ result: Result; late: boolean }> {
    const log = new WireLog();
    const began = performance.now();
    const { seed = 1, strict = false } = this.#options;
    const numbers = random(seed, each.id);
    const context = { address: this.#address, log, random: numbers, timing: this.#timing, strict };
    const { late = false, ...outcome } = await judgeServer(each, context);
    return { result: resultOf(each, outcome, log, performance.now() - began), late };
  }
}

// Returns the result of a case whose handshake had been late, with a note about that.
function noted(result: Result, first: Result, hangs: boolean): Result {
  const { verdict, why } = result.behaviour;
  const beside = "the handshake was late while other cases were running";
  const words = hangs
    ? `${why}; when the case ran alone, the server no longer answered any handshake either`
    : [why, why === first.behaviour.why ? "the same happened when the server had nothing else to do" : beside]
        .filter((each) => each !== undefined)
        .join("; ");
  return { ...result, behaviour: { verdict, why: words } };
}

// Returns the result of a case that the server did not survive. Whatever it was before, it is now a failure.
function lost(result: Result, { kind, how }: Loss): Result {
  const [what, end] = kind === "death" ? ["died", "died"] : ["hung", "no longer answered anybody"];
  return {
    ...result,
    verdict: "fail",
    grave: kind,
    behaviour: { verdict: "fail", why: `the server ${what}: ${how}` },
    received: `${result.received}; then the server ${end}`,
  };
}
