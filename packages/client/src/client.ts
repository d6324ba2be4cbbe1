import {
  type Audience,
  Close,
  type Parsed,
  parseServer,
  type Server,
  type ServerMessage,
  subprotocol,
} from "@rosetta/protocol";
import type { Backoff } from "./backoff.ts";
import { type ClientProblem, Emitter } from "./emitter.ts";
import { defaultHeartbeat, type Heartbeat, type HeartbeatTimes, startHeartbeat } from "./heartbeat.ts";
import { defaultHost, type Host } from "./host.ts";
import { type Question, type ReplyTo, RequestError, Requests } from "./requests.ts";
import { type FrameEvent, ReconnectingSocket, type SocketState } from "./socket.ts";
import { type Subscription, Subscriptions, type TopicState } from "./subscriptions.ts";

export interface ClientOptions {
  host: Host;
  backoff: Partial<Backoff>;
  connectTimeoutMs: number;
  /** How long a request waits for its reply. */
  timeoutMs: number;
  heartbeat: Partial<HeartbeatTimes>;
  /** Reads what the server sends. Must not throw. */
  parse: (text: string) => Parsed<ServerMessage>;
}

export interface ClientEvents {
  state: SocketState;
  /** As on the wire, but for the client's secret in `hello`: asterisks stand in its place. */
  frame: FrameEvent;
  bye: Server<"bye">;
  problem: ClientProblem;
}

/** What `request` takes: `hello` is the client's own, and subscriptions go through `subscribe`. */
export type Request = Exclude<Question, { type: "hello" | "subscribe" | "unsubscribe" }>;

/** Less than `stableMs` of the backoff: a server that accepts and then says nothing is no stable connection. */
const welcomeMs = 4_000;

/**
 * Layer 2: speaks `rosetta.v1.json` over a `ReconnectingSocket`.
 *
 * Subscriptions are a desired state, not a sequence of commands: every connection derives them anew, each from
 * where its topic was left. A publication happens once within a topic's epoch, however often its
 * connection is lost; one that a restart of the server cut off from its ack may stand in both epochs.
 */
export class Client {
  readonly #host: Host;
  readonly #heartbeatTimes: HeartbeatTimes;
  readonly #parse: ClientOptions["parse"];
  readonly #socket: ReconnectingSocket;
  readonly #requests: Requests;
  readonly #emitter = new Emitter<ClientEvents>();
  readonly #subscriptions: Subscriptions;
  // By this the hub knows us on the next connection. Whoever has it can take our place: it never leaves here.
  readonly #client = randomHex(16);
  #state: SocketState = { name: "idle" };
  #welcome: Server<"welcome"> | undefined;
  #heartbeat: Heartbeat | undefined;
  /** The last message, or the first handshake. A handshake alone reminds the hub of nobody. */
  #heardAt = 0;

  constructor(url: string, options: Partial<ClientOptions> = {}) {
    const { host = defaultHost, timeoutMs = 5_000 } = options;
    this.#host = host;
    this.#heartbeatTimes = { ...defaultHeartbeat, ...options.heartbeat };
    this.#parse = options.parse ?? parseServer;
    // What waits is kept here, by request: a connection that ends takes its own frames with it.
    this.#socket = new ReconnectingSocket(url, { ...options, protocols: [subprotocol], keepBuffer: false });
    this.#requests = new Requests(host, timeoutMs, (frame) => this.#socket.send(frame));
    this.#subscriptions = new Subscriptions(host, this.#requests, this.#emitter);
    this.#socket.on("state", (state) => this.#changed(state));
    this.#socket.on("message", (data) => this.#received(data));
    this.#socket.on("frame", (frame) => this.#emitter.emit("frame", this.#masked(frame)));
    this.#socket.on("problem", (problem) => this.#emitter.report(problem));
  }

  /** That of the socket, but `open` only after `welcome`. */
  get state(): SocketState {
    return this.#state;
  }

  /** What the server said of itself and of us, on this connection or the last. */
  get welcome(): Server<"welcome"> | undefined {
    return this.#welcome;
  }

  /** Connects now, whatever is waited for; also again after `stopped`. */
  open(): void {
    this.#socket.open();
  }

  /** Ends it: `stopped`, and whatever is unanswered fails. Subscriptions stay desired, should `open` follow. */
  close(): void {
    this.#socket.close(Close.Normal);
  }

