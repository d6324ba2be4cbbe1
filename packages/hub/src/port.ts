/**
 * The operations on a socket that the hub needs from a stack. Each app writes one port; everything else is decided in
 * this package. `Ws` is the stack's own type of a socket.
 */
export interface Port<Ws> {
  /**
   * Sends a text message. Returns true if it was handed to the stack, and false if it was dropped because the socket is
   * closing. Asks `session.hasRoom()` before each write, and returns false without room.
   */
  send(ws: Ws, text: string): boolean;
  /** Returns the bytes that wait for a `drained()` that will come; 0 when none will. */
  waiting(ws: Ws): number;
  /** Returns the bytes of memory that wait for the kernel, including what the stack adds to each message. */
  queued(ws: Ws): number;
  /** Returns the bytes of memory that an incomplete message holds; 0 where the stack does not report them. */
  unfinished(ws: Ws): number;
  /**
   * Returns the bytes of memory that hold what has not arrived completely: a message or a control frame. 0 where the
   * stack does not report them.
   */
  held(ws: Ws): number;
  /** Sends a ping (RFC 6455 §5.5.2). */
  ping(ws: Ws): void;
  /** Starts the closing handshake (RFC 6455 §7.1.2). */
  close(ws: Ws, code: number, reason: string): void;
  /** Reads no more from a socket that is closing. Only asked for where `unfinished` reports something. */
  pause(ws: Ws): void;
  /** Ends the connection without a closing handshake. */
  terminate(ws: Ws): void;
  /** Subscribes the socket: from now on it gets what is published in the topic. */
  join(ws: Ws, topic: string): void;
  /** Ends the subscription. */
  leave(ws: Ws, topic: string): void;
  /**
   * Sends one text message to every socket that joined the topic, except to `except`. Returns to how many sockets it
   * was handed over, as far as the stack tells. A stack with topics of its own has its own limit for a queue.
   */
  publish(topic: string, text: string, except?: Ws): number;
}

/** Time, randomness and computing, which a hub needs from the outside world. Tests pass their own. */
export interface Platform {
  /** Returns monotonic milliseconds, from a clock that nobody can set. */
  now(): number;
  /** Returns milliseconds since 1970, for people. */
  date(): number;
  /** Runs something once, after `ms` milliseconds. Returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
  /** Returns 128 random bits, in hex. */
  token(): string;
  /**
   * Returns SHA-256 over `mebibytes` MiB, in hex, computed one MiB at a time so that the event loop stays responsive.
   * Calls `step` with the number of MiB that are done. If `step` returns false, the work is abandoned and the promise
   * rejects.
   */
  hash(mebibytes: number, step: (done: number) => boolean): Promise<string>;
}

/** A record of something that happened to a connection or a job. Messages are never recorded. */
export interface LogRecord {
  /** The kind of record. */
  name: "opened" | "refused" | "closed" | "slow" | "job";
  /** Which connection or job, and how. Never what was said. */
  details: Record<string, string | number>;
}

/** Where a server writes its records and failures, besides the topic `log`. */
export interface Journal {
  /** Writes what happened. */
  record(record: LogRecord): void;
  /** Writes that a handler threw, or that the log refused. */
  failed(error: unknown): void;
  /** The number of lines that could not be written, because of a full disk or a stalled reader. Default: 0. */
  lost?(): number;
}
