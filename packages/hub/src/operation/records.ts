import type { Journal, LogRecord } from "../port.ts";
import { Bucket } from "./bucket.ts";
import type { Clock } from "./clock.ts";
import type { Metrics } from "./metrics.ts";

/** Records per second for the topic `log`, and for the journal on average. Strangers can cause any number of them. */
const recordsPerSecond = 20;
/** Records that the journal takes at once, before the average counts. */
const recordBurst = 500;

interface RecordsOptions {
  journal: Journal;
  metrics: Metrics;
  clock: Clock;
  /** Publishes a record in the topic `log`. */
  publish(record: LogRecord): void;
}

/**
 * Writes what happens to connections and jobs, and what fails, to the journal and to the topic `log`. The rate is
 * limited, so that strangers cannot fill the disk. Records that are left out are counted.
 */
export class Records {
  readonly #options: RecordsOptions;
  readonly #records: Bucket;
  readonly #failures: Bucket;
  readonly #published: Bucket;

  constructor(options: RecordsOptions) {
    this.#options = options;
    // Peers are compensated for a standstill, but the server's own records are not.
    const lived = { now: () => options.clock.now(), lost: 0, behind: () => 0 };
    this.#records = new Bucket(recordBurst, recordsPerSecond, lived);
    this.#failures = new Bucket(recordBurst, recordsPerSecond, lived);
    this.#published = new Bucket(recordsPerSecond, recordsPerSecond, lived);
  }

  /** The number of lines that the journal could not write. */
  get linesLost(): number {
    return this.#options.journal.lost?.() ?? 0;
  }

  /**
   * Records what happened to a connection or a job, in the journal and in the topic `log`. Calls `details` only if the
   * record is written: beyond the limit, it must cost as little as possible.
   */
  record(name: LogRecord["name"], details: () => LogRecord["details"]): void {
    const { journal, metrics, publish } = this.#options;
    if (!this.#records.take()) return metrics.add("records_lost_total", 1);
    const record = { name, details: details() };
    journal.record(record);
    if (this.#published.take()) publish(record);
  }

  /** Reports that a handler threw, or that the log refused. */
  failed(error: unknown): void {
    const { journal, metrics } = this.#options;
    metrics.add("failures_total", 1);
    if (!this.#failures.take()) return metrics.add("records_lost_total", 1);
    journal.failed(error);
  }

  /** Runs something whose failure must harm neither the next socket nor the process. */
  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.failed(error);
    }
  }
}
