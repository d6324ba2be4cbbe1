// Which message is due when, and how late each one came.

import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Slice } from "../generator-job.ts";

/** Calls `send` for each message when it is due, in ms of `performance.now()`. Returns a function that stops it. */
export function startSchedule(rate: number, send: (due: number) => void): () => void {
  const interval = 1_000 / rate;
  let next = performance.now();
  let ended = false;
  const spin = () => {
    if (ended) return;
    for (const now = performance.now(); next <= now; next += interval) send(next);
    // Timers are accurate to a millisecond, which is longer than most answers take.
    setImmediate(spin);
  };
  spin();
  return () => {
    ended = true;
  };
}

/** Latencies in µs, to three significant digits, up to a minute. */
export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });

  /** Records a message that was due at the given time, in ms, and came just now. */
  note(due: number, now: number): void {
    // A histogram cannot hold a value below 1.
    this.#histogram.record(Math.max(1, Math.round((now - due) * 1_000)));
  }

  read(): NonNullable<Slice["latency"]> {
    const at = (percentile: number) => this.#histogram.percentile(percentile);
    return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: this.#histogram.max };
  }
}
