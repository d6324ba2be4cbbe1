// What the generator is asked for, and what it answers: one line of JSON each way. Times in ms, sizes in bytes.

/** How a server is talked to. */
export interface Peer {
  host: string;
  port: number;
  /** The path of the WebSocket; without one, bytes are echoed over TCP as they are. */
  path?: string;
  subprotocol?: string;
  /** What `Sec-WebSocket-Extensions` offers. */
  extensions?: string;
  /** Whose processor time counts: the server's process. */
  pid: number;
}

/** Correctness: every connection keeps `depth` numbered messages under way, and looks at every byte of each echo. */
export interface CheckJob {
  kind: "check";
  peer: Peer;
  connections: number;
  depth: number;
  /** On each connection, one size after the other; from 16 bytes. */
  messages: readonly { size: number; count: number }[];
  /** Nothing came for so long: then it is lost. */
  patienceMs: number;
}

/** Echo: every connection keeps `depth` messages under way. */
export interface EchoJob {
  kind: "echo";
  peer: Peer;
  /** `bytes`: a text and its echo. `typed`: a request of rosetta.v1.json and its reply. */
  dialect: "bytes" | "typed";
  connections: number;
  depth: number;
  /** Of the payload, or of a request's text. */
  size: number;
  warmupMs: number;
  measureMs: number;
  /** Messages per second in all, on a schedule of their own; without it the next one follows each answer. */
  rate?: number;
}

/** Fan-out: one publishes, all others get every message. */
export interface FanoutJob {
  kind: "fanout";
  peer: Peer;
  /** `bytes`: a text goes to all others. `typed`: an event in a topic of rosetta.v1.json. */
  dialect: "bytes" | "typed";
  subscribers: number;
  /** How many messages may be under way. */
  depth: number;
  warmupMs: number;
  measureMs: number;
}

/** Connections: opened, upgraded and dropped again, so many at a time. */
export interface ConnectJob {
  kind: "connect";
  peer: Peer;
  atOnce: number;
  warmupMs: number;
  measureMs: number;
}

/** Idle connections, and what each of them costs the server in memory. */
export interface IdleJob {
  kind: "idle";
  peer: Peer;
  connections: number;
  /** Offer compression, and have one compressed message of 2 KiB echoed on each before. */
  compressed: boolean;
}

/** A slow consumer: one of ten stops reading while megabytes are published, and reads again at the end. */
export interface SlowJob {
  kind: "slow";
  peer: Peer;
  dialect: FanoutJob["dialect"];
  /** Who goes on reading. */
  healthy: number;
  messages: number;
  /** Of the text in each. */
  size: number;
}

/** A load of one's own: rooms of one who speaks and `fanout` who listen, in rosetta.v1.json. */
export interface LoadJob {
  kind: "load";
  peer: Peer;
  connections: number;
  /** Messages published per second, in all. */
  rate: number;
  /** Of a message's text. */
  size: number;
  fanout: number;
  warmupMs: number;
  /** Of each part. */
  measureMs: number;
  parts: number;
}

export type Job = CheckJob | EchoJob | FanoutJob | ConnectJob | IdleJob | SlowJob | LoadJob;

/** What the one who stopped reading got when it read again. */
export interface Stalled {
  /** How many there were. */
  published: number;
  /** Messages from the first on, without a gap. */
  prefix: number;
  /** Whether something was missing in between: lost, and nobody said so. */
  gap: boolean;
  /** How it was told, if it was: the close code, or 1006 for a connection that just ended. */
  closed?: number;
}

/** What one slice measured. */
export interface Slice {
  /** What was counted while it was measured: echoes, deliveries, connections; of `idle` the connections. */
  count: number;
  ms: number;
  /** The server's processor time in that while, all its threads, in ms. */
  serverMs: number;
  /** The part of its core that was in use, what the kernel did for its sockets included. */
  serverBusy: number;
  /** The part of its core that others had: other programs, or other machines of the same hypervisor. */
  serverTaken: number;
  generatorBusy: number;
  generatorTaken: number;
  /** Only with a `rate`: how many messages were due, and how many of them were sent. */
  due?: number;
  sent?: number;
  /** Microseconds from when a message should have been sent to its echo; only with a `rate`. */
  latency?: { p50: number; p90: number; p99: number; p999: number; max: number };
  /** Of `idle` and `slow`: how many bytes more the server had in RAM than before, at most. */
  grownBytes?: number;
  /** Of `load`: deliveries that did not come, 5 s after the last message. */
  missing?: number;
  /** Of `load`: bytes of the server in RAM at the end, and what each part measured. */
  residentBytes?: number;
  parts?: readonly Slice[];
  /** Of `slow`: what came of the one who did not read. */
  stalled?: Stalled;
}

/** One answer of the generator. */
export type Answer = { slice: Slice; error?: undefined } | { slice?: undefined; error: string };
