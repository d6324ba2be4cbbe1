import type { Platform } from "../port.ts";

interface Timer {
  dueAt: number;
  run: () => void;
}

/** A platform for tests. Time passes only when a test says so, tokens are a counter, and hashing is done by hand. */
export class World implements Platform {
  time = 0;
  readonly works: Work[] = [];
  readonly #timers = new Set<Timer>();
  #tokens = 0;

  now(): number {
    return this.time;
  }

  date(): number {
    return 1_700_000_000_000 + this.time;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { dueAt: this.time + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  token(): string {
    this.#tokens += 1;
    return this.#tokens.toString(16).padStart(6, "0").padEnd(32, "0");
  }

  hash(mebibytes: number, step: (done: number) => boolean): Promise<string> {
    const work = new Work(mebibytes, step);
    this.works.push(work);
    return work.result;
  }

  /** The number of timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass. Runs every timer when it is due. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    await settled();
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.time = Math.max(this.time, timer.dueAt);
      this.#timers.delete(timer);
      timer.run();
      await settled();
    }
    this.time = end;
  }

  /** Lets time pass as for a process that stood still: timers run late. */
  stall(ms: number): void {
    this.time += ms;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt <= end && (!first || timer.dueAt < first.dueAt)) first = timer;
    }
    return first;
  }
}

/** A hash that is computed only when a test says so. */
export class Work {
  readonly result: Promise<string>;
  readonly mebibytes: number;
  readonly #step: (done: number) => boolean;
  readonly #resolve: (digest: string) => void;
  readonly #reject: (error: Error) => void;
  #done = 0;

  constructor(mebibytes: number, step: (done: number) => boolean) {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.result = promise;
    this.mebibytes = mebibytes;
    this.#step = step;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Hashes that many MiB. With the last one, the work is done. */
  do(mebibytes = this.mebibytes): void {
    for (let count = 0; count < mebibytes && this.#done < this.mebibytes; count++) {
      this.#done += 1;
      if (!this.#step(this.#done)) return this.#reject(new Error("abandoned"));
    }
    if (this.#done === this.mebibytes) this.#resolve("ab".repeat(32));
  }

  break(error: Error): void {
    this.#reject(error);
  }
}

/**
 * Waits until nothing more can happen without time passing. The event loop takes its next turn only once all chains of
 * promises have run: https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
