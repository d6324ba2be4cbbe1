import {
  type Audience,
  Close,
  type Parsed,
  parseServer,
  type ServerMessage,
  subprotocol,
} from "@rosetta/protocol";
import { type Backoff, patienceMs } from "./backoff.ts";
import { type ClientProblem, Emitter } from "./emitter.ts";
import { type ClientHeartbeat, defaultHeartbeat, type HeartbeatTimes, startHeartbeat } from "./heartbeat.ts";
import { defaultHost, type Host } from "./host.ts";
import { type Question, type ReplyTo, RequestError, Requests } from "./requests.ts";
import { type FrameEvent, ReconnectingSocket, type SocketState } from "./socket.ts";
import { type Subscription, Subscriptions, type TopicState } from "./subscriptions.ts";

/** The options of a `Client`. Each has a default. */
export interface ClientOptions {
  /** The clock, the timers, the WebSocket and the page. Default: those of this runtime. */
  host: Host;
  /** Default: `defaultBackoff`. */
  backoff: Partial<Backoff>;
  /** How long the first handshake can take, in milliseconds; each retry waits twice as long. Default: 5,000. */
  connectTimeoutMs: number;
  /** How long a request waits for its reply, in milliseconds. Default: 5,000. */
  timeoutMs: number;
  /** Default: `defaultHeartbeat`. */
  heartbeat: Partial<HeartbeatTimes>;
  /** Reads what the server sends. Must not throw. Default: `parseServer`. */
  parse: (text: string) => Parsed<ServerMessage>;
}

/** A frame, with what its text says. */
export type ClientFrame =
  | Exclude<FrameEvent, { kind: "text" }>
  | (Extract<FrameEvent, { kind: "text" }> & {
      /** The message in the text. Only for a text that came in and could be read. */
      message?: ServerMessage | undefined;
    });

/** The events of `client.on`, by name. */
export interface ClientEvents {
  /** The client's state has changed. The same as `client.state`. */
  state: SocketState;
  /**
   * A frame as on the wire, but with asterisks for the client's secret, in both directions: a server might echo it.
   */
  frame: ClientFrame;
  /** The server is about to close the connection, and says whether and when to come back. The answer to `stop()` too. */
  bye: ServerMessage<"bye">;
  /** Something went wrong, and there is no caller to tell. If nobody listens to this, it is written to the console. */
  problem: ClientProblem;
}

/** A message that `request` sends. `hello` is the client's own, and subscriptions go through `subscribe`. */
export type AppRequest = Exclude<Question, { type: "hello" | "subscribe" | "unsubscribe" }>;

/** How long the first `hello` waits for its `welcome`. As with handshakes, each retry waits twice as long. */
const welcomeMs = 4_000;
/** On a slow network every answer is slow, so each deadline is at least this many times what `welcome` took. */
const slowness = 3;
/** Random bytes in the client's secret. */
const secretBytes = 16;
/** What is shown for the secret: as long as its hex digits. */
const asterisks = "*".repeat(2 * secretBytes);

/**
 * Layer 2: speaks `rosetta.v1.json` over a `ReconnectingSocket`.
 *
 * Subscriptions are a desired state, not a sequence of commands: every connection derives them anew, each from
 * where its topic was left. A publication happens at most once within a topic's epoch, however often its connection is
 * lost: it is sent again to a server that remembers this client, and rejects as `disconnected` if the server forgot it.
 */
export class Client {
  readonly #host: Host;
  readonly #heartbeatTimes: HeartbeatTimes;
  readonly #parse: ClientOptions["parse"];
  readonly #socket: ReconnectingSocket;
  readonly #requests: Requests;
  readonly #emitter = new Emitter<ClientEvents>();
  readonly #subscriptions: Subscriptions;
  // By this the hub knows us on the next connection, and whoever has it can take our place. It is sent to the server
  // in `hello`, and shown to nobody else.
  readonly #client = randomHex(secretBytes);
  #state: SocketState = { name: "idle" };
  #welcome: ServerMessage<"welcome"> | undefined;
  #heartbeat: ClientHeartbeat | undefined;
  /** The number of this connection, counted from 1. */
  #connection = 0;

  constructor(url: string, options: Partial<ClientOptions> = {}) {
    const { host = defaultHost, timeoutMs = 5_000 } = options;
    this.#host = host;
    this.#heartbeatTimes = { ...defaultHeartbeat, ...options.heartbeat };
    this.#parse = options.parse ?? parseServer;
    // Waiting requests are kept here, not in the socket's buffer, which ends with its connection.
    this.#socket = new ReconnectingSocket(url, { ...options, protocols: [subprotocol], keepBuffer: false });
    this.#requests = new Requests(host, timeoutMs, (frame) => this.#socket.send(frame));
    this.#subscriptions = new Subscriptions(host, this.#requests, this.#emitter);
    this.#socket.on("state", (state) => this.#changed(this.#masked(state)));
    this.#socket.on("frame", (frame) => this.#tapped(this.#masked(frame)));
    this.#socket.on("problem", (problem) => this.#emitter.report(problem));
  }

