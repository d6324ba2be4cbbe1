import { Close, isEndpoint, type RequestFacts, urlOf } from "@rosetta/protocol";
import { type Assembly, assemble, type HubOptions, serves } from "./assembly.ts";
import type { Soon } from "./cluster/soon.ts";
import { type Answer, json, notFound, text, uncached } from "./http/answers.ts";
import type { Admission } from "./http/door.ts";
import type { EventStream } from "./http/readers.ts";
import { every } from "./operation/clock.ts";
import type { Supervision } from "./operation/supervision.ts";
import type { Platform } from "./port.ts";
import type { Session } from "./session.ts";

/** The options of every app's `start`. */
export type ServerOptions = Omit<HubOptions<never>, "port" | "platform">;

/** A server that runs, as every app's `start` returns it. */
export interface RunningServer {
  /** `http://127.0.0.1:3001` */
  url: string;
  /** Shuts the server down. Resolves when no connection is left. Timers of what it remembers may still be set. */
  stop(): Promise<void>;
}

/** A socket that a stack has just accepted. The application's data is not on it yet. */
export interface NewSocket {
  /** Starts the closing handshake (RFC 6455 §7.1.2). */
  close(code: number, reason: string): void;
  /** Ends the connection without one. */
  terminate(): void;
}

/**
 * One server's application without its sockets. It decides who may connect, what a message does, who receives an event
 * and how everything ends. It does no I/O of its own: time comes from the platform, frames go to the port.
 *
 * This is what an app calls. The parts behind it are in the folders beside this file; `assembly.ts` joins them.
 */
export class Hub<Ws> {
  readonly #parts: Assembly<Ws>;
  #url = "";
  #drained: Promise<void> | undefined;
  #endExtras = (): void => {};
  #stopHeartbeat = (): void => {};
  #stopClock = (): void => {};

  /** @param parts for tests, which look inside. Default: those that belong to `options`. */
  constructor(options: HubOptions<Ws>, parts: Assembly<Ws> = assemble(options)) {
    this.#parts = parts;
  }

