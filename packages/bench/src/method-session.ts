// One method at work: measures slices of servers, in pairs of a candidate and its control, one right after the
// other.

import type { Candidate } from "./candidates.ts";
import { type Generator, GeneratorEnded } from "./generator.ts";
import type { EchoJob, Job, PeerAddress, Slice } from "./generator-job.ts";
import { type Figure, isDisturbed, isHopeless, type SlicePair } from "./judge-slices.ts";
import { MeasuredServer } from "./measured-server.ts";
import type { Measure } from "./results.ts";
import { ServerPool } from "./server-pool.ts";

/** How something is measured. */
export interface Method extends Figure {
  scenario: string;
  title: string;
  unit: string;
  better: Measure["better"];
  /** The wording for a ratio, with `{ratio}` and `{control}`: `echoes {ratio} as many messages as {control}`. */
  phrase: string;
  /** Returns nothing if the candidate cannot do it. */
  job: (candidate: Candidate, peer: PeerAddress) => Job | undefined;
  /** Compares the candidate with itself doing another job. If left out, its control does the same job. */
  controlJob?: (candidate: Candidate, peer: PeerAddress) => Job;
  /** Sends on a schedule, at this part of the rate that each server reached without one. */
  partOfCapacity?: number;
  /** True if what a server did before would change the figure, so that each slice needs a new process. */
  freshEachTime?: boolean;
  /** Milliseconds of full load before the first slice of a process, because its compiler learns from what it sees. */
  firstWarmupMs: number;
  /** Environment variables for the servers. */
  env?: Record<string, string>;
  /** How many pairs the whole run has. */
  pairs: number;
  /** How often a server is measured against another process of itself, before any servers are compared. */
  selfComparisons: number;
}

/** Everything that a measurement works with. */
export interface Bench {
  generator: Generator;
  candidates: readonly Candidate[];
  /** Every candidate, including those that are only controls. */
  everybody: readonly Candidate[];
  /** Servers found to lose, change or reorder messages, and how, by id. */
  refused: ReadonlyMap<string, string>;
  core: number | undefined;
  /** Keeps servers alive from one measure to the next, so that each is started and warmed up once in a round. */
  pool?: ServerPool | undefined;
  tell: (what: string) => void;
  signal: AbortSignal;
}

/** Stands in for a server when a method is asked what a candidate can do, before anything runs. */
export const nowhere: PeerAddress = { host: "", port: 0, pid: 0, path: "" };

/** One process of a candidate, and its job. */
export interface Subject {
  candidate: Candidate;
  job: (peer: PeerAddress) => Job;
  /** Distinguishes two processes of the same candidate. */
  instance: string;
}

// Which kinds of load each process has had, and how many messages a second came back from it.
const warmed = new WeakMap<MeasuredServer, Set<string>>();
const capacities = new WeakMap<MeasuredServer, number>();
const capacityMs = 500;

/** Measures by one method, with its own servers or with those in the bench's pool. */
export class MethodSession {
  readonly #method: Method;
  readonly #bench: Bench;
  readonly #pool: ServerPool;
  // The slices of each candidate as a control of others, by id.
  readonly #controls = new Map<string, Slice[]>();
  // How many pairs of each subject were measured again.
  readonly #spared = new Map<string, number>();

  constructor(method: Method, bench: Bench) {
    this.#method = method;
    this.#bench = bench;
    this.#pool = (method.env ? undefined : bench.pool) ?? new ServerPool(bench.core, method.env);
  }

  /** Returns what a candidate has shown so far as a control. */
  slicesAsControl({ id }: Candidate): readonly Slice[] {
    return this.#controls.get(id) ?? [];
  }

  subject(candidate: Candidate, instance = "one", job = this.#method.job): Subject {
    return { candidate, instance, job: (peer) => job(candidate, peer) as Job };
  }

  end(): Promise<void> {
    return this.#pool === this.#bench.pool ? Promise.resolve() : this.#pool.stop();
  }

  /**
   * Measures more pairs of the two until there are `upTo`, earlier ones included. Returns what went wrong if
   * something did. Rejects only when the run cannot go on, which is no server's failure.
   */
  async attempt(
    own: Subject,
    control: Subject | undefined,
    before: readonly SlicePair[],
    upTo: number,
  ): Promise<SlicePair[] | Error> {
    try {
      const pairs = await this.#inPairs(own, control, before, upTo);
      // A control that does another job is no measurement of the control itself.
      if (control && !this.#method.controlJob) this.#note(control.candidate, pairs);
      return pairs;
    } catch (error) {
      this.#bench.signal.throwIfAborted();
      if (error instanceof GeneratorEnded) throw error;
      return error as Error;
    }
  }

  #note({ id }: Candidate, pairs: readonly SlicePair[]): void {
    const slices = pairs.flatMap(([, slice]) => slice ?? []);
    this.#controls.set(id, [...(this.#controls.get(id) ?? []), ...slices]);
  }

