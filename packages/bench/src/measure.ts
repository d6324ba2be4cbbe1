// Measures every candidate by one method, each beside its control.

import type { Candidate } from "./candidates.ts";
import { judge, type SlicePair } from "./judge-slices.ts";
import {
  type Bench,
  keyOf,
  type Method,
  MethodSession,
  nowhere,
  type Subject,
  SubjectFailed,
} from "./method-session.ts";
import type { Measure, ResultRow } from "./results.ts";
import type { Noise } from "./statistics.ts";

/** A measure in progress. Each call adds some pairs for every candidate. */
export class Measurement {
  /** What is known so far. A row gets better with every pair. */
  readonly measure: Measure;
  readonly #method: Method;
  readonly #bench: Bench;
  readonly #noise: Noise | undefined;
  readonly #session: MethodSession;
  readonly #pairs = new Map<string, SlicePair[]>();
  // Candidates and controls that failed, and why, by `keyOf`. They are not measured again and serve as nobody's
  // control.
  readonly #failures = new Map<string, string>();

  /** Without the noise of equal servers nothing is decided. */
  constructor(method: Method, bench: Bench, noise?: Noise) {
    const { scenario, title, unit, better, phrase, leastFactor, env } = method;
    this.#method = method;
    this.#bench = bench;
    this.#noise = noise;
    this.#session = new MethodSession(method, bench);
    this.measure = {
      ...{ scenario, title, unit, better, phrase, leastFactor, rows: [] },
      ...(env && { settings: env }),
      ...(noise && { noise }),
    };
  }

  /**
   * Measures until every candidate has this many pairs, and stores each result at once, so that an interrupted run
   * keeps what it has.
   */
  async fill(upTo = this.#method.pairs): Promise<void> {
    try {
      for (const candidate of ableIn(this.#method, this.#bench)) {
        this.#bench.signal.throwIfAborted();
        this.#bench.tell(`${candidate.title}: ${this.measure.scenario} ${this.measure.title}`);
        this.#note(await this.#row(candidate, upTo));
      }
    } finally {
      await this.#session.end();
    }
  }

  #note(row: ResultRow): void {
    const { rows } = this.measure;
    const known = rows.findIndex(({ candidate }) => candidate === row.candidate);
    rows.splice(known < 0 ? rows.length : known, 1, row);
  }

  async #row(candidate: Candidate, upTo: number): Promise<ResultRow> {
    const { id } = candidate;
    const own = this.#session.subject(candidate);
    const wrong = this.#bench.refused.get(id) ?? this.#failures.get(keyOf(own));
    if (wrong !== undefined) return { candidate: id, verdict: "refused", why: wrong };
    const subject = this.#controlOf(candidate);
    const isLost = subject !== undefined && this.#failures.has(keyOf(subject));
    const control = isLost ? undefined : subject;
    const before = this.#before(candidate, control);
    const more = await this.#session.attempt(own, control, before, upTo);
    if (more instanceof Error) {
      // The control failed, not the candidate, so the candidate is measured alone.
      this.#failures.set(keyOf(more instanceof SubjectFailed ? more.subject : own), more.message);
      return await this.#row(candidate, upTo);
    }
    this.#pairs.set(id, [...(this.#pairs.get(id) ?? []), ...more]);
    const wanted = this.#method.pairs;
    const against = control && { control: control.candidate.id, noise: this.#noise, wanted };
    const row = judge(this.#method, id, [...before, ...more], against);
    return isLost ? { why: `not compared: ${subject.candidate.id} failed`, ...row } : row;
  }

  // The slices that exist already. A candidate without a control has mostly been measured as the control of others.
  #before(candidate: Candidate, control: Subject | undefined): SlicePair[] {
    const own = this.#pairs.get(candidate.id) ?? [];
    if (control) return own;
    const alone = [...this.#session.slicesAsControl(candidate), ...own.map(([slice]) => slice)];
    return alone.map((slice): SlicePair => [slice]);
  }

  #controlOf(candidate: Candidate): Subject | undefined {
    const { job, controlJob, pairs } = this.#method;
    const { everybody, refused } = this.#bench;
    // One pair decides nothing.
    if (pairs < 2) return undefined;
    if (controlJob) return this.#session.subject(candidate, "control", controlJob);
    const control = everybody.find(({ id }) => id === candidate.control);
    if (!control || refused.has(control.id) || !job(control, nowhere)) return undefined;
    return this.#session.subject(control);
  }
}

/** Returns the candidates that support the method. */
export function ableIn({ job }: Method, { candidates }: Bench): Candidate[] {
  return candidates.filter((each) => job(each, nowhere) !== undefined);
}
