// Echo: how many messages a second come back, and, on a schedule, after how long.

import type { EchoJob, Slice } from "../job.ts";
import { Flow, type FlowHandlers } from "./flow.ts";
import { watch } from "./look.ts";
import { Latencies, startSchedule } from "./schedule.ts";
import { Trouble } from "./trouble.ts";
import { waveOf } from "./waves.ts";

/** Measures one slice; rejects if an echo is not what was sent, or the server closes. */
export async function echo(job: EchoJob): Promise<Slice> {
  const wave = waveOf(job);
  const trouble = new Trouble();
  const load = job.rate === undefined ? closedLoop(job) : openLoop(job, job.rate);
  const handlers: FlowHandlers = { came: load.came, failed: trouble.tell };
  const opening = Array.from({ length: job.connections }, () => Flow.open(job.peer, wave, handlers));
  const flows = await Promise.all(opening);
  try {
    load.begin(flows);
    const slice = await watch(job, load.messages, trouble, load.measure);
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
  const due = new Map<Flow, number[]>();
  let latencies: Latencies | undefined;
  let messages = 0;
  let sent = 0;
  let end = () => {};
  return {
    came: (count, flow) => {
      messages += count;
      const now = performance.now();
      for (const time of due.get(flow)?.splice(0, count) ?? []) latencies?.note(time, now);
    },
    begin: (flows) => {
      for (const flow of flows) due.set(flow, []);
      let turn = 0;
      end = startSchedule(rate, (time) => {
        const flow = flows[turn++ % connections];
        if (!flow) return;
        due.get(flow)?.push(time);
        flow.send(1);
        sent++;
      });
    },
    measure: () => {
      sent = 0;
      latencies = new Latencies();
    },
    messages: () => messages,
    more: (ms) => ({
      ...{ due: Math.round((ms * rate) / 1_000), sent },
      ...(latencies && { latency: latencies.read() }),
    }),
    end: () => end(),
  };
}