  async #inPairs(
    own: Subject,
    control: Subject | undefined,
    before: readonly SlicePair[],
    upTo: number,
  ): Promise<SlicePair[]> {
    const pairs = [...before];
    // A pair measured while others were at work says nothing about the two. It is measured again, but not for ever.
    while (pairs.length < upTo) {
      const pair = await this.#pair(pairs, own, control);
      // A figure that will not be published is not measured to the end.
      if (!pair) break;
      if (isDisturbed(this.#method, pair) && this.#spare(own, upTo)) continue;
      pairs.push(pair);
    }
    return pairs.slice(before.length);
  }

  // As many as are wanted over all rounds, and not all of them in the first.
  #spare(subject: Subject, upTo: number): boolean {
    const key = keyOf(subject);
    const spared = this.#spared.get(key) ?? 0;
    if (this.#method.freshEachTime || spared >= upTo) return false;
    this.#spared.set(key, spared + 1);
    return true;
  }

  // Every other pair runs in reverse order, so that coming second is no advantage.
  async #pair(before: readonly SlicePair[], own: Subject, control?: Subject): Promise<SlicePair | undefined> {
    const [measured, controls] = [before.map(([slice]) => slice), before.flatMap(([, slice]) => slice ?? [])];
    const isLost = (slices: readonly Slice[]) => isHopeless(this.#method, slices, this.#method.pairs);
    if (isLost(measured)) return undefined;
    if (!control || isLost(controls)) return [await this.#slice(own)];
    // Both servers are started and warmed up before either is measured.
    for (const subject of this.#method.freshEachTime ? [] : [own, control]) {
      await this.#orBlame(subject, () => this.#warmServer(subject));
    }
    if (before.length % 2 === 0) return [await this.#slice(own), await this.#slice(control)];
    const second = await this.#slice(control);
    return [await this.#slice(own), second];
  }

  #slice(subject: Subject): Promise<Slice> {
    return this.#orBlame(subject, () =>
      this.#method.freshEachTime ? this.#freshSlice(subject) : this.#warmSlice(subject),
    );
  }

  async #orBlame<Result>(subject: Subject, work: () => Promise<Result>): Promise<Result> {
    this.#bench.signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (error instanceof GeneratorEnded) throw error;
      throw new SubjectFailed(subject, (error as Error).message);
    }
  }

  async #freshSlice(subject: Subject): Promise<Slice> {
    const server = await MeasuredServer.start(subject.candidate, this.#bench.core, this.#method.env);
    try {
      return await this.#run(subject, server);
    } finally {
      await server.stop();
    }
  }

  async #warmSlice(subject: Subject): Promise<Slice> {
    const server = await this.#warmServer(subject);
    return await this.#orDrop(server, () => this.#run(subject, server));
  }

  // Uses the candidate's process from the pool, after as much load as its compiler needs.
  async #warmServer(subject: Subject): Promise<MeasuredServer> {
    const server = await this.#pool.server(subject.candidate, subject.instance);
    await this.#orDrop(server, async () => {
      await this.#warmUp(subject, server);
      await this.#scheduled(subject.job(server.peer), server);
    });
    return server;
  }

  async #orDrop<Result>(server: MeasuredServer, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      // The next caller that needs this candidate gets a working process, if one can be started.
      await this.#pool.drop(server);
      throw error;
    }
  }

  async #run(subject: Subject, server: MeasuredServer): Promise<Slice> {
    const slice = await this.#bench.generator.run(await this.#scheduled(subject.job(server.peer), server));
    if (slice.count === 0) throw new Error("no message came back");
    return slice;
  }

  // The rate is a part of what the server reached, found out once for each process. Only an echo has such a rate.
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

  // Full load even for a measure at a rate: what counts is how many messages the compiler has seen.
  async #warmUp({ job }: Subject, server: MeasuredServer): Promise<void> {
    const warm = job(server.peer);
    if (!("warmupMs" in warm) || warm.kind === "load") return;
    const known = warmed.get(server) ?? new Set();
    const kind = `${warm.kind} ${warm.peer.path} ${"dialect" in warm ? warm.dialect : ""}`;
    if (known.has(kind)) return;
    const { rate: _, ...closed } = { rate: 0, ...warm };
    await this.#bench.generator.run({ ...closed, warmupMs: this.#method.firstWarmupMs, measureMs: 1 });
    warmed.set(server, known.add(kind));
  }
}

/** One of a pair went wrong, which need not be the candidate. */
export class SubjectFailed extends Error {
  readonly subject: Subject;

  constructor(subject: Subject, message: string) {
    super(message);
    this.subject = subject;
  }
}

/** Distinguishes the processes of all candidates. */
export function keyOf({ candidate, instance }: Subject): string {
  return `${candidate.id} ${instance}`;
}
