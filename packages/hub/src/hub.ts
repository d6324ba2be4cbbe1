import {
  admit,
  Close,
  clientAddress,
  commonHeaders,
  contentSecurityPolicy,
  type EventData,
  endpoints,
  isEndpoint,
  isLoopback,
  pathOf,
  type Refusal,
  type RequestFacts,
  type Settings,
  type Sibling,
  urlOf,
  usualOrigins,
  wantsWebSocket,
} from "@rosetta/protocol";
import { Rates } from "./connection/rates.ts";
import { Session } from "./connection/socket-session.ts";
import { acknowledge, Clients } from "./delivery/clients.ts";
import { createFeeds } from "./delivery/feeds.ts";
import { Jobs } from "./delivery/jobs.ts";
import { type Draft, type Entry, type Log, MemoryLog } from "./delivery/log.ts";
import { Presence } from "./delivery/presence.ts";
import { type Topic, Topics } from "./delivery/topics.ts";
import { Readers } from "./http/readers.ts";
import { Bucket } from "./operation/bucket.ts";
import { type Queue, QueueBudget } from "./operation/budget.ts";
import { Clock } from "./operation/clock.ts";
import { codeLabel, Metrics } from "./operation/metrics.ts";
import type { Host, Journal, LogRecord, Port } from "./port.ts";

/** What a hub is created with. */
export interface HubOptions<Ws> {
  identity: { id: string; title: string; runtime: string };
  settings: Settings;
  port: Port<Ws>;
  host: Host;
  journal: Journal;
  /** Default: a log in memory. */
  log?: Log;
  /** The same seed gives the same feeds. Default: 1. */
  seed?: number;
}

/** What every app's `start` takes. */
export type ServerOptions = Omit<HubOptions<never>, "port" | "host" | "log" | "seed">;
export interface RunningServer {
  /** `http://127.0.0.1:3001` */
  url: string;
  /** Shuts the server down. Resolves when no connection is left. Timers of what it remembers may still be set. */
  stop(): Promise<void>;
}

/** The result of admission: the headers of every response, and the refusal if there is one. */
export interface Admission {
  headers: Record<string, string>;
  refusal: Refusal | undefined;
  /** The address that the request counts for, behind the trusted proxies. */
  address: string;
}

/** Records per second for the topic `log`, and for the journal on average. Strangers can cause any number of them. */
const recordsPerSecond = 20;
/** Records that the journal takes at once, before the average counts. */
const recordBurst = 500;
/** Milliseconds of the window in which clients come back after a restart: per client, and at least. */
const restartMs = { each: 2, least: 1_000 } as const;

/**
 * One server's application without its sockets. It decides who may connect, what a message does, who receives an event
 * and how everything ends. It does no I/O of its own: time comes from the host, frames go to the port.
 */
export class Hub<Ws> {
  readonly identity: HubOptions<Ws>["identity"];
  readonly settings: Settings;
  readonly port: Port<Ws>;
  /** The given host, except that it uses lived time and that an error in a timer does not end the process. */
  readonly host: Host;
  readonly clock: Clock;
  readonly rates: Rates;
  readonly log: Log;
  readonly metrics = new Metrics();
  readonly topics: Topics<Session<Ws>>;
  readonly clients: Clients<Session<Ws>>;
  readonly jobs: Jobs;
  readonly presence: Presence;
  readonly readers: Readers;

  readonly #journal: Journal;
  readonly #sessions = new Set<Session<Ws>>();
  /** Queues other than sessions: event streams, answers over HTTP. */
  readonly #queues = new Set<Queue>();
  readonly #wall: Pick<Host, "now" | "after">;
  readonly #budget: QueueBudget;
  readonly #addresses = new Map<string, number>();
  readonly #records: Bucket;
  readonly #failures: Bucket;
  readonly #told: Bucket;
  readonly #feeds: ReturnType<typeof createFeeds>;
  #held = 0;
  #origins = new Set<string>();
  #url = "";
  #draining: Promise<void> | undefined;
  #cancelFeeds = (): void => {};
  #cancelSweep = (): void => {};
  #stopClock = (): void => {};

