import { Close, isEndpoint, type RequestFacts, type Sibling, urlOf } from "@rosetta/protocol";
import { type Assembly, assemble, type HubOptions, serves } from "./assembly.ts";
import { createFeeds } from "./delivery/feeds.ts";
import type { Admission } from "./http/door.ts";
import type { Readers } from "./http/readers.ts";
import type { Supervision } from "./operation/supervision.ts";
import type { Host } from "./port.ts";
import type { Session } from "./session.ts";

/** What every app's `start` takes. */
export type ServerOptions = Omit<HubOptions<never>, "port" | "host" | "log" | "seed">;

export interface RunningServer {
  /** `http://127.0.0.1:3001` */
  url: string;
  /** Shuts the server down. Resolves when no connection is left. Timers of what it remembers may still be set. */
  stop(): Promise<void>;
}

/** A socket that a stack has just accepted. The application's data is not on it yet. */
export interface NewSocket {
  close(code: number, reason: string): void;
  terminate(): void;
}

/** Milliseconds between two readings of the feeds. */
const feedMs = 1_000;

/**
 * One server's application without its sockets. It decides who may connect, what a message does, who receives an event
 * and how everything ends. It does no I/O of its own: time comes from the host, frames go to the port.
 *
 * This is what an app calls. The parts behind it are in the folders beside this file; `assembly.ts` joins them.
 */
export class Hub<Ws> {
  readonly #parts: Assembly<Ws>;
  readonly #feeds: ReturnType<typeof createFeeds>;
  #url = "";
  #drained: Promise<void> | undefined;
  #stopFeeds = (): void => {};
  #stopHeartbeat = (): void => {};
  #stopClock = (): void => {};

  /** @param parts for tests, which look inside. Default: those that belong to `options`. */
  constructor(options: HubOptions<Ws>, parts: Assembly<Ws> = assemble(options)) {
    this.#parts = parts;
    this.#feeds = createFeeds(options.seed ?? 1);
  }

  /**
   * To be called when the server listens on `port`. Starts the feeds and the heartbeat, which a server that could not
   * listen would not need. If no origins were listed, allows the usual ones for this port. Returns the server's URL.
   */
  listening(port: number): string {
    const { services, connections, door } = this.#parts;
    const { host, clock, settings, publish } = services;
    for (const stop of [this.#stopFeeds, this.#stopHeartbeat, this.#stopClock]) stop();
    this.#stopClock = clock.start();
    this.#stopFeeds = every(host, feedMs, () => {
      for (const { topic, data } of this.#feeds()) publish(topic, data);
    });
    const beatMs = Math.max(50, Math.min(1_000, settings.limits.pongMs / 5));
    this.#stopHeartbeat = every(host, beatMs, () => connections.beat());
    this.#url = urlOf(settings.host, port);
    door.open(port, this.#url);
    return this.#url;
  }

  /** Decides whether a request may come in. To be called for every request, before anything else is done with it. */
  admit(facts: RequestFacts, remote: string): Admission {
    return this.#parts.door.admit(facts, remote);
  }

  /**
   * True if a request is a handshake that would be admitted now. A stack that asks this before it upgrades can treat a
   * refused handshake as an ordinary request, to be answered in its turn, with or without a body.
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

  /** `GET /healthz`. */
  health(): { status: number; body: { status: string; server: string } } {
    const { isDraining, identity } = this.#parts.services;
    if (isDraining) return { status: 503, body: { status: "draining", server: identity.id } };
    return { status: 200, body: { status: "ok", server: identity.id } };
  }

  /** `GET /servers.json`: the servers of this run, for the page's menu of servers. */
  servers(): (Sibling & { self: boolean })[] {
    const { identity, settings } = this.#parts.services;
    const { id, title } = identity;
    const own = { id, title, url: this.#url, self: true };
    const others = settings.servers.filter((server) => server.id !== id);
    return [own, ...others.map((server) => ({ ...server, self: false }))];
  }

  /** `GET /metrics`. */
  metricsText(): string {
    const { services, connections, records } = this.#parts;
    const { metrics, clients, log } = services;
    metrics.set("queue_bytes", connections.queued());
    metrics.set("remembered_bytes", clients.bytes);
    metrics.set("log_bytes", log.bytes ?? 0);
    metrics.set("log_lines_lost_total", records.linesLost);
    return metrics.text();
  }

  /** True if metrics or the log may be served: the server listens on loopback, or `EXPOSE` allows it. */
  serves(what: "metrics" | "log"): boolean {
    return serves(this.#parts.services.settings, what);
  }

  /** The headers of the page. */
  pageHeaders(): Record<string, string> {
    return this.#parts.door.pageHeaders();
  }

  /** The server's topics over HTTP. */
  get readers(): Readers {
    return this.#parts.readers;
  }

  /** What whoever watches over the TCP connections needs from the hub. */
  get supervision(): Supervision {
    const { services, connections } = this.#parts;
    return {
      clock: services.clock,
      share: (queue) => connections.share(queue),
      cut: (why) => services.metrics.add("sockets_cut_total", 1, `why="${why}"`),
    };
  }

  /**
   * Shuts down in this order: refuses whatever is new, ends feeds and jobs, sends `bye`, lets queues empty, starts the
   * closing handshakes, cuts off peers that do not answer. Resolves when no socket is left. A second call awaits the
   * first.
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
    this.#stopFeeds();
    services.jobs.abandon();
    readers.end();
    await connections.end((deadlineMs, isTrue) => until(wall, deadlineMs, isTrue));
    this.#stopHeartbeat();
    this.#stopClock();
  }
}

/** Runs something every `ms` milliseconds, even after it has failed. Returns a function that ends this. */
function every({ after }: Host, ms: number, run: () => void): () => void {
  const round = (): void => {
    cancel = after(ms, round);
    run();
  };
  let cancel = after(ms, round);
  return () => cancel();
}

// Uses the wall clock, however busy the process is, because the supervisor that waits for it does so too. Polls,
// because no stack has an event for the last byte of the last socket.
async function until(
  wall: Pick<Host, "now" | "after">,
  deadlineMs: number,
  isTrue: () => boolean,
): Promise<void> {
  const endAt = wall.now() + deadlineMs;
  while (!isTrue() && wall.now() < endAt) {
    await new Promise<void>((resolve) => wall.after(10, resolve));
  }
}
