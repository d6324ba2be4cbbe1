// What the generator is asked for, and what it answers: one line of JSON each way. Times in ms, sizes in bytes.

/** How a server is talked to. */
export interface Peer {
  host: string;
  port: number;
  /** The path of the WebSocket; without one, bytes are echoed over TCP as they are. */
  path?: string;
  /** Whose processor time counts: the server's process. */
  pid: number;
}

/** Echo: every connection keeps `depth` messages under way. */
export interface EchoJob {
  kind: "echo";
  peer: Peer;
  connections: number;
  depth: number;
  size: number;
  warmupMs: number;
  measureMs: number;
  /** Messages per second in all, on a schedule of their own; without it the next one follows each answer. */
  rate?: number;
}

export type Job = EchoJob;

/** What one slice measured. */
export interface Slice {
  /** Messages that came back while it was measured. */
  messages: number;
  ms: number;
  /** The server's processor time in that while, as a part of one core. */
  serverBusy: number;
  generatorBusy: number;
  /** Microseconds from when a message should have been sent to its echo; only with a `rate`. */
  latency?: { p50: number; p90: number; p99: number; p999: number; max: number };
}

/** One answer of the generator. */
export type Answer = { slice: Slice; error?: undefined } | { slice?: undefined; error: string };