  /** The state of the socket, except that it is `open` only after `welcome`. */
  get state(): SocketState {
    return this.#state;
  }

  /** What the server said of itself and of us, on this connection or the last. */
  get welcome(): ServerMessage<"welcome"> | undefined {
    return this.#welcome;
  }

  /** Connects now instead of waiting any longer; also again after `stopped`. Does nothing if there is a connection. */
  open(): void {
    this.#socket.open();
  }

  /** Ends the connection: the state is `stopped`, and open requests reject. Another `open` resumes the subscriptions. */
  close(): void {
    this.#socket.close(Close.Normal);
  }

  /**
   * Sends a request and waits for its one reply. Before there is a connection, the request waits for one, as long as
   * it would for a reply. `publish` and `start` outlive lost connections. Rejects with a `RequestError` and nothing
   * else.
   */
  request<R extends AppRequest>(request: R): Promise<ReplyTo<R>> {
    return this.#ask(request, (reply) => reply);
  }

  /** Appends to the topic's log, once within its epoch. The ack comes after our own copy, if `to` is `all` and we subscribe. */
  publish(topic: string, text: string, to: Audience = "all"): Promise<ServerMessage<"ack">> {
    return this.request({ type: "publish", topic, to, text });
  }

  /** Has the server send a text back. Rejects with a `RequestError`, as `disconnected` if the connection is lost. */
  echo(text: string): Promise<ServerMessage<"echo">> {
    return this.request({ type: "echo", text });
  }

  /** Has the server hash so many MiB. Progress comes in the topic that the ack names. */
  startJob(mebibytes: number): Promise<ServerMessage<"ack">> {
    return this.request({ type: "start", job: "hash", mebibytes });
  }

  /**
   * Cancels a job that this client started, on whichever connection. `topic` is the one that the ack of `startJob`
   * named; the last event there says what became of the job. Rejects with a `RequestError`: `not_found` if no such job
   * is running, `forbidden` if somebody else started it, `disconnected` if the connection is lost.
   */
  cancel(topic: string): Promise<ServerMessage<"ack">> {
    return this.request({ type: "cancel", topic });
  }

  /** Asks the server to end the conversation: `bye`, then `stopped`. */
  stop(): Promise<ServerMessage<"bye">> {
    return this.request({ type: "stop" });
  }