  /**
   * Asks, and waits for the one reply. Before there is a connection the question waits for it, as long as for
   * a reply; `publish` and `start` outlive lost connections. Rejects with a `RequestError`, nothing else.
   */
  request<R extends Request>(request: R): Promise<ReplyTo<R>> {
    return new Promise((resolve, reject) => {
      if (this.#socket.state.name === "stopped") throw new RequestError("stopped", "the client was stopped");
      this.#requests.ask(request, (outcome) => {
        if (outcome instanceof RequestError) reject(outcome);
        else resolve(outcome);
      });
    });
  }

  /** Appends to the topic's log, once within its epoch. The ack comes after our own copy, if `to` is `all` and we subscribe. */
  publish(topic: string, text: string, to: Audience = "all"): Promise<Server<"ack">> {
    return this.request({ type: "publish", topic, to, text });
  }

  echo(text: string): Promise<Server<"echo">> {
    return this.request({ type: "echo", text });
  }

  /** Has the server hash so many MiB. Progress comes in the topic that the ack names. */
  startJob(mebibytes: number): Promise<Server<"ack">> {
    return this.request({ type: "start", job: "hash", mebibytes });
  }

  cancel(topic: string): Promise<Server<"ack">> {
    return this.request({ type: "cancel", topic });
  }

  /** Asks the server to end the conversation: `bye`, then `stopped`. */
  stop(): Promise<Server<"bye">> {
    return this.request({ type: "stop" });
  }

  /**
   * Measures the round trip, and how far the server's clock is ahead of ours, supposing that both ways take
   * equally long. Rejects as `disconnected` at once if not `open`: waiting would be measured, too.
   */
  async ping(): Promise<{ rttMs: number; clockOffsetMs: number }> {
    if (this.#state.name !== "open") throw new RequestError("disconnected", "not connected");
    const at = this.#host.now();
    const { serverAt } = await this.request({ type: "ping", at });
    const rttMs = this.#host.now() - at;
    return { rttMs, clockOffsetMs: serverAt - (at + rttMs / 2) };
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
    listener: (event: Server<"event">) => void,
    onState?: (state: TopicState) => void,
  ): Subscription {
    return this.#subscriptions.add(topic, { listener, onState });
  }

  /** Returns the function that takes the listener away. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  #changed(state: SocketState): void {
    if (state.name === "open") return this.#greet(state.protocol);
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
    this.#requests.disconnected();
    if (state.name === "stopped") this.#requests.stopped();
    this.#enter(state);
  }

  #greet(protocol: string): void {
    // Not every browser fails a handshake that selects none (honojs/hono#4955).
    if (protocol !== subprotocol)
      return this.#socket.close(Close.Normal, `the server does not speak ${subprotocol}`);
    const now = this.#host.now();
    this.#heardAt ||= now;
    this.#requests.connected();
    this.#requests.command(
      { type: "hello", client: this.#client },
      (outcome) => this.#welcomed(outcome),
      welcomeMs,
    );
    this.#subscriptions.resume();
    this.#requests.resume(now - this.#heardAt);
  }

  #welcomed(outcome: Server<"welcome"> | RequestError): void {
    if (outcome instanceof RequestError) return this.#unwelcome(outcome);
    this.#welcome = outcome;
    this.#heartbeat = startHeartbeat(this.#host, this.#heartbeatTimes, {
      ping: () => void this.ping().catch(() => {}),
      dead: () => this.#socket.reconnect(Close.Silent, "no answer to ping"),
    });
    this.#enter(this.#socket.state);
  }

  #unwelcome({ message, retryAfterMs }: RequestError): void {
    this.#socket.advise({ retryAfterMs });
    this.#socket.reconnect(Close.Silent, "no welcome");
    this.#report("server", `no welcome: ${message}`);
  }

  #received(data: string | Uint8Array): void {
    this.#heardAt = this.#host.now();
    this.#heartbeat?.heard();
    if (typeof data !== "string") return this.#report("message", "binary");
    const { message, problem } = this.#parse(data);
    if (problem) return this.#report("message", problem.reason);
    if (message.type === "event") return this.#subscriptions.event(message);
    if (message.type === "bye") this.#bye(message);
    if (message.re !== undefined) return this.#reply(message.re, message);
    if (message.type === "error") this.#report("server", `${message.code}: ${message.message}`);
  }

  #bye(bye: Server<"bye">): void {
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

  #masked(frame: FrameEvent): FrameEvent {
    if (frame.direction === "in" || typeof frame.data !== "string") return frame;
    return { ...frame, data: frame.data.replace(this.#client, "*".repeat(this.#client.length)) };
  }
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
