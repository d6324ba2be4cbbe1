import {
  type ClientMessage,
  Close,
  type Endpoint,
  echoStop,
  encode,
  endpoints,
  type Limits,
  type Problem,
  parseClient,
  requestId,
  type ServerMessage,
} from "@rosetta/protocol";
import type { Soon } from "../cluster/soon.ts";
import type { ClientRecord } from "../delivery/clients.ts";
import type { Follower } from "../delivery/followers.ts";
import { byteLength, type Kept, Refused } from "../delivery/log.ts";
import { roomOf, type Topic } from "../delivery/topics.ts";
import type { Queue } from "../operation/budget.ts";
import type { Linked } from "../operation/linked-set.ts";
import type { Requester } from "../requests/caller.ts";
import { errorOf } from "../requests/context.ts";
import { type Ask, answer, hello } from "../requests/requests.ts";
import type { Services } from "../services.ts";
import type { Session } from "../session.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Throttle } from "./throttle.ts";
import { Turns } from "./turns.ts";

/** How many times its limit a message may take, including fragment headers and the control frames in between. */
const messageRoom = 4;
/** Bytes that it may always take: twice what Node reads at once, because a message counts with the whole of each segment that it is in. */
const leastRoom = 128 * 1024;

/** Milliseconds between two looks at whether all replies are sent. */
const owedMs = 10;

const noTopics: ReadonlyMap<string, never> = new Map<string, never>();

/** The options of a session. */
interface SocketSessionOptions<Ws> {
  endpoint: Endpoint;
  address: string;
  /** Returns the socket, with this session on it. */
  equip(session: Session): Ws;
  /** Is called once, when the socket is gone, with the close code that the stack reported. */
  gone(session: SocketSession<Ws>, code: number): void;
}

/** The session of one socket: its limits, its heartbeat, its topics and its end. */
export class SocketSession<Ws> implements Session, Requester<Ws>, Queue, Linked<SocketSession<Ws>> {
  readonly ws: Ws;
  readonly endpoint: Endpoint;
  /** The address that the connection counts for, behind the trusted proxies. */
  readonly address: string;
  /** Messages that it could send at once when it opened: less than `limits.burst` if its address has few left. */
  readonly burst: number;
  /** Its neighbours among all sessions. */
  before: SocketSession<Ws> | undefined;
  after: SocketSession<Ws> | undefined;

  readonly #services: Services<Ws>;
  readonly #gone: SocketSessionOptions<Ws>["gone"];
  /** Limits messages on `/ws`. Those on `/echo` are not counted. */
  readonly #throttle: Throttle | undefined;
  readonly #heartbeat: Heartbeat;
  // Made when they are needed: an idle session would spend a third of its memory on empty collections.
  #turns: Turns | undefined;
  #topics: Map<string, Topic<Follower<Ws>>> | undefined;
  #skipped: Set<string> | undefined;
  #client: ClientRecord<Follower<Ws>> | undefined;
  #state: "open" | "closing" | "closed" = "open";
  #id: string | undefined;
  #badInARow = 0;
  #isCut = false;
  #isStopping = false;
  #cancelDeadline: (() => void) | undefined;

