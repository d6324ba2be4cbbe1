// How many messages a second come back and, on a schedule, after how long.

import type { EchoJob, Slice } from "../generator-job.ts";
import { Flow, type FlowHandlers } from "./flow.ts";
import { settled, watch } from "./look.ts";
import { Latencies, startSchedule } from "./schedule.ts";
import { Trouble } from "./trouble.ts";
import { waveOf } from "./waves.ts";

/** Measures one slice. Rejects if an echo is wrong, missing or doubled, or if the server closes a connection. */
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
    const figures = load.more(slice.ms);
    load.end();
    // Wait for the messages under way: they may be late, but each must come, and only once.
    await trouble.orEnd(settled(() => flows.every(({ underWay }) => underWay <= 0)));
    const wrong = balanceOf(flows);
    if (wrong) throw new Error(wrong);
    return { ...slice, ...figures() };
  } finally {
    load.end();
    for (const flow of flows) flow.end();
  }
}

function balanceOf(flows: readonly Flow[]): string | undefined {
  const underWay = flows.map((flow) => Math.round(flow.underWay));
  const missing = underWay.reduce((sum, each) => sum + Math.max(0, each), 0);
  if (missing > 0) return `${missing} messages did not come back`;
  const extra = underWay.reduce((sum, each) => sum - Math.min(0, each), 0);
  return extra > 0 ? `${extra} more messages came back than were sent` : undefined;
}

interface EchoTraffic {
  came: (messages: number, flow: Flow) => void;
  begin(flows: readonly Flow[]): void;
  /** Starts counting. */
  measure(): void;
  messages(): number;
  /** Returns what only a schedule can show, for a slice of the given ms. Call it once everything has come back. */
  more(ms: number): () => Pick<Slice, "latency" | "due" | "sent">;
  end(): void;
}

// Each answer triggers the next message.
function closedLoop({ depth }: EchoJob): EchoTraffic {
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
    more: () => () => ({}),
    end: () => {
      ended = true;
    },
  };
}

// Messages are sent when they are due, whatever has come back. One that could not be sent in time is already late.
function openLoop({ connections }: EchoJob, rate: number): EchoTraffic {
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
    more: (ms) => {
      const counted = { due: Math.round((ms * rate) / 1_000), sent };
      return () => ({ ...counted, ...(latencies && { latency: latencies.read() }) });
    },
    end: () => end(),
  };
}
