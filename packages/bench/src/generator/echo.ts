// Echo: how many messages a second come back, and, on a schedule, after how long.

import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { EchoJob, Slice } from "../job.ts";
import { Flow, type FlowHandlers } from "./flow.ts";
import { watch } from "./look.ts";
import { waveOf } from "./waves.ts";

/** Measures one slice; rejects if an echo is not what was sent, or the server closes. */
export async function echo(job: EchoJob): Promise<Slice> {
  const wave = waveOf(job);
  const trouble = Promise.withResolvers<never>();
  trouble.promise.catch(() => {});
  const load = job.rate === undefined ? closedLoop(job) : openLoop(job, job.rate);
  const handlers: FlowHandlers = { came: load.came, failed: (why) => trouble.reject(new Error(why)) };
  const opening = Array.from({ length: job.connections }, () => Flow.open(job.peer, wave, handlers));
  const flows = await Promise.all(opening);
  try {
    load.begin(flows);
    const slice = await watch(job, load.messages, trouble.promise, load.measure);
    return { ...slice, ...load.more(slice.ms) };
  } finally {
    load.end();
    for (const flow of flows) flow.end();
  }
}

interface Load {
  came: (messages: number, flow: Flow) => void;
  begin(flows: readonly Flow[]): void;
  /** From now on it counts. */
  measure(): void;
  messages(): number;
  /** What only a schedule has to tell, of so many ms. */
  more(ms: number): Pick<Slice, "latency" | "due" | "sent">;
  end(): void;
}

// The next message follows each answer.
function closedLoop({ depth }: EchoJob): Load {
  let messages = 0;
  let ended = false;
  return {
    came: (count, flow) => {
      messages += count;
      if (!ended) flow.send(count);
    },
    begin: (flows) => {
      for (const flow of flows) flow.send(depth);
    },
    measure: () => {},
    messages: () => messages,
    more: () => ({}),
    end: () => {
      ended = true;
    },
  };
}

// Messages are sent when they are due, whatever came back; one that could not be sent in time is late already.
function openLoop({ connections }: EchoJob, rate: number): Load {
  const interval = 1000 / rate;
  const due = new Map<Flow, number[]>();
  let histogram: RecordableHistogram | undefined;
  let messages = 0;
  let sent = 0;
  let ended = false;
  return {
    came: (count, flow) => {
      messages += count;
      const now = performance.now();
      const times = due.get(flow)?.splice(0, count) ?? [];
      // The smallest value of a histogram is 1.
      for (const time of times) histogram?.record(Math.max(1, Math.round((now - time) * 1_000)));
    },
    begin: (flows) => {
      for (const flow of flows) due.set(flow, []);
      let next = performance.now();
      let turn = 0;
      const spin = () => {
        if (ended) return;
        for (const now = performance.now(); next <= now; next += interval) {
          const flow = flows[turn++ % connections];
          if (!flow) return;
          due.get(flow)?.push(next);
          flow.send(1);
          sent++;
        }
        // A timer is good for a millisecond, which is more than most answers take.
        setImmediate(spin);
      };
      spin();
    },
    measure: () => {
      sent = 0;
      histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
    },
    messages: () => messages,
    more: (ms) => {
      const due = Math.round((ms * rate) / 1_000);
      if (!histogram) return { due, sent };
      const [p50 = 0, p90 = 0, p99 = 0, p999 = 0] = [50, 90, 99, 99.9].map(
        (p) => histogram?.percentile(p) ?? 0,
      );
      return { due, sent, latency: { p50, p90, p99, p999, max: histogram.max } };
    },
    end: () => {
      ended = true;
    },
  };
}