  constructor(services: Services<Ws>, { endpoint, address, equip, gone }: SocketSessionOptions<Ws>) {
    const { platform, settings } = services;
    this.#services = services;
    this.#gone = gone;
    this.endpoint = endpoint;
    this.address = address;
    this.burst = settings.limits.burst;
    this.#heartbeat = new Heartbeat(this.limits, platform.now());
    // Messages on /echo are not counted, so it must not take a burst from other sockets of this address.
    if (endpoint === endpoints.application) {
      const granted = services.rates.takeBurst(address);
      this.burst = Math.floor(granted);
      this.#throttle = new Throttle(this.limits, services.clock, granted);
      this.#cancelDeadline = platform.after(this.limits.helloMs, () =>
        this.close(Close.HelloTimeout, "say hello first"),
      );
    }
    this.ws = equip(this);
  }

  get limits(): Limits {
    return this.#services.settings.limits;
  }

  /** Names the session in the server's log. Says nothing about the client. Made when somebody asks for it first. */
  get id(): string {
    this.#id ??= this.#services.platform.token().slice(0, 8);
    return this.#id;
  }

  /** True until one side begins to close. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The topics that the session follows. */
  get topics(): ReadonlyMap<string, Topic<Follower<Ws>>> {
    return this.#topics ?? noTopics;
  }

  /** Its client, or `undefined` before `hello`. */
  get client(): ClientRecord<Follower<Ws>> | undefined {
    return this.#client;
  }

  /** The client's name for others, or `undefined` before `hello`. */
  get member(): string | undefined {
    return this.#client?.member;
  }

  /** Notes the client that a `hello` has introduced. */
  greeted(client: ClientRecord<Follower<Ws>>): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
    this.#client = client;
  }

  // #region text
  /** Handles a text message on `/ws`. Throws only if a handler does, so the app must catch. */
  text(data: string, bytes: number = byteLength(data)): void {
    this.#received(bytes);
    if (!this.isOpen || this.#isStopping) return;
    // Before the message is parsed and validated, so that a flood costs neither.
    if (this.#throttle?.take() === false) return this.#refuse(data, this.#throttle);
    const { message, problem } = parseClient(data);
    if (problem) return this.#bad(problem);
    this.#turns ??= new Turns(this);
    this.#turns.take(data.length, () => this.#take(message));
  }
  // #endregion text

  /** Refuses a binary message of `bytes` bytes on `/ws`, where only text is allowed. */
  binary(bytes: number): void {
    this.#received(bytes);
    this.close(Close.Unsupported, "only text is spoken here");
  }

  /** Notes that the peer is alive, because a ping or a pong arrived. */
  heard(): void {
    this.#heartbeat.heard(this.#services.clock.newest);
    this.#controlled();
  }

  #received(bytes: number): void {
    this.#heartbeat.completed(this.#services.clock.newest);
    this.#services.received(bytes);
  }

  // #region drained
  /**
   * Sends the newest event of each skipped topic if no bytes wait any more. Call it when the kernel has taken bytes.
   */
  drained(): void {
    if (this.waiting() > 0) return;
    for (const topic of [...(this.#skipped ?? [])]) {
      this.#skipped?.delete(topic);
      const entry = this.#services.log.since(topic).entries.at(-1);
      if (entry) this.latest(entry);
    }
  }
  // #endregion drained

  // #region echo
  /** Handles a message on `/echo`: closes if it is `stop`. Returns whether it is to be sent back. */
  echo(isStop: boolean): boolean {
    if (!isStop) return true;
    this.#received(echoStop.length);
    this.close(Close.Normal, "");
    return false;
  }

  /** Counts a message on `/echo`, and if `isSent`, also the one that was sent back. */
  echoed(bytes: number, isSent: boolean): void {
    this.#received(bytes);
    if (isSent) this.#services.sent(bytes);
  }
  // #endregion echo

  // #region slow
  /** Returns whether another message may be sent. If over `queueBytes` wait, closes the session instead. */
  hasRoom(): boolean {
    if (this.#services.port.queued(this.ws) <= this.limits.queueBytes) return true;
    this.slow();
    return false;
  }

  /** Closes the session, because more than `queueBytes` wait for its peer. */
  slow(): void {
    if (!this.isOpen) return;
    this.#tellSlow();
    // The close frame comes after everything that waits, so it gets as much time as in a shutdown.
    this.close(Close.Slow, "reads too slowly", this.limits.drainMs);
  }
  // #endregion slow

  /** Returns the bytes that wait for the peer to read. */
  waiting(): number {
    return this.#services.port.waiting(this.ws);
  }

  /** Returns the bytes of memory that wait for this socket, plus those that hold what it has not completed. */
  queued(): number {
    const { port } = this.#services;
    return port.queued(this.ws) + port.held(this.ws) + (this.#turns?.bytes ?? 0);
  }

  /** Cuts the connection, because too much waits for all readers together and most of it here. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    // A session that is closing was counted before, or closes for another reason.
    if (this.isOpen) this.#tellSlow();
    this.terminate();
  }

  // #region failed
  /** Ends this socket, and only this one, because a handler threw. */
  failed(error: unknown): void {
    this.#services.failed(error);
    this.close(Close.InternalError, "the server made a mistake");
  }
  // #endregion failed

  // #region closed
  /** Notes that the socket is gone. `code` is the close code that the stack reports. */
  closed(code: number): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#cancelDeadline?.();
    if (this.#throttle) {
      // No more than it was given: opening and closing a connection must not earn messages.
      this.#services.rates.giveBack(this.address, Math.min(this.burst, this.#throttle.left));
    }
    this.#turns?.clear();
    for (const name of [...this.topics.keys()]) this.unfollow(name);
    if (this.#client) {
      this.#services.clients.leave(this.#client, this);
      this.#services.cluster.released(this.#client.key, this.id);
    }
    this.#gone(this, code);
  }
  // #endregion closed

  /**
   * Takes no more messages, and closes after the replies to those that came before. An `ack` comes with its event, later
   * than the request was handled (`Log.append`), while a stack may report all messages of a segment at once.
   */
  stop(farewell: ServerMessage): void {
    this.#isStopping = true;
    const end = (): void => {
      if (this.#owesReplies()) return void this.#services.platform.after(owedMs, end);
      this.send(farewell);
      this.close(Close.Normal, "as you asked");
    };
    void Promise.resolve().then(() => this.#services.guard(end));
  }

  // #region close
  /** Starts to close. A peer that does not answer in time is cut off. */
  close(code: number, reason: string, graceMs: number = this.limits.lingerMs): void {
    if (!this.isOpen) return;
    this.#state = "closing";
    this.#cancelDeadline?.();
    // Set before port.close(), because Bun calls `closed` before its close() returns.
    this.#cancelDeadline = this.#services.platform.after(graceMs, () => this.terminate());
    this.#services.port.close(this.ws, code, reason);
  }
  // #endregion close

  /** Ends the connection without a closing handshake. */
  terminate(): void {
    if (this.#state === "closed") return;
    this.#services.port.terminate(this.ws);
  }

  /** Sends a message, unless the session is closing. */
  send(message: ServerMessage): void {
    this.sendFrame(encode(message));
  }

  /** Sends a message that is already encoded. `bytes` are those of its UTF-8; if left out, they are counted. */
  sendFrame(frame: string, bytes: number = byteLength(frame)): void {
    const { port, sent } = this.#services;
    if (this.isOpen && port.send(this.ws, frame)) sent(bytes);
  }

  // #region latest
  /** Sends an event of a topic in which only the newest matters. Skips it while bytes wait. */
  latest(entry: Kept): void {
    if (this.waiting() > 0) {
      this.#skipped ??= new Set();
      this.#skipped.add(entry.topic);
      this.#services.metrics.add("skipped_total", 1);
      return;
    }
    this.#skipped?.delete(entry.topic);
    this.sendFrame(entry.frame, entry.bytes);
  }
  // #endregion latest

  /** Makes the session follow a topic: from now on it gets the topic's events. */
  follow(topic: Topic<Follower<Ws>>): void {
    // The replay may have ended a slow reader, which must not stay among the followers for ever.
    if (!this.isOpen || this.topics.has(topic.name)) return;
    this.#topics ??= new Map();
    this.#topics.set(topic.name, topic);
    topic.sessions.add(this);
    this.#services.topics.joined(topic, this.address);
    if (topic.mode === "stream") this.#services.port.join(this.ws, topic.name);
    this.#moved(topic.name);
  }

  /** Ends the subscription to a topic, if there is one. */
  unfollow(name: string): void {
    const topic = this.#topics?.get(name);
    if (!topic) return;
    this.#topics?.delete(name);
    this.#skipped?.delete(name);
    topic.sessions.delete(this);
    if (topic.mode === "stream") this.#services.port.leave(this.ws, name);
    this.#services.topics.left(topic, this.address);
    this.#moved(name);
  }

  /** Runs one round of the heartbeat. */
  beat(now: number): void {
    if (!this.isOpen) return;
    const { port, metrics } = this.#services;
    const finding = this.#heartbeat.beat(now, port.unfinished(this.ws));
    if (finding === "silent") port.ping(this.ws);
    if (finding === "late") this.close(Close.MessageTimeout, "a message took too long");
    if (finding !== "gone") return;
    metrics.add("heartbeat_deaths_total", 1);
    this.terminate();
  }

  // Control frames have no rate limit, and ws keeps those between the fragments of a message in memory with it.
  #controlled(): void {
    const room = Math.max(messageRoom * this.limits.messageBytes, leastRoom);
    const { port } = this.#services;
    if (port.unfinished(this.ws) <= room) return;
    this.close(Close.MessageTimeout, "too many bytes between the fragments of a message");
    // A session that is closing would still receive, until its peer has answered or its time is up.
    port.pause(this.ws);
  }

  #tellSlow(): void {
    this.#services.metrics.add("slow_total", 1);
    this.#services.record("slow", () => ({ session: this.id, endpoint: this.endpoint }));
  }

  // Before `hello` nothing can be owed, and once the session has ended nobody waits.
  #owesReplies(): boolean {
    return this.isOpen && this.#client !== undefined && this.#services.clients.owes(this.#client);
  }

  #take(message: ClientMessage): Soon<void> {
    // A `stop` may have waited for its turn. Messages behind it are ignored.
    if (!this.isOpen || this.#isStopping) return;
    const outcome = message.type === "hello" ? this.#greet(message) : this.#answer(message);
    if (outcome instanceof Promise) return outcome.catch((error) => this.#refused(message.id, error));
  }

  #greet(message: ClientMessage<"hello">): Soon<void> {
    this.#badInARow = 0;
    return hello(this.#services, this, message);
  }

  // The engine that servers share did not answer. What else goes wrong is a mistake of the server.
  #refused(re: string, error: unknown): void {
    if (!(error instanceof Refused)) throw error;
    this.send(errorOf(re, error));
  }

  #answer(message: Ask): Soon<void> {
    const client = this.#client;
    if (!client) {
      return this.#bad({ code: "hello_required", reason: "say hello first", id: message.id });
    }
    this.#badInARow = 0;
    return answer({ services: this.#services, session: this, client }, message);
  }

  #moved(name: string): void {
    const room = roomOf(name);
    if (room !== undefined && name.startsWith("room/")) this.#services.presence.changed(room);
  }

  #bad(problem: Omit<Problem, "code"> & { code: Problem["code"] | "hello_required" }): void {
    const re = problem.id === undefined ? {} : { re: problem.id };
    this.send({ type: "error", ...re, code: problem.code, message: problem.reason });
    this.#badInARow += 1;
    if (this.#badInARow < this.limits.badMessages) return;
    this.close(Close.BadMessages, "too many messages that cannot be read");
  }

  #refuse(data: string, throttle: Throttle): void {
    const { retryAfterMs, isFlood } = throttle.refused();
    this.#services.metrics.add("rate_limited_total", 1);
    // The reply names the request, so its id must be read, which costs a parse. A flood ends after twenty of them.
    const id = requestId(data);
    const re = id === undefined ? {} : { re: id };
    this.send({ type: "error", ...re, code: "rate_limited", message: "too many messages", retryAfterMs });
    if (isFlood) this.close(Close.RateLimited, "too many messages");
  }
}
