// Measures in pairs: a server and its control, one right after the other, in turns.

import type { Candidate } from "./candidates.ts";
import type { Generator } from "./generator.ts";
import type { EchoJob, Job, Peer, Slice } from "./job.ts";
import { type Figure, isHopeless, judge, type Pair, ratioOf } from "./judge.ts";
import { ServerPool } from "./pool.ts";
import type { Measure, Row } from "./results.ts";
import { MeasuredServer } from "./server.ts";
import type { Estimate } from "./statistics.ts";

/** How something is measured. */
export interface Method extends Figure {
  scenario: string;
  title: string;
  unit: string;
  better: Measure["better"];
  /** What a ratio says, with `{ratio}` and `{control}`: `echoes {ratio} as many messages as {control}`. */
  phrase: string;
  /** Nothing if the candidate cannot do it. */
  job: (candidate: Candidate, peer: Peer) => Job | undefined;
  /** What the candidate is compared with, if not with its control doing the same: itself, doing something else. */
  controlJob?: (candidate: Candidate, peer: Peer) => Job;
  /** Sends on a schedule, at this part of what each server bears without one. */
  partOfCapacity?: number;
  /** True if what a server did before would change the figure: each slice has a process of its own. */
  freshEachTime?: boolean;
  /** Milliseconds of full load before the first slice of a process: its compiler learns from what it sees. */
  firstWarmupMs: number;
  /** For the servers. */
  env?: Record<string, string>;
  pairs: number;
}

/** What measuring needs. */
export interface Bench {
  generator: Generator;
  candidates: readonly Candidate[];
  /** Every candidate, also those that are controls only. */
  everybody: readonly Candidate[];
  /** Who was found to lose, change or reorder messages, and how, by id. */
  refused: ReadonlyMap<string, string>;
  core: number | undefined;
  /** Where servers live on from one measure to the next: sooner done, with one process for all that is said of it. */
  pool?: ServerPool;
  tell: (what: string) => void;
  signal: AbortSignal;
}

/** A measure of which nothing is known yet. */
export function newMeasure({ scenario, title, unit, better, phrase }: Method): Measure {
  return { scenario, title, unit, better, phrase, rows: [] };
}

/** Measures everybody and notes it in `measure` as it comes: a run that is interrupted keeps what it has. */
export async function fill(measure: Measure, method: Method, bench: Bench): Promise<void> {
  const session = new Session(method, bench);
  const able = bench.candidates.filter((each) => method.job(each, nowhere) !== undefined);
  try {
    const noise = await session.noise(able);
    if (noise) measure.noise = noise;
    for (const candidate of able) measure.rows.push(await session.row(candidate, noise));
  } finally {
    await session.end();
  }
}

// To ask what a candidate can do, before it runs.
const nowhere: Peer = { host: "", port: 0, pid: 0, path: "" };

/** One process of a candidate, and what it does. */
interface Side {
  candidate: Candidate;
  job: (peer: Peer) => Job;
  /** Tells two processes of the same candidate apart. */
  life: string;
}

// The processes that have had their first load, and how many messages a second each of them bears.
const warmed = new WeakSet<MeasuredServer>();
const capacities = new WeakMap<MeasuredServer, number>();
const capacityMs = 500;

class Session {
  readonly #method: Method;
  readonly #bench: Bench;
  readonly #pool: ServerPool;

  constructor(method: Method, bench: Bench) {
    this.#method = method;
    this.#bench = bench;
    this.#pool = (method.env ? undefined : bench.pool) ?? new ServerPool(bench.core, method.env);
  }

