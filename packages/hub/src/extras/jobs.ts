import type { EventData } from "@rosetta/protocol";
import type { Platform } from "../port.ts";

/** The client that started a job, and its address. */
interface Starter {
  /** The secret of the client: nobody else may cancel the job. */
  owner: string;
  address: string;
}

interface Job extends Starter {
  cancelled: boolean;
}

interface JobsOptions {
  platform: Platform;
  publish(topic: string, data: EventData): void;
  /** Is called when nothing more will come in the topic. */
  ended(topic: string): void;
  /** Is called when a job fails for any reason other than its cancellation. */
  failed(error: unknown): void;
}

/** The outcome of a request to cancel. */
export type Cancellation = "cancelled" | "forbidden" | "not_found";

/** Long-running work. Each job has its own topic, and only the client that started it can cancel it. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #jobs = new Map<string, Job>();

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** Returns the number of running jobs: of one client, of one address or of all. */
  running(of: Partial<Starter> = {}): number {
    return [...this.#jobs.values()].filter((job) => isOf(job, of)).length;
  }

  /** Starts hashing. Progress goes to `topic`: at most 20 events, and one at the end. */
  start(topic: string, starter: Starter, mebibytes: number): void {
    const { platform, publish, ended, failed } = this.#options;
    const job: Job = { ...starter, cancelled: false };
    this.#jobs.set(topic, job);
    const stride = Math.ceil(mebibytes / 20);
    let reached = 0;
    const step = (done: number): boolean => {
      reached = done;
      if (job.cancelled) return false;
      if (done % stride === 0 && done < mebibytes) {
        publish(topic, { kind: "progress", state: "running", done, total: mebibytes });
      }
      return true;
    };
    const end = (state: "done" | "cancelled" | "failed", result?: string): void => {
      this.#jobs.delete(topic);
      const outcome = { kind: "progress", state, done: reached, total: mebibytes } as const;
      publish(topic, result === undefined ? outcome : { ...outcome, result });
      ended(topic);
    };
    publish(topic, { kind: "progress", state: "running", done: 0, total: mebibytes });
    platform.hash(mebibytes, step).then(
      (digest) => end("done", digest),
      (error) => {
        if (!job.cancelled) failed(error);
        end(job.cancelled ? "cancelled" : "failed");
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

  /** Cancels a client's jobs or, without an owner, all jobs. */
  abandon(owner?: string): void {
    const of = owner === undefined ? {} : { owner };
    for (const job of this.#jobs.values()) if (isOf(job, of)) job.cancelled = true;
  }
}

function isOf(job: Job, { owner = job.owner, address = job.address }: Partial<Starter>): boolean {
  return job.owner === owner && job.address === address;
}