  /**
   * Starts the heartbeat and the extras, which a server that could not listen would not need. Call it when the server
   * listens on `port`. If no origins were listed, it allows the usual ones for this port. Returns the server's URL.
   */
  listening(port: number): string {
    const { services, connections, door, clusterEvents } = this.#parts;
    const { platform, clock, settings, cluster, extras } = services;
    for (const stop of [this.#endExtras, this.#stopHeartbeat, this.#stopClock]) stop();
    this.#stopClock = clock.start();
    cluster.join(clusterEvents);
    this.#endExtras = extras.begin();
    const beatMs = Math.max(50, Math.min(1_000, settings.limits.pongMs / 5));
    this.#stopHeartbeat = every(
      platform,
      () => beatMs,
      () => connections.beat(),
    );
    this.#url = urlOf(settings.host, port);
    door.open(port, this.#url);
    return this.#url;
  }

  /** Decides whether a request may come in. To be called for every request, before anything else is done with it. */
  admit(facts: RequestFacts, remote: string): Admission {
    return this.#parts.door.admit(facts, remote);
  }

  /**
   * Returns whether a request is a handshake that would be admitted now. A stack that asks this before it upgrades
   * can treat a refused handshake as an ordinary request, to be answered in its turn, with or without a body.
   */
  mayUpgrade(facts: RequestFacts, remote: string): boolean {
    return this.#parts.door.mayUpgrade(facts, remote);
  }

  /**
   * Runs `listen`, which adds an app's listeners to an accepted socket. If it throws, nobody listens to the socket, not
   * even to its end. So the socket is closed without a wait for the peer's answer, and its session, if any, is over.
   */
  accept(socket: NewSocket, listen: () => void): void {
    try {
      listen();
    } catch (error) {
      this.#parts.records.failed(error);
      socket.close(Close.InternalError, "the server made a mistake");
      socket.terminate();
      this.#parts.connections.sessionOf(socket)?.closed(Close.InternalError);
    }
  }

  /**
   * Opens a session for a socket that was accepted at `path`. `equip` puts the session on the socket and returns the
   * socket, and so does this function. From then on the app reports to the session what arrives.
   */
  open(path: string, address: string, equip: (session: Session) => Ws): Ws {
    if (!isEndpoint(path)) throw new Error(`admit() lets nobody in at ${path}`);
    return this.#parts.connections.open(path, address, equip).ws;
  }

  /** Answers `GET /healthz`: 200, or 503 from the first moment of a shutdown and without the engine of the servers. */
  health(): Answer {
    const { isDraining, identity, cluster } = this.#parts.services;
    const server = identity.id;
    if (isDraining) return json(503, { status: "draining", server }, uncached);
    if (!cluster.isServing) return json(503, { status: "unavailable", server }, uncached);
    return json(200, { status: "ok", server }, uncached);
  }

  /** Answers `GET /servers.json` with the servers of this run, itself first, for the page's menu of servers. */
  servers(): Answer {
    const { identity, settings } = this.#parts.services;
    const { id, title } = identity;
    const own = { id, title, url: this.#url, self: true };
    const others = settings.servers.filter((server) => server.id !== id);
    return json(200, [own, ...others.map((server) => ({ ...server, self: false }))]);
  }

  /** Answers `GET /metrics`, as text for Prometheus, or with 404 if other machines may ask and must not know. */
  metrics(): Answer {
    const { services, connections, records } = this.#parts;
    const { metrics, clients, log, settings } = services;
    if (!serves(settings, "metrics")) return notFound;
    metrics.set("queue_bytes", connections.queued());
    metrics.set("remembered_bytes", clients.bytes);
    metrics.set("log_bytes", log.bytes ?? 0);
    metrics.set("log_lines_lost_total", records.linesLost);
    return text(200, metrics.text(), { "Content-Type": "text/plain; version=0.0.4" });
  }

  /**
   * Decides on `GET /events`: a refusal, or a topic as Server-Sent Events. Creates nothing before the stream starts. If
   * other servers have to be asked, returns a promise.
   */
  events(facts: RequestFacts, address: string): Soon<EventStream> {
    return this.#parts.readers.events(facts, address);
  }

  /**
   * Answers `GET /poll`, at once or when there is news, by calling `respond` once. Returns a function to call when the
   * answer is over, sent or not. Until then the poll counts as a connection.
   */
  poll(facts: RequestFacts, address: string, respond: (answer: Answer) => void): () => void {
    return this.#parts.readers.poll(facts, address, respond);
  }

  /** Returns the 404 for a request that matches no route. */
  missing(): Answer {
    return notFound;
  }

  /** Returns the headers of the page. */
  pageHeaders(): Record<string, string> {
    return this.#parts.door.pageHeaders();
  }

  /** The part of the hub that the keeper of the TCP connections uses: `Sockets` in `@rosetta/hub/node`. */
  get supervision(): Supervision {
    const { services, connections } = this.#parts;
    return {
      clock: services.clock,
      share: (queue) => connections.share(queue),
      cut: (why) => services.metrics.add("sockets_cut_total", 1, `why="${why}"`),
    };
  }

  /**
   * Shuts down in this order: refuses whatever is new, ends the extras, sends `bye`, lets queues empty, starts the
   * closing handshakes, cuts off peers that do not answer, leaves the other servers. Resolves when that is done. A second
   * call awaits the first.
   */
  drain(): Promise<void> {
    this.#parts.connections.isDraining = true;
    this.#drained ??= this.#end();
    return this.#drained;
  }

  async #end(): Promise<void> {
    // The caller's next statement already sees that nothing new is let in.
    await undefined;
    const { services, connections, readers, wall } = this.#parts;
    this.#endExtras();
    readers.end();
    await connections.end((deadlineMs, isTrue) => until(wall, deadlineMs, isTrue));
    await services.cluster.leave();
    this.#stopHeartbeat();
    this.#stopClock();
  }
}

// Uses the wall clock, however busy the process is, because the supervisor that waits for it does so too. Polls,
// because no stack has an event for the last byte of the last socket.
async function until(
  wall: Pick<Platform, "now" | "after">,
  deadlineMs: number,
  isTrue: () => boolean,
): Promise<void> {
  const endAt = wall.now() + deadlineMs;
  while (!isTrue() && wall.now() < endAt) {
    await new Promise<void>((resolve) => wall.after(10, resolve));
  }
}