  /** What two processes of the same server show: of the first candidate with which it can be had. */
  async noise(able: readonly Candidate[]): Promise<Estimate | undefined> {
    if (this.#method.pairs < 2) return undefined;
    for (const candidate of able) {
      if (this.#bench.refused.has(candidate.id)) continue;
      this.#bench.tell(`${candidate.title}, against itself`);
      const twins = [this.#side(candidate), this.#side(candidate, "twin")] as const;
      const pairs = await this.#attempt(() => this.#inPairs(twins));
      if (!(pairs instanceof Error)) return ratioOf(this.#method, pairs);
    }
    return undefined;
  }

  async row(candidate: Candidate, noise: Estimate | undefined): Promise<Row> {
    this.#bench.signal.throwIfAborted();
    this.#bench.tell(candidate.title);
    const wrong = this.#bench.refused.get(candidate.id);
    if (wrong !== undefined) return this.#refusal(candidate, new Error(wrong));
    const own = this.#side(candidate);
    const control = this.#control(candidate);
    const pairs = await this.#attempt(() => this.#inPairs([own, control]));
    if (!(pairs instanceof Error)) {
      return judge(this.#method, candidate.id, pairs, control && { control: control.candidate.id, noise });
    }
    if (!(pairs instanceof SideFailed) || pairs.side !== control) return this.#refusal(candidate, pairs);
    // Its control's failure is not its own: it is measured alone.
    const alone = await this.#attempt(() => this.#inPairs([own]));
    if (alone instanceof Error) return this.#refusal(candidate, alone);
    return {
      why: `not compared: ${control.candidate.id} failed`,
      ...judge(this.#method, candidate.id, alone),
    };
  }

  #refusal({ id }: Candidate, { message }: Error): Row {
    return { candidate: id, verdict: "refused", why: message };
  }

  end(): Promise<void> {
    return this.#pool === this.#bench.pool ? Promise.resolve() : this.#pool.stop();
  }

  // An interruption is nobody's failure.
  async #attempt<Value>(what: () => Promise<Value>): Promise<Value | Error> {
    try {
      return await what();
    } catch (error) {
      this.#bench.signal.throwIfAborted();
      return error as Error;
    }
  }

  #side(candidate: Candidate, life = "one", job = this.#method.job): Side {
    return { candidate, life, job: (peer) => job(candidate, peer) as Job };
  }

  #control(candidate: Candidate): Side | undefined {
    const { job, controlJob, pairs } = this.#method;
    // One pair decides nothing.
    if (pairs < 2) return undefined;
    if (controlJob) return this.#side(candidate, "control", controlJob);
    const control = this.#bench.everybody.find(({ id }) => id === candidate.control);
    if (!control || this.#bench.refused.has(control.id) || !job(control, nowhere)) return undefined;
    return this.#side(control);
  }

  // Every other pair the other way round, so that whoever comes second has no advantage of it.
  async #inPairs([own, control]: readonly [Side, (Side | undefined)?]): Promise<Pair[]> {
    const pairs: Pair[] = [];
    for (let number = 0; number < this.#method.pairs; number++) {
      const [measured, controls] = [pairs.map(([slice]) => slice), pairs.flatMap(([, slice]) => slice ?? [])];
      // What will not be published is not measured to the end.
      if (isHopeless(this.#method, measured)) break;
      if (!control || isHopeless(this.#method, controls)) pairs.push([await this.#slice(own)]);
      else if (number % 2 === 0) pairs.push([await this.#slice(own), await this.#slice(control)]);
      else {
        const second = await this.#slice(control);
        pairs.push([await this.#slice(own), second]);
      }
    }
    return pairs;
  }

  async #slice(side: Side): Promise<Slice> {
    this.#bench.signal.throwIfAborted();
    try {
      return await (this.#method.freshEachTime ? this.#freshSlice(side) : this.#warmSlice(side));
    } catch (error) {
      throw new SideFailed(side, (error as Error).message);
    }
  }

  async #freshSlice(side: Side): Promise<Slice> {
    const server = await MeasuredServer.start(side.candidate, this.#bench.core, this.#method.env);
    try {
      return await this.#run(side, server);
    } finally {
      await server.stop();
    }
  }

  async #warmSlice(side: Side): Promise<Slice> {
    const server = await this.#pool.server(side.candidate, side.life);
    try {
      await this.#warmUp(side, server);
      return await this.#run(side, server);
    } catch (error) {
      // Whoever needs this candidate next gets one that works, if it can work.
      await this.#pool.drop(server);
      throw error;
    }
  }

  async #run(side: Side, server: MeasuredServer): Promise<Slice> {
    const slice = await this.#bench.generator.run(await this.#scheduled(side.job(server.peer), server));
    if (slice.count === 0) throw new Error("no message came back");
    return slice;
  }

  // A part of what the server bears: found out once for each process, and only an echo has a rate.
  async #scheduled(job: Job, server: MeasuredServer): Promise<Job> {
    const { partOfCapacity } = this.#method;
    if (partOfCapacity === undefined || job.kind !== "echo") return job;
    const capacity = capacities.get(server) ?? (await this.#capacity(job));
    capacities.set(server, capacity);
    return { ...job, rate: capacity * partOfCapacity };
  }

  async #capacity(job: EchoJob): Promise<number> {
    const { count, ms } = await this.#bench.generator.run({ ...job, measureMs: capacityMs });
    return (count / ms) * 1_000;
  }

  // Full load even where a rate is measured: what counts is how many messages the compiler has seen.
  async #warmUp({ job }: Side, server: MeasuredServer): Promise<void> {
    const warm = job(server.peer);
    if (warmed.has(server) || !("warmupMs" in warm) || warm.kind === "load") return;
    const { rate: _, ...closed } = { rate: 0, ...warm };
    await this.#bench.generator.run({ ...closed, warmupMs: this.#method.firstWarmupMs, measureMs: 1 });
    warmed.add(server);
  }
}

/** One of a pair went wrong, and it need not be the candidate. */
class SideFailed extends Error {
  readonly side: Side;

  constructor(side: Side, message: string) {
    super(message);
    this.side = side;
  }
}