  constructor(options: HubOptions<Ws>) {
    const { identity, settings, port, host, journal } = options;
    const { limits } = settings;
    this.identity = identity;
    this.settings = settings;
    this.port = port;
    this.#wall = this.#guardTimers(host);
    this.clock = new Clock(this.#wall);
    this.host = this.#onClock(host);
    this.rates = new Rates(limits, this.clock);
    this.#journal = journal;
    this.#budget = new QueueBudget(limits.queueBytesTotal, () => [...this.#sessions, ...this.#queues]);
    this.log = options.log ?? new MemoryLog(() => host.token(), limits.logBytes);
    this.topics = new Topics({
      host: this.host,
      log: this.log,
      limits,
      logServed: this.serves("log"),
      evict: (topic) => this.#evict(topic),
    });
    this.clients = new Clients({
      host: this.host,
      bytes: limits.rememberedBytes,
      forgotten: (secret) => this.jobs.abandon(secret),
    });
    this.jobs = new Jobs({
      host: this.host,
      publish: (topic, data) => this.#tell(topic, data),
      ended: (topic) => this.topics.ended(topic),
      failed: (error) => this.failed(error),
    });
    this.presence = new Presence(
      this.host,
      (room) => this.#membersOf(room),
      (room) => this.topics.get(`presence/${room}`)?.sessions.size ?? 0,
      (topic, data) => this.#tell(topic, data),
    );
    this.readers = new Readers({
      host: this.host,
      topics: this.topics,
      log: this.log,
      hold: (address, endpoint) => this.#hold(address, endpoint),
      share: (queue) => this.share(queue),
      wrote: (bytes) => this.#budget.wrote(bytes, 1),
      guard: (run) => this.guard(run),
      slow: (endpoint) => this.#slowReader(endpoint),
      limits,
    });
    // Peers are compensated for a standstill, but the server's own records are not.
    const lived = { now: () => this.clock.now(), lost: 0, behind: () => 0 };
    this.#records = new Bucket(recordBurst, recordsPerSecond, lived);
    this.#failures = new Bucket(recordBurst, recordsPerSecond, lived);
    this.#told = new Bucket(recordsPerSecond, recordsPerSecond, lived);
    this.#feeds = createFeeds(options.seed ?? 1);
    this.log.follow((entry) => this.#deliver(entry));
  }

  /**
   * To be called when the server listens on `port`. Starts the feeds and the heartbeat, which a server that could not
   * listen would not need. If no origins were listed, allows the usual ones for this port. Returns the server's URL.
   */
  listening(port: number): string {
    const { host, origins, servers, limits } = this.settings;
    this.#stopClock = this.clock.start();
    this.#feed();
    this.#sweep(Math.max(50, Math.min(1_000, limits.pongMs / 5)));
    this.#url = urlOf(host, port);
    this.#origins = new Set(origins ?? [...usualOrigins(port, servers), this.#url]);
    return this.#url;
  }

  /** Decides whether a request may come in. To be called for every request, before anything else is done with it. */
  admit(facts: RequestFacts, remote: string): Admission {
    const admission = this.#judge(facts, remote, (address) => this.rates.request(address));
    if (admission.refusal) this.#refused(admission.refusal, facts);
    return admission;
  }

  /**
   * True if a request is a handshake that would be admitted now. A stack that asks this before it upgrades can treat a
   * refused handshake as an ordinary request, to be answered in its turn, with or without a body.
   */
  mayUpgrade(facts: RequestFacts, remote: string): boolean {
    return (
      wantsWebSocket(facts) &&
      this.#judge(facts, remote, (address) => this.rates.wait(address)).refusal === undefined
    );
  }

  #judge(facts: RequestFacts, remote: string, wait: (address: string) => number): Admission {
    const address = clientAddress(remote, facts.header("x-forwarded-for"), this.settings.proxies);
    const { exposed, limits } = this.settings;
    const policy = { origins: this.#origins, exposed, limits };
    const load = {
      draining: this.isDraining,
      connections: this.#sessions.size + this.#held,
      fromAddress: this.#addresses.get(address) ?? 0,
      waitMs: () => wait(address),
    };
    const refusal = admit(facts, policy, load);
    return { headers: { ...commonHeaders(facts, policy), ...refusal?.headers }, refusal, address };
  }

  /**
   * Runs `listen`, which adds an app's listeners to an accepted socket. If it throws, nobody listens to the socket, not
   * even to its end. So the socket is closed without a wait for the peer's answer, and its session, if any, is over.
   */
  accept(ws: Ws, listen: () => void): void {
    try {
      listen();
    } catch (error) {
      this.failed(error);
      this.port.close(ws, Close.InternalError, "the server made a mistake");
      this.port.terminate(ws);
      [...this.#sessions].find((session) => session.ws === ws)?.closed(Close.InternalError);
    }
  }

  /** Opens a session for a socket that was accepted at `path`. The app reports to the session what arrives. */
  open(ws: Ws, path: string, address: string): Session<Ws> {
    if (!isEndpoint(path)) throw new Error(`admit() lets nobody in at ${path}`);
    const session = new Session(this, ws, path, address);
    this.#sessions.add(session);
    this.#count(address, 1);
    this.metrics.add("connections", 1, `endpoint="${path}"`);
    this.record({ name: "opened", details: { session: session.id, endpoint: path } });
    // Not at once, because Bun would then report the end of a socket whose session the app does not have yet.
    if (this.isDraining) this.host.after(0, () => session.close(Close.Restart, "the server restarts"));
    return session;
  }

  get isDraining(): boolean {
    return this.#draining !== undefined;
  }

  /** `GET /healthz`. */
  health(): { status: number; body: { status: string; server: string } } {
    const server = this.identity.id;
    if (this.isDraining) return { status: 503, body: { status: "draining", server } };
    return { status: 200, body: { status: "ok", server } };
  }

  /** `GET /servers.json`: the servers of this run, for the page's menu of servers. */
  servers(): (Sibling & { self: boolean })[] {
    const { id, title } = this.identity;
    const own = { id, title, url: this.#url, self: true };
    const others = this.settings.servers.filter((server) => server.id !== id);
    return [own, ...others.map((server) => ({ ...server, self: false }))];
  }

  /** `GET /metrics`. */
  metricsText(): string {
    // Only sockets with waiting bytes count. What the others still hold is just being sent.
    const slow = [...this.#sessions].filter(({ ws }) => this.port.waiting(ws) > 0);
    const queues: Queue[] = [...slow, ...this.#queues];
    this.metrics.set(
      "queue_bytes",
      queues.reduce((sum, queue) => sum + queue.queued(), 0),
    );
    this.metrics.set("remembered_bytes", this.clients.bytes);
    this.metrics.set("log_bytes", this.log.bytes ?? 0);
    this.metrics.set("log_lines_lost_total", this.#journal.lost?.() ?? 0);
    return this.metrics.text();
  }

  /** Adds a queue to the shared budget. Returns the function that removes it. */
  share(queue: Queue): () => void {
    this.#queues.add(queue);
    return () => void this.#queues.delete(queue);
  }

  /** Counts a cut connection that has no session. */
  cutSocket(why: string): void {
    this.metrics.add("sockets_cut_total", 1, `why="${why}"`);
  }

  /** The headers of the page. */
  pageHeaders(): Record<string, string> {
    return {
      "Content-Security-Policy": contentSecurityPolicy(this.#origins),
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-cache",
    };
  }

  /** True if metrics or the log may be served: the server listens on loopback, or `EXPOSE` allows it. */
  serves(what: "metrics" | "log"): boolean {
    return isLoopback(this.settings.host) || this.settings.exposed.has(what);
  }

  /** Appends to a topic. The event is sent when the log delivers it. */
  append(topic: string, draft: Omit<Draft, "at">): Promise<void> {
    return this.log.append(topic, { at: this.host.date(), ...draft });
  }

  /**
   * Records what happened to a connection or a job, in the journal and in the topic `log`. The rate is limited, so that
   * strangers cannot fill the disk. Records that are left out are counted.
   */
  record(record: LogRecord): void {
    if (!this.#records.take()) return this.metrics.add("records_lost_total", 1);
    this.#journal.record(record);
    if (this.#told.take()) this.#tell("log", { kind: "log", ...record });
  }

  /** A handler threw, or the log refused. */
  failed(error: unknown): void {
    this.metrics.add("failures_total", 1);
    if (!this.#failures.take()) return this.metrics.add("records_lost_total", 1);
    this.#journal.failed(error);
  }

  /** Runs something whose failure must harm neither the next socket nor the process. */
  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.failed(error);
    }
  }

  /** Counts a message that came in or went out. */
  counted(direction: "in" | "out", bytes: number, messages = 1): void {
    this.metrics.add("messages_total", messages, `direction="${direction}"`);
    this.metrics.add("bytes_total", bytes * messages, `direction="${direction}"`);
    if (direction === "out") this.#budget.wrote(bytes, messages);
  }

  /** A session's socket is gone. */
  closed(session: Session<Ws>, code: number): void {
    this.#sessions.delete(session);
    this.#count(session.address, -1);
    this.clients.leave(session.secret, session);
    this.metrics.add("connections", -1, `endpoint="${session.endpoint}"`);
    this.metrics.add("closed_total", 1, codeLabel(code));
    this.record({ name: "closed", details: { session: session.id, endpoint: session.endpoint, code } });
  }

  /**
   * Shuts down in this order: refuses whatever is new, ends feeds and jobs, sends `bye`, lets queues empty, starts the
   * closing handshakes, cuts off peers that do not answer. Resolves when no socket is left. A second call awaits the
   * first.
   */
  drain(): Promise<void> {
    this.#draining ??= this.#end();
    return this.#draining;
  }

  async #end(): Promise<void> {
    // The caller's next statement already sees `isDraining`.
    await undefined;
    const { drainMs, lingerMs } = this.settings.limits;
    this.#cancelFeeds();
    this.jobs.abandon();
    this.readers.end();
    const told = [...this.#sessions].filter(({ endpoint }) => endpoint === endpoints.application);
    const retryAfterMs = Math.max(restartMs.least, restartMs.each * told.length);
    for (const session of told) {
      this.guard(() => session.send({ type: "bye", code: Close.Restart, retryAfterMs }));
    }
    await this.#until(drainMs, () => [...this.#sessions].every(({ ws }) => this.port.waiting(ws) === 0));
    for (const session of [...this.#sessions])
      this.guard(() => session.close(Close.Restart, "the server restarts"));
    await this.#until(lingerMs, () => this.#sessions.size === 0);
    for (const session of [...this.#sessions]) this.guard(() => session.terminate());
    this.#cancelSweep();
    this.#stopClock();
  }

  // Uses the wall clock, however busy the process is, because the supervisor that waits for it does so too. Polls,
  // because no stack has an event for the last byte of the last socket.
  async #until(deadlineMs: number, isTrue: () => boolean): Promise<void> {
    const endAt = this.#wall.now() + deadlineMs;
    while (!isTrue() && this.#wall.now() < endAt) {
      await new Promise<void>((resolve) => this.#wall.after(10, resolve));
    }
  }

  // An error here must not reach the log, which would report as lost what it has stored.
  #deliver(entry: Entry): void {
    const topic = this.topics.get(entry.topic);
    const author = entry.request && this.clients.get(entry.request.client);
    // The topic was forgotten while the entry was on its way, so the new life that the entry began is forgotten too.
    if (!topic) this.log.forget(entry.topic);
    else this.guard(() => this.#send(entry, topic, entry.to === "others" ? author?.session : undefined));
    for (const reader of [...(topic?.readers ?? [])]) this.guard(() => reader.event(entry));
    if (topic && entry.data.kind === "chat") this.topics.written(topic);
    if (author) this.guard(() => acknowledge(entry, author));
  }

  // Closes the connections, because no client overlooks that: it reconnects and subscribes again.
  #evict(topic: Topic<Session<Ws>>): void {
    for (const session of [...topic.sessions]) {
      session.unfollow(topic.name);
      if (session.isOpen) this.metrics.add("evicted_total", 1);
      this.guard(() => session.close(Close.TryAgainLater, "this room had to make way for another"));
    }
    for (const reader of [...topic.readers]) this.guard(() => reader.end());
  }

  #send(entry: Entry, topic: Topic<Session<Ws>>, except: Session<Ws> | undefined): void {
    if (topic.mode === "latest") {
      for (const session of topic.sessions) this.guard(() => session.latest(entry));
      return;
    }
    this.port.publish(topic.name, entry.frame, except?.ws);
    this.counted("out", entry.bytes, topic.sessions.size - (except && topic.sessions.has(except) ? 1 : 0));
  }

  #beat(now: number): void {
    for (const session of [...this.#sessions]) this.guard(() => session.beat(now));
  }

  #tell(topic: string, data: EventData): void {
    this.append(topic, { data }).catch((error) => this.failed(error));
  }

  #membersOf(room: string): string[] {
    const sessions = this.topics.get(`room/${room}`)?.sessions ?? [];
    return [...sessions].map((session) => session.client?.member ?? "");
  }

  #slowReader(endpoint: string): void {
    this.metrics.add("slow_total", 1);
    this.record({ name: "slow", details: { endpoint } });
  }

  #refused({ status, reason }: Refusal, facts: RequestFacts): void {
    this.metrics.add("refused_total", 1, `status="${status}"`);
    this.record({ name: "refused", details: { status, reason, path: pathOf(facts).slice(0, 64) } });
  }

  #count(address: string, change: number): void {
    const count = (this.#addresses.get(address) ?? 0) + change;
    if (count > 0) this.#addresses.set(address, count);
    else this.#addresses.delete(address);
  }

  // Counts something other than a socket that is held open for an address. Returns the function that ends it, to be
  // called once.
  #hold(address: string, endpoint: string): () => void {
    const label = `endpoint="${endpoint}"`;
    this.#held += 1;
    this.#count(address, 1);
    this.metrics.add("connections", 1, label);
    return () => {
      this.#held -= 1;
      this.#count(address, -1);
      this.metrics.add("connections", -1, label);
    };
  }

  #feed(): void {
    this.#cancelFeeds();
    this.#cancelFeeds = this.host.after(1_000, () => {
      this.#feed();
      for (const { topic, data } of this.#feeds()) this.#tell(topic, data);
    });
  }

  #sweep(intervalMs: number): void {
    this.#cancelSweep();
    this.#cancelSweep = this.host.after(intervalMs, () => {
      this.#sweep(intervalMs);
      this.#beat(this.host.now());
      this.#budget.settle();
    });
  }

  // An exception in a timer's callback would end the process, and every part of the hub sets timers.
  #guardTimers(host: Host): Pick<Host, "now" | "after"> {
    return { now: () => host.now(), after: (ms, run) => host.after(ms, () => this.guard(run)) };
  }

  #onClock(host: Host): Host {
    return {
      now: () => this.clock.now(),
      date: () => host.date(),
      after: (ms, run) => this.clock.after(ms, run),
      token: () => host.token(),
      hash: (mebibytes, step) => host.hash(mebibytes, step),
    };
  }
}
