// Measures everybody by one method, each beside its control.

import type { Candidate } from "./candidates.ts";
import { judge, type Pair } from "./judge.ts";
import type { Measure, Row } from "./results.ts";
import { type Bench, type Method, nowhere, Session, type Side, SideFailed } from "./session.ts";
import type { Noise } from "./statistics.ts";

/** One measure in the making: some pairs of everybody now, more of them later. */
export class Measurement {
  /** What is known so far; a row is as good as the pairs that it has. */
  readonly measure: Measure;
  readonly #method: Method;
  readonly #bench: Bench;
  readonly #noise: Noise | undefined;
  readonly #session: Session;
  readonly #pairs = new Map<string, Pair[]>();
  // Why who could not be measured, by id.
  readonly #failures = new Map<string, string>();
  // Beside whom nobody could be measured, by `keyOf`: one who fails in one round is not asked again in the next.
  readonly #failedControls = new Set<string>();

  /** Without the noise of equal servers nothing is decided. */
  constructor(method: Method, bench: Bench, noise?: Noise) {
    const { scenario, title, unit, better, phrase, leastFactor, env } = method;
    this.#method = method;
    this.#bench = bench;
    this.#noise = noise;
    this.#session = new Session(method, bench);
    this.measure = {
      ...{ scenario, title, unit, better, phrase, leastFactor, rows: [] },
      ...(env && { settings: env }),
      ...(noise && { noise }),
    };
  }

  /** Measures until everybody has so many pairs, and notes it as it comes: who interrupts a run keeps what it has. */
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

  #note(row: Row): void {
    const { rows } = this.measure;
    const known = rows.findIndex(({ candidate }) => candidate === row.candidate);
    rows.splice(known < 0 ? rows.length : known, 1, row);
  }

  async #row(candidate: Candidate, upTo: number): Promise<Row> {
    const { id } = candidate;
    const wrong = this.#bench.refused.get(id) ?? this.#failures.get(id);
    if (wrong !== undefined) return { candidate: id, verdict: "refused", why: wrong };
    const side = this.#controlOf(candidate);
    const isLost = side !== undefined && this.#failedControls.has(keyOf(side));
    const control = isLost ? undefined : side;
    const before = this.#before(candidate, control);
    const more = await this.#session.attempt(this.#session.side(candidate), control, before, upTo);
    if (more instanceof Error) {
      // Its control's failure is not its own: it is measured alone.
      if (control && more instanceof SideFailed && more.side === control) {
        this.#failedControls.add(keyOf(control));
      } else {
        this.#failures.set(id, more.message);
      }
      return await this.#row(candidate, upTo);
    }
    this.#pairs.set(id, [...(this.#pairs.get(id) ?? []), ...more]);
    const against = control && { control: control.candidate.id, noise: this.#noise };
    const row = judge(this.#method, id, [...before, ...more], against);
    return isLost ? { why: `not compared: ${side.candidate.id} failed`, ...row } : row;
  }

  // What there is of it already. Who is compared with nobody has mostly been measured beside those who are compared
  // with it.
  #before(candidate: Candidate, control: Side | undefined): Pair[] {
    const own = this.#pairs.get(candidate.id) ?? [];
    if (control) return own;
    const alone = [...this.#session.slicesAsControl(candidate), ...own.map(([slice]) => slice)];
    return alone.map((slice): Pair => [slice]);
  }

  #controlOf(candidate: Candidate): Side | undefined {
    const { job, controlJob, pairs } = this.#method;
    const { everybody, refused } = this.#bench;
    // One pair decides nothing.
    if (pairs < 2) return undefined;
    if (controlJob) return this.#session.side(candidate, "control", controlJob);
    const control = everybody.find(({ id }) => id === candidate.control);
    if (!control || refused.has(control.id) || !job(control, nowhere)) return undefined;
    return this.#session.side(control);
  }
}

/** Who of the candidates can do it. */
export function ableIn({ job }: Method, { candidates }: Bench): Candidate[] {
  return candidates.filter((each) => job(each, nowhere) !== undefined);
}

function keyOf({ candidate, life }: Side): string {
  return `${candidate.id} ${life}`;
}
