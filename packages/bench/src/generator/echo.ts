// Echo: how many messages a second come back, and, on a schedule, after how long.

import { randomBytes } from "node:crypto";
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { EchoJob, Peer, Slice } from "../job.ts";
import { processorMs } from "../processor.ts";
import { Flow, waveOf } from "./flow.ts";
import { letters, maskedText, plainText } from "./frames.ts";

/** Measures one slice. */
export async function echo(job: EchoJob): Promise<Slice> {
  const payload = letters(job.size);
  const masked = maskedText(payload);
  // A TCP echo returns what it got.
  const wave = waveOf(masked, job.peer.path === undefined ? masked : plainText(payload));
  const trouble = Promise.withResolvers<never>();
  trouble.promise.catch(() => {});
  const failed = (why: string) => trouble.reject(new Error(why));
  const load = job.rate === undefined ? closedLoop(job) : openLoop(job, job.rate);
  const open = () => Flow.open(job.peer, handshakeOf(job.peer), wave, load.came, failed);
  const flows = await Promise.all(Array.from({ length: job.connections }, open));
  try {
    load.begin(flows);
    await Promise.race([pause(job.warmupMs), trouble.promise]);
    const before = look(job.peer.pid, load.messages());
    load.measure();
    await Promise.race([pause(job.measureMs), trouble.promise]);
    const after = look(job.peer.pid, load.messages());
    return { ...difference(before, after), ...load.latency() };
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
  latency(): Pick<Slice, "latency">;
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
    latency: () => ({}),
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
        }
        // A timer is good for a millisecond, which is more than most answers take.
        setImmediate(spin);
      };
      spin();
    },
    measure: () => {
      histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
    },
    messages: () => messages,
    latency: () => {
      if (!histogram) return {};
      const [p50 = 0, p90 = 0, p99 = 0, p999 = 0] = [50, 90, 99, 99.9].map(
        (p) => histogram?.percentile(p) ?? 0,
      );
      return { latency: { p50, p90, p99, p999, max: histogram.max } };
    },
    end: () => {
      ended = true;
    },
  };
}

interface Look {
  at: number;
  messages: number;
  server: number;
  generator: number;
}

function look(pid: number, messages: number): Look {
  const own = process.cpuUsage();
  return {
    at: performance.now(),
    messages,
    server: processorMs(pid) ?? Number.NaN,
    generator: (own.user + own.system) / 1_000,
  };
}

function difference(before: Look, after: Look): Slice {
  const ms = after.at - before.at;
  return {
    messages: after.messages - before.messages,
    ms,
    serverBusy: (after.server - before.server) / ms,
    generatorBusy: (after.generator - before.generator) / ms,
  };
}

function handshakeOf({ host, port, path }: Peer): string {
  if (path === undefined) return "";
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    "Sec-WebSocket-Version: 13",
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
