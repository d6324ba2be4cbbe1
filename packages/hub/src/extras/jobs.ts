import type { EventData } from "@rosetta/protocol";
import { type Cancellation, outcomeRank } from "../cluster/cluster.ts";
import type { Platform } from "../port.ts";

/** The client that started a job, and its address. */
interface Starter {
  /** The key of the client: nobody else may cancel the job. */
  owner: string;
  address: string;
}

interface Job extends Starter {
  cancelled: boolean;
}

interface JobsOptions {
  platform: Platform;
  /** Appends an event, unless there is one of this rank or a higher one. Rejects if the log cannot take it. */
  append(topic: string, data: EventData, rank: number): Promise<unknown>;
  /** Is called when nothing more will come in the topic. */
  ended(topic: string): void;
  /** Is called when a job fails for any reason other than its cancellation. */
  failed(error: unknown): void;
}

/** Milliseconds after which the outcome of a job is told again, if the log could not take it. */
const retryMs = 1_000;

/** Long-running work. Each job has its own topic, and only the client that started it can cancel it. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #jobs = new Map<string, Job>();

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** Returns the number of jobs that run or are about to: of one client, of one address or of all. */
  running(of: Partial<Starter> = {}): number {
    return [...this.#jobs.values()].filter((job) => isOf(job, of)).length;
  }

  /** Takes a place for a job that is about to start, so that it counts. `start()` or `release()` must follow. */
  reserve(topic: string, starter: Starter): void {
    this.#jobs.set(topic, { ...starter, cancelled: false });
  }

  /** Gives back the place of a job that does not start. */
  release(topic: string): void {
    this.#jobs.delete(topic);
  }

  /** Starts hashing, in a place that was reserved. Progress goes to `topic`: at most 20 events, and one at the end. */
  start(topic: string, mebibytes: number): void {
    const { platform, append, failed } = this.#options;
    const job = this.#jobs.get(topic);
    if (!job) return;
    const stride = Math.ceil(mebibytes / 20);
    let reached = 0;
    const step = (done: number): boolean => {
      reached = done;
      if (job.cancelled) return false;
      if (done % stride === 0 && done < mebibytes) {
        report(done);
      }
      return true;
    };
    const report = (done: number): void => {
      const data = { kind: "progress", state: "running", done, total: mebibytes } as const;
      append(topic, data, done + 1).catch(failed);
    };
    const end = (state: "done" | "cancelled" | "failed", result?: string): void => {
      if (this.#jobs.get(topic) === job) this.#jobs.delete(topic);
      const outcome = { kind: "progress", state, done: reached, total: mebibytes } as const;
      this.#tell(topic, result === undefined ? outcome : { ...outcome, result });
    };
    report(0);
    platform.hash(mebibytes, step).then(
      (digest) => end("done", digest),
      (error) => {
        if (!job.cancelled) failed(error);
        end(job.cancelled ? "cancelled" : "failed");
      },
    );
  }

  // Somebody waits for the outcome, so it is told until the log has it.
  #tell(topic: string, outcome: Extract<EventData, { kind: "progress" }>): void {
    const { platform, append, ended, failed } = this.#options;
    append(topic, outcome, outcomeRank).then(
      () => ended(topic),
      (error) => {
        failed(error);
        platform.after(retryMs, () => this.#tell(topic, outcome));
      },
    );
  }

  /** Cancels a job, if it runs and belongs to `owner`. */
  cancel(topic: string, owner: string): Cancellation {
    const job = this.#jobs.get(topic);
    if (!job) return "not_found";
    if (job.owner !== owner) return "forbidden";
    job.cancelled = true;
    return "cancelled";
  }

  /** Ends a job that runs here, because it was cancelled elsewhere or counts as failed. */
  drop(topic: string): void {
    const job = this.#jobs.get(topic);
    if (job) job.cancelled = true;
  }

  /** Cancels a client's jobs or, without an owner, all jobs. */
  abandon(owner?: string): void {
    const of = owner === undefined ? {} : { owner };
    for (const job of this.#jobs.values()) if (isOf(job, of)) job.cancelled = true;
  }
}

function isOf(job: Job, { owner = job.owner, address = job.address }: Partial<Starter>): boolean {
  return job.owner === owner && job.address === address;
}
