// The scenarios that the bench measures, and how long each takes.

import { paths, subprotocol } from "@rosetta/protocol";
import type { Candidate } from "./candidates.ts";
import type { EchoJob, PeerAddress, Slice } from "./generator-job.ts";
import type { Method } from "./method-session.ts";

export const scenarioNames = [
  "cpu",
  "calls",
  "echo",
  "typed",
  "latency",
  "fanout",
  "connect",
  "memory",
  "slow",
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** Messages of `size` bytes, `depth` of them under way on each connection. */
interface EchoLoad {
  size: number;
  depth: number;
  connections: number;
}

/** How long a run may take. */
export interface Effort {
  /** How many rounds the pairs are dealt out to. In each round every candidate has a new process. */
  rounds: number;
  /** Slices of each candidate and of its control. With only one, nothing is compared. */
  pairs: Readonly<Record<ScenarioName, number>>;
  /** Milliseconds of full load before the first slice of a process. */
  firstWarmupMs: number;
  /** The same for handshakes, of which a server takes far fewer in that time. */
  connectWarmupMs: number;
  warmupMs: number;
  measureMs: number;
  /** Numbers of idle connections, and of messages for the slow consumer. */
  connections: number;
  slowMessages: number;
  /** The number of idle connections with compression. With 0, their memory is not measured. */
  compressedConnections: number;
  echoes: readonly EchoLoad[];
  /** Publications under way at once. */
  fanouts: readonly number[];
}

/** What a message costs if many arrive together. */
export const full16 = { size: 64, depth: 16, connections: 100 };
/** What a byte costs. */
const large = { size: 65_536, depth: 1, connections: 25 };

// Whether a candidate is measured in everything. The others would only repeat what their library shows.
function isWhole({ kind }: Candidate): boolean {
  return kind !== "rung" && kind !== "variant";
}

// A variant of a library unmasks differently, which takes time only if there is much to unmask.
function showsIn({ size }: EchoLoad, { kind }: Candidate): boolean {
  return kind === "variant" && size >= large.size;
}

/** Half an hour for all servers of the repository, on a machine that does nothing else. */
export const full: Effort = {
  rounds: 3,
  pairs: { cpu: 6, calls: 5, echo: 5, typed: 5, latency: 5, fanout: 5, connect: 5, memory: 5, slow: 1 },
  // Node's compiler is done after some 50,000 messages, Bun's after 15,000. Slices before that get faster and
  // faster.
  firstWarmupMs: 1_500,
  // Bare ws got faster over its first 60,000 handshakes, and most over its first 20,000.
  connectWarmupMs: 4_000,
  warmupMs: 150,
  measureMs: 350,
  connections: 10_000,
  compressedConnections: 2_000,
  slowMessages: 16_000,
  echoes: [{ ...full16, depth: 1 }, full16, { ...full16, size: 1_024 }, large],
  fanouts: [1, 32],
};

/** Less than three minutes. */
export const quick: Effort = {
  rounds: 1,
  pairs: { cpu: 5, calls: 1, echo: 1, typed: 1, latency: 1, fanout: 1, connect: 1, memory: 1, slow: 1 },
  firstWarmupMs: 500,
  connectWarmupMs: 500,
  warmupMs: 50,
  measureMs: 120,
  connections: 1_000,
  compressedConnections: 0,
  slowMessages: 4_000,
  echoes: [full16, large],
  fanouts: [32],
};

/** Returns the same effort with this many pairs wherever servers are compared. */
export function withPairs(effort: Effort, count: number): Effort {
  const pairs = { ...effort.pairs };
  for (const name of scenarioNames) if (pairs[name] > 1) pairs[name] = count;
  return { ...effort, pairs };
}

// Over eight full runs within half a day, on a shared machine, the median ratios of the same comparison had a
// standard deviation of 9 % for throughputs, 3 % for processor time, 2 % for memory and 17 % for latencies. If
// their logarithms are normal, two runs come farther apart than these factors in about one of a thousand
// comparisons.
//
// Other work on the machine slows a busy server down, so its cost per message varies as much as its rate. Its system
// calls do not vary.
const leastFactors = { throughput: 1.5, cost: 1.15, busyCost: 1.5, calls: 1.1, latency: 2.25 };

const perSecond = ({ count, ms }: Slice) => (count / ms) * 1_000;
const microseconds = ({ serverMs, count }: Slice) => (serverMs * 1_000) / count;
const subscribers = 1_000;
const steadyRate = 20_000;

/**
 * Returns the methods of the requested scenarios. Every first rung stands on its library, so a few methods are enough
 * to show it.
 */
export function methodsOf(names: readonly ScenarioName[], effort: Effort): Method[] {
  const makers: Record<ScenarioName, () => Method[]> = {
    echo: () => effort.echoes.map((each) => echo(each, effort)),
    cpu: () => [
      steady(effort),
      saturated(full16, effort),
      saturated(large, effort),
      delivery(effort),
      handshake(effort),
    ],
    calls: () => [calls(effort)],
    typed: () => [typed(effort)],
    latency: () => [latency(effort)],
    fanout: () => effort.fanouts.map((depth) => fanout(depth, effort)),
    connect: () => [connect(effort)],
    memory: () =>
      (effort.compressedConnections > 0 ? [false, true] : [false]).map((on) => memory(effort, on)),
    slow: () => [slow(effort)],
  };
  return names.flatMap((name) => makers[name]());
}

function echoJob(peer: PeerAddress, effort: Effort, rest: Partial<EchoJob>): EchoJob {
  const { warmupMs, measureMs } = effort;
  return {
    kind: "echo",
    peer,
    dialect: "bytes",
    connections: 100,
    depth: 1,
    size: 64,
    warmupMs,
    measureMs,
    ...rest,
  };
}

// A throughput, of which more is better. It is the server's own figure only while its core is full.
function throughput(scenario: ScenarioName, unit: string, { firstWarmupMs, pairs }: Effort) {
  const own = {
    figure: perSecond,
    needsBusyServer: true,
    firstWarmupMs,
    pairs: pairs[scenario],
    selfComparisons: 1,
  };
  return { scenario, unit, better: "more", leastFactor: leastFactors.throughput, ...own } as const;
}

// A cost, of which less is better.
function cost(scenario: ScenarioName, unit: string, { firstWarmupMs, pairs }: Effort) {
  const own = { needsBusyServer: false, firstWarmupMs, pairs: pairs[scenario], selfComparisons: 4 };
  return { scenario, unit, better: "less", leastFactor: leastFactors.cost, ...own } as const;
}

function echo(load: EchoLoad, effort: Effort): Method {
  const { size, depth, connections } = load;
  return {
    title: `${sizeOf(size)}, ${depth} under way on each of ${connections} connections`,
    ...throughput("echo", "messages/s", effort),
    phrase: `echoes {ratio} as many messages of ${sizeOf(size)} as {control}, with ${depth} under way on each connection`,
    job(candidate, peer) {
      const isMeasured =
        isWhole(candidate) || showsIn(load, candidate) || (candidate.kind === "rung" && load === full16);
      return isMeasured ? echoJob(peer, effort, load) : undefined;
    },
  };
}

// The main figure: the server's cost of a message at a rate that all servers can bear.
function steady(effort: Effort): Method {
  return {
    title: `64 bytes, ${steadyRate.toLocaleString("en")} messages/s over 100 connections`,
    ...cost("cpu", "µs of processor time per message", effort),
    selfComparisons: 2,
    phrase: "costs {ratio} the processor time of {control} per message",
    job: ({ kind }, peer) => (kind === "variant" ? undefined : echoJob(peer, effort, { rate: steadyRate })),
    figure: microseconds,
  };
}

// A busy server reads and writes many messages at once, if it can.
function saturated(load: EchoLoad, effort: Effort): Method {
  const { size, depth, connections } = load;
  return {
    title: `${sizeOf(size)}, ${depth} under way on each of ${connections} connections`,
    ...cost("cpu", "µs of processor time per message", effort),
    leastFactor: leastFactors.busyCost,
    selfComparisons: 1,
    phrase: `costs {ratio} the processor time of {control} per message of ${sizeOf(size)}, with ${depth} under way on each connection`,
    job: (candidate, peer) =>
      isWhole(candidate) || showsIn(load, candidate) ? echoJob(peer, effort, load) : undefined,
    figure: microseconds,
  };
}

function delivery(effort: Effort): Method {
  const load = fanout(32, effort);
  return {
    ...load,
    ...cost("cpu", "µs of processor time per delivery", effort),
    leastFactor: leastFactors.busyCost,
    selfComparisons: 1,
    pairs: effort.pairs.fanout,
    phrase: "costs {ratio} the processor time of {control} per delivery to a thousand, with 32 under way",
    figure: microseconds,
  };
}

// In a run of its own, because strace slows the server down.
function calls(effort: Effort): Method {
  return {
    title: "64 bytes, 16 under way on each of 100 connections",
    ...cost("calls", "system calls per message", effort),
    leastFactor: leastFactors.calls,
    selfComparisons: 1,
    phrase: "makes {ratio} the system calls of {control} per message",
    job: (candidate, peer) =>
      isWhole(candidate) ? echoJob(peer, effort, { ...full16, countsCalls: true }) : undefined,
    figure: ({ calls = Number.NaN, count }) => calls / count,
  };
}

// Shows the cost of the envelope and its validation: a request and its reply, beside an echo of as many bytes.
function typed(effort: Effort): Method {
  const load = { connections: 100, depth: 16 };
  return {
    title: "a typed request and its reply, beside bytes as long, 16 under way on each of 100 connections",
    ...cost("typed", "µs of processor time per message", effort),
    leastFactor: leastFactors.busyCost,
    phrase: "spends {ratio} the processor time on a typed request as on an echo of the same length",
    figure: microseconds,
    job: ({ kind }, peer) =>
      kind === "app" ? echoJob(application(peer), effort, { ...load, dialect: "typed" }) : undefined,
    // `{"type":"echo","id":"000000","text":"…"}` is 39 bytes longer than its text.
    controlJob: (_candidate, peer) => echoJob(peer, effort, { ...load, size: 64 + 39 }),
  };
}

function latency(effort: Effort): Method {
  return {
    title:
      "64 bytes on 100 connections, at half of the rate that each reached without a schedule, from when each was due",
    ...cost("latency", "µs, median", effort),
    leastFactor: leastFactors.latency,
    phrase:
      "answers in {ratio} the time of {control} in the median, each at half of the rate that it reached",
    partOfCapacity: 0.5,
    job: (candidate, peer) => (isWhole(candidate) ? echoJob(peer, effort, {}) : undefined),
    figure: ({ latency }) => latency?.p50 ?? Number.NaN,
  };
}

function fanout(depth: number, effort: Effort): Method {
  const { warmupMs, measureMs } = effort;
  return {
    title: `one publishes to ${subscribers.toLocaleString("en")}, ${depth} under way`,
    ...throughput("fanout", "deliveries/s", effort),
    phrase: `delivers {ratio} as many messages to a thousand as {control}, with ${depth} under way`,
    job: (candidate, peer) => {
      const topic = topicOf(candidate, peer);
      return topic && { kind: "fanout", ...topic, subscribers, depth, warmupMs, measureMs };
    },
  };
}

// Of the first rungs, too: they show how much of a handshake is the stack's own, before an application checks anything.
function connect(effort: Effort): Method {
  const { connectWarmupMs, warmupMs, measureMs } = effort;
  return {
    title: "connections opened, upgraded and dropped, 128 at a time",
    ...throughput("connect", "connections/s", effort),
    firstWarmupMs: connectWarmupMs,
    phrase: "takes {ratio} as many connections per second as {control}",
    job: ({ kind }, peer) =>
      kind === "limit" || kind === "variant"
        ? undefined
        : { kind: "connect", peer, atOnce: 128, warmupMs, measureMs },
  };
}

// This compares servers, too, that take more connections than the generator can open.
function handshake(effort: Effort): Method {
  return {
    ...connect(effort),
    ...cost("cpu", "µs of processor time per connection", effort),
    firstWarmupMs: effort.connectWarmupMs,
    leastFactor: leastFactors.busyCost,
    selfComparisons: 1,
    pairs: effort.pairs.connect,
    phrase: "costs {ratio} the processor time of {control} per connection",
    figure: microseconds,
  };
}

function memory(effort: Effort, compressed: boolean): Method {
  const connections = compressed ? effort.compressedConnections : effort.connections;
  const after = compressed ? ", compression on, after one compressed message each" : "";
  return {
    title: `${connections.toLocaleString("en")} idle connections${after}`,
    ...cost("memory", "KiB per connection", effort),
    phrase: `needs {ratio} the memory of {control} for an idle connection${after}`,
    env: { COMPRESSION: compressed ? "1" : "0" },
    job: (candidate, peer) => {
      if (!isWhole(candidate) || (candidate.kind === "limit" && compressed)) return undefined;
      return { kind: "idle", peer, connections, compressed };
    },
    figure: ({ grownBytes = Number.NaN, count }) => grownBytes / 1_024 / count,
    freshEachTime: true,
    // Each of its pairs consists of two new processes.
    selfComparisons: compressed ? 0 : 1,
  };
}

function slow(effort: Effort): Method {
  const { slowMessages } = effort;
  const size = 4_000;
  const mebibytes = Math.round((slowMessages * size) / 1_048_576);
  return {
    title: `one of ten does not read while ${mebibytes} MiB are published`,
    ...cost("slow", "MiB more in memory", effort),
    phrase: "grows by {ratio} the memory of {control} while one does not read",
    // Here the limit of the queue is what is measured, so the server keeps its own.
    env: { MAX_QUEUE_BYTES: "1048576" },
    job: (candidate, peer) => {
      const topic = topicOf(candidate, peer);
      return topic && { kind: "slow", ...topic, healthy: 9, messages: slowMessages, size };
    },
    figure: ({ grownBytes = Number.NaN }) => grownBytes / 1_048_576,
    freshEachTime: true,
  };
}

/** Returns the peer at the path where the apps speak rosetta.v1.json. */
export function application(peer: PeerAddress): PeerAddress {
  return { ...peer, path: paths.application, subprotocol };
}

// The path where a candidate publishes to many clients, if it does.
function topicOf(
  { kind }: Candidate,
  peer: PeerAddress,
): { peer: PeerAddress; dialect: "bytes" | "typed" } | undefined {
  if (kind === "app") return { peer: application(peer), dialect: "typed" };
  return kind === "bare" ? { peer: { ...peer, path: "/fanout" }, dialect: "bytes" } : undefined;
}

function sizeOf(bytes: number): string {
  return bytes < 1_024 ? `${bytes} bytes` : `${bytes / 1_024} KiB`;
}
