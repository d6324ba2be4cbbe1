// The generator's jobs and answers, one line of JSON each. Times are in ms, sizes in bytes.

/** How to talk to a server. */
export interface PeerAddress {
  host: string;
  port: number;
  /** The path of the WebSocket. If there is none, the server echoes bytes over TCP as they are. */
  path?: string;
  subprotocol?: string;
  /** The value of `Sec-WebSocket-Extensions` to offer. */
  extensions?: string;
  /** The server's process, whose processor time counts. */
  pid: number;
}

/** Correctness: every connection keeps `depth` numbered messages under way and compares every byte of every echo. */
export interface CheckJob {
  kind: "check";
  peer: PeerAddress;
  connections: number;
  depth: number;
  /** The sizes to send on each connection, one after the other; at least 16 bytes. */
  messages: readonly { size: number; count: number }[];
  /** If nothing arrives for this long, the message counts as lost. */
  patienceMs: number;
}

/** Echo: every connection keeps `depth` messages under way. */
export interface EchoJob {
  kind: "echo";
  peer: PeerAddress;
  /** `bytes`: a text and its echo. `typed`: a request of rosetta.v1.json and its reply. */
  dialect: "bytes" | "typed";
  connections: number;
  depth: number;
  /** The size of the payload, or of a request's text. */
  size: number;
  warmupMs: number;
  measureMs: number;
  /**
   * Messages per second over all connections, on a fixed schedule. If left out, each answer triggers the next
   * message.
   */
  rate?: number;
  /** Counts the server's system calls, which slows it down. Default: false. */
  countsCalls?: boolean;
}

/** Fan-out: one connection publishes, and all others get every message. */
export interface FanoutJob {
  kind: "fanout";
  peer: PeerAddress;
  /** `bytes`: a text goes to all others. `typed`: an event in a topic of rosetta.v1.json. */
  dialect: "bytes" | "typed";
  subscribers: number;
  /** How many messages may be under way. */
  depth: number;
  warmupMs: number;
  measureMs: number;
}

/** Connections that are opened, upgraded and dropped again, `depth` at a time. */
export interface ConnectJob {
  kind: "connect";
  peer: PeerAddress;
  atOnce: number;
  warmupMs: number;
  measureMs: number;
}

/** Idle connections, and how much memory each of them costs the server. */
export interface IdleJob {
  kind: "idle";
  peer: PeerAddress;
  connections: number;
  /** Offers compression, and first has one compressed message of 2 KiB echoed on each connection. */
  compressed: boolean;
}

/** A slow consumer: one of ten clients stops reading while megabytes are published, and reads again at the end. */
export interface SlowJob {
  kind: "slow";
  peer: PeerAddress;
  dialect: FanoutJob["dialect"];
  /** How many clients go on reading. */
  healthy: number;
  messages: number;
  /** The size of the text in each message. */
  size: number;
}

/** A custom load: rooms with one publisher and `fanout` listeners each, in rosetta.v1.json. */
export interface LoadJob {
  kind: "load";
  peer: PeerAddress;
  connections: number;
  /** Messages published per second, over all rooms. */
  rate: number;
  /** The size of a message's text. */
  size: number;
  fanout: number;
  warmupMs: number;
  /** The duration of each part. */
  measureMs: number;
  parts: number;
}

/** Growth: the cost of an operation beside a number of something, or after it. */
export interface GrowthJob {
  kind: "growth";
  /** The endpoint that speaks rosetta.v1.json. */
  peer: PeerAddress;
  /** An arrival beside `connections` or after `clients` that left, a publication in `rooms`, a delivery to `members`. */
  of: "connections" | "clients" | "rooms" | "members";
  size: number;
  warmupMs: number;
  /** The duration of each part. */
  measureMs: number;
  parts: number;
}

export type Job = CheckJob | EchoJob | FanoutJob | ConnectJob | IdleJob | SlowJob | LoadJob | GrowthJob;

/** The messages that the client that stopped reading received when it read again. */
export interface Stalled {
  /** How many messages were published. */
  published: number;
  /** How many messages it received, from the first one up to the first gap. */
  prefix: number;
  /** Whether messages in between were missing although nobody had said so. */
  gap: boolean;
  /** How it learned of the loss, if it did: the close code, or 1006 for a connection that just ended. */
  closed?: number;
}

/** The result of one slice. */
export interface Slice {
  /** How many echoes, deliveries or connections were counted; for `idle`, how many connections were open. */
  count: number;
  ms: number;
  /** The server's processor time during the slice, over all its threads, in ms. */
  serverMs: number;
  /** The part of its core that was in use, including the kernel's work for its sockets. */
  serverBusy: number;
  /** The part of its core that went to other programs, or to other machines of the same hypervisor. */
  serverTaken: number;
  generatorBusy: number;
  generatorTaken: number;
  /** The server's system calls. NaN if the system does not report them. Only if the job counts them. */
  calls?: number;
  /** How many messages were due, and how many of them were sent. Only with a `rate`. */
  due?: number;
  sent?: number;
  /** Microseconds from when a message was due to its echo. Only with a `rate`. */
  latency?: { p50: number; p90: number; p99: number; p999: number; max: number };
  /** For `idle` and `slow`: by how many bytes the server's RAM grew, at most. */
  grownBytes?: number;
  /** For `load`: deliveries that had not come 5 s after the last message. */
  missing?: number;
  /** For `load`: the server's RAM at the end, in bytes. */
  residentBytes?: number;
  /** For `load` and `growth`: the measurements of each part. */
  parts?: readonly Slice[];
  /** For `slow`: what became of the client that did not read. */
  stalled?: Stalled;
}

/** One answer of the generator. */
export type GeneratorAnswer = { slice: Slice; error?: undefined } | { slice?: undefined; error: string };