  /**
   * Measures the round trip, and how far the server's clock is ahead of this machine's, in milliseconds. Assumes that
   * both directions take equally long. Rejects as `disconnected` at once if not `open`: otherwise it would measure the
   * wait for a connection too.
   */
  async ping(): Promise<{ rttMs: number; clockOffsetMs: number }> {
    if (this.#state.name !== "open") throw new RequestError("disconnected", "not connected");
    return this.#ask({ type: "ping", at: this.#host.now() }, ({ serverAt }, sentAt) => {
      const rttMs = this.#host.now() - sentAt;
      return { rttMs, clockOffsetMs: serverAt - (this.#host.date() - rttMs / 2) };
    });
  }

  /**
   * Wants the events of a topic, from now until `unsubscribe`, whatever happens to connections: in order,
   * without gaps or duplicates, as far as the server's log reaches; `onState` tells where it did not.
   *
   * Subscriptions to one topic share one at the server. A later one begins with the next event, or in a
   * `latest` topic with the newest.
   */
  subscribe(
    topic: string,
    listener: (event: ServerMessage<"event">) => void,
    onState?: (state: TopicState) => void,
  ): Subscription {
    return this.#subscriptions.add(topic, { onEvent: listener, onState });
  }

  /** Returns the function that takes the listener away. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  #ask<R extends AppRequest, Result>(
    request: R,
    read: (reply: ReplyTo<R>, sentAt: number) => Result,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#socket.state.name === "stopped") throw new RequestError("stopped", "the client was stopped");
      this.#requests.ask(request, (outcome, sentAt) => {
        if (outcome instanceof RequestError) reject(outcome);
        else resolve(read(outcome, sentAt));
      });
    });
  }

  #changed(state: SocketState): void {
    if (state.name === "open") return this.#greet(state);
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
    this.#requests.disconnected();
    this.#subscriptions.disconnected();
    if (state.name === "stopped") this.#requests.stopped();
    this.#enter(state);
  }

  #greet({ protocol, since }: SocketState & { name: "open" }): void {
    // Not every browser fails a handshake that selects none (honojs/hono#4955).
    if (protocol !== subprotocol)
      return this.#socket.close(Close.Normal, `the server does not speak ${subprotocol}`);
    // A connection without `welcome` does not count as stable, even if we wait for it longer than `stableMs`.
    this.#socket.advise({ unproven: true });
    this.#requests.connected();
    const attempt = this.#state.name === "connecting" ? this.#state.attempt : 0;
    this.#requests.command(
      { type: "hello", client: this.#client, connection: ++this.#connection },
      (outcome) => {
        if (outcome instanceof RequestError) this.#unwelcome(outcome);
        else this.#welcomed(outcome, this.#host.now() - since);
      },
      patienceMs(welcomeMs, attempt),
    );
    this.#subscriptions.resume();
    this.#requests.resume();
  }

  #welcomed(welcome: ServerMessage<"welcome">, afterMs: number): void {
    const isRemembered = this.#isRemembered(welcome);
    this.#welcome = welcome;
    this.#socket.advise({ unproven: false });
    const { idleMs, deadlineMs, probeMs } = this.#heartbeatTimes;
    const leastMs = slowness * afterMs;
    const times = { idleMs, deadlineMs: Math.max(deadlineMs, leastMs), probeMs: Math.max(probeMs, leastMs) };
    this.#heartbeat = startHeartbeat(this.#host, times, {
      ping: () => void this.ping().catch(() => {}),
      dead: () => this.#socket.reconnect(Close.Silent, "no answer to ping"),
    });
    this.#requests.welcomed(welcome.limits, isRemembered);
    this.#subscriptions.welcomed(welcome.limits.topics);
    // A `frame` listener may have closed the connection meanwhile, and stopped the heartbeat.
    if (this.#heartbeat) this.#enter(this.#socket.state);
  }

  /**
   * Returns whether the hub remembers everything sent on earlier connections. `known` alone does not say so. The hub
   * may have forgotten us, and know us again only from a later `hello` whose `welcome` was lost: then `member` is a
   * new one.
   */
  #isRemembered({ known, member }: ServerMessage<"welcome">): boolean {
    const earlier = this.#welcome?.member;
    return known && (earlier === undefined ? this.#connection === 2 : earlier === member);
  }

  #unwelcome({ message, retryAfterMs }: RequestError): void {
    this.#socket.advise({ retryAfterMs });
    this.#socket.reconnect(Close.Silent, "no welcome");
    this.#report("server", `no welcome: ${message}`);
  }

  // A text is read once, for those who listen to frames and for ourselves.
  #tapped(frame: FrameEvent): void {
    const state = this.#state;
    const parsed = frame.kind === "text" && frame.direction === "in" ? this.#parse(frame.data) : undefined;
    this.#emitter.emit("frame", frame.kind === "text" ? { ...frame, message: parsed?.message } : frame);
    // A listener may have given the connection up.
    if (frame.direction === "out" || this.#state !== state) return;
    this.#heartbeat?.heard();
    if (frame.kind === "binary") this.#report("message", "binary");
    if (parsed) this.#received(parsed);
  }

  #received({ message, problem }: Parsed<ServerMessage>): void {
    if (problem) return this.#report("message", problem.reason);
    if (message.type === "event") return this.#subscriptions.event(message);
    if (message.type === "bye") this.#bye(message);
    if (message.re !== undefined) return this.#reply(message.re, message);
    if (message.type === "error") this.#report("server", `${message.code}: ${message.message}`);
  }

  #bye(bye: ServerMessage<"bye">): void {
    this.#socket.advise(bye);
    this.#emitter.emit("bye", bye);
  }

  #reply(re: string, reply: ServerMessage): void {
    const request = this.#requests.settle(re, reply);
    if (request && reply.type === "ack") this.#subscriptions.acked(request, reply);
    if (!this.#requests.isKnown(re)) this.#report("message", `${reply.type} in reply to nothing we asked`);
  }

  #enter(state: SocketState): void {
    this.#state = state;
    this.#emitter.emit("state", state, () => this.#state === state);
  }

  #report(what: ClientProblem["what"], reason: string): void {
    this.#emitter.report({ what, reason });
  }

  /**
   * Returns a copy with asterisks for our secret, which a server may echo, in a message or in the reason of a close.
   * All that the socket tells passes here before anything reads it, so that neither listeners nor errors show the secret.
   */
  #masked<Told>(told: Told): Told {
    if (typeof told === "string") return told.replaceAll(this.#client, asterisks) as Told;
    if (told?.constructor !== Object) return told;
    return Object.fromEntries(Object.entries(told).map(([name, part]) => [name, this.#masked(part)])) as Told;
  }
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
