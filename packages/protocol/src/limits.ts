/** All limits of a server. Each can be set with the environment variable that is named beside it. */
export interface Limits {
  /** Bytes of one incoming message; over it, close 1009. `MAX_MESSAGE_BYTES` */
  messageBytes: number;
  /** Fragments of one incoming message, where the stack has an option for it. `MAX_FRAGMENTS` */
  fragments: number;
  /** Bytes that may wait for one socket, plus one message; over it, close 4002. `MAX_QUEUE_BYTES` */
  queueBytes: number;
  /** Bytes of memory that wait for all readers together; over it, the slowest are cut off. `MAX_QUEUE_BYTES_TOTAL` */
  queueBytesTotal: number;
  /** Connections to one server; over it, 503. `MAX_CONNECTIONS` */
  connections: number;
  /** Connections from one address; over it, 429. `MAX_CONNECTIONS_PER_ADDRESS` */
  connectionsPerAddress: number;
  /** HTTP requests per second that one address may make on average, handshakes included. `MAX_REQUESTS_PER_SECOND` */
  requestsPerSecond: number;
  /** HTTP requests that one address may make at once, before the average counts; over it, 429. `MAX_REQUEST_BURST` */
  requestBurst: number;
  /** Topics one socket may follow. `MAX_TOPICS` */
  topics: number;
  /** Messages per second one socket may send, on average. `MAX_MESSAGES_PER_SECOND` */
  messagesPerSecond: number;
  /** Messages one socket may send at once, before the average counts. Sockets of one address share. `MAX_BURST` */
  burst: number;
  /** Bad messages in a row; the last one closes with 4500. `MAX_BAD_MESSAGES` */
  badMessages: number;
  /** Rooms on one server, at most a quarter of them for one address; the least needed one makes way. `MAX_ROOMS` */
  rooms: number;
  /** Bytes of memory for the events of all topics; over it, the fullest topic loses its oldest. `MAX_LOG_BYTES` */
  logBytes: number;
  /** Bytes of memory for clients and their answers; over it, the first to leave is forgotten. `MAX_REMEMBERED_BYTES` */
  rememberedBytes: number;
  /** Jobs that one client may have running. `MAX_JOBS` */
  jobs: number;
  /** Jobs that may run on one server, at most a quarter of them for one address. `MAX_JOBS_TOTAL` */
  jobsTotal: number;
  /** Milliseconds of silence before a ping, and between two comments on an event stream. `HEARTBEAT_MS` */
  heartbeatMs: number;
  /** Milliseconds a ping may stay unanswered; then the peer is dead. `PONG_MS` */
  pongMs: number;
  /** Milliseconds within which a new socket must send `hello`. `HELLO_MS` */
  helloMs: number;
  /** Milliseconds the opening handshake may take, where the stack has a timer for it. `HANDSHAKE_MS` */
  handshakeMs: number;
  /** Milliseconds from a message's first byte to its last, where the stack reports this; over it, 4005. `MESSAGE_MS` */
  messageMs: number;
  /** Milliseconds an idle HTTP connection is kept. Must exceed those of a balancer in front. `KEEP_ALIVE_MS` */
  keepAliveMs: number;
  /** Milliseconds an event stream lasts; its reader then resumes, which shows that it is still there. `STREAM_MS` */
  streamMs: number;
  /** Milliseconds a long poll is held before it answers 204. `POLL_MS` */
  pollMs: number;
  /** Milliseconds a shutdown waits for queues to empty. `DRAIN_MS` */
  drainMs: number;
  /** Milliseconds a shutdown waits for the close frames of its peers. `LINGER_MS` */
  lingerMs: number;
  /** Milliseconds a command to the engine may take; over it, `error unavailable`. `ENGINE_TIMEOUT_MS` */
  engineTimeoutMs: number;
  /** Milliseconds the engine may be away; then 503, and close 1013 for all. `ENGINE_GRACE_MS` */
  engineGraceMs: number;
}

/** The limits of a server whose environment sets none. */
export const defaultLimits: Limits = {
  messageBytes: 64 * 1024,
  fragments: 1024,
  queueBytes: 1024 * 1024,
  queueBytesTotal: 128 * 1024 * 1024,
  connections: 10_000,
  connectionsPerAddress: 1_000,
  requestsPerSecond: 100,
  requestBurst: 1_000,
  topics: 128,
  messagesPerSecond: 100,
  burst: 200,
  badMessages: 5,
  rooms: 1_000,
  logBytes: 64 * 1024 * 1024,
  rememberedBytes: 64 * 1024 * 1024,
  jobs: 4,
  jobsTotal: 32,
  heartbeatMs: 25_000,
  pongMs: 10_000,
  helloMs: 5_000,
  handshakeMs: 15_000,
  messageMs: 30_000,
  keepAliveMs: 75_000,
  streamMs: 60_000,
  pollMs: 25_000,
  drainMs: 4_000,
  lingerMs: 1_000,
  engineTimeoutMs: 2_000,
  engineGraceMs: 15_000,
};

/** Returns the milliseconds of silence after which a connection is given up. A heartbeat or a poll takes less. */
export function silenceMs({ heartbeatMs, pollMs, pongMs }: Limits): number {
  return Math.max(heartbeatMs, pollMs) + pongMs;
}

/** Bounds that belong to the protocol itself: changing one would make a new version. */
export const bounds = {
  /** UTF-16 code units of a text in a message. */
  text: 4096,
  /** UTF-16 code units of a request's `id`. */
  id: 64,
  /** Bytes of a close reason (RFC 6455 §5.5: 125 with the code). */
  closeReasonBytes: 123,
  /** Requests of a client that are remembered, so that the same one again has no second effect. */
  answers: 256,
  /** Requests that a client may have open at once. At least this many of its newest answers are remembered. */
  openRequests: 64,
  /** Clients that are remembered. */
  clients: 10_000,
  /** Jobs whose topics are remembered, those that run among them. */
  jobTopics: 1_000,
  /** Milliseconds for which a client that left, an empty room and an ended job are remembered. */
  rememberedMs: 120_000,
} as const;

/** Milliseconds in a second, for stacks that count in seconds. */
export const secondMs = 1_000;
