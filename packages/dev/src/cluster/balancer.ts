import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { createProxyServer } from "httpxy";

/** A server behind the balancer. */
export interface Backend {
  id: string;
  /** Such as `http://127.0.0.1:3001`. */
  url: string;
}

/** The settings of a balancer. */
export interface BalancerPlan {
  host: string;
  port: number;
  backends: readonly Backend[];
  /** Milliseconds between two health checks of a server. Default: 500. */
  checkMs?: number;
  /** Milliseconds that a server may take to answer one. Default: 2,000. */
  patienceMs?: number;
}

/** Milliseconds between two checks of servers that have just started. */
const settleMs = 100;

/** The most paths with turns of their own. Further ones share one set, because a client can name any path. */
const mostWays = 64;

/**
 * One address for several servers. Every request goes to the next server whose `/healthz` answers 200. It does not
 * remember clients, so one that reconnects reaches another server.
 */
export class Balancer {
  readonly #server: Server;
  readonly #backends: readonly Backend[];
  readonly #patienceMs: number;
  /** Ids of the servers that answered the newest health check. */
  readonly #living = new Set<string>();
  /** By the id of a server: the health check that is under way. */
  readonly #checks = new Map<string, Promise<void>>();
  /** The number of WebSockets so far, by path, and of all requests together. */
  readonly #turns = new Map<string, number>();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #proxy = createProxyServer();
  /** Upgraded connections: the server of `node:http` no longer knows them. */
  readonly #sockets = new Set<Duplex>();
  readonly #timer: NodeJS.Timeout;

  private constructor(server: Server, { backends, checkMs = 500, patienceMs = 2_000 }: BalancerPlan) {
    this.#server = server;
    this.#backends = backends;
    this.#patienceMs = patienceMs;
    this.#timer = setInterval(() => void this.check(), checkMs);
    // An ended connection is the first sign that its server has ended.
    this.#proxy.on("close", () => void this.check());
    server.on("request", (request, response) => void this.#pass(request, response));
    server.on("upgrade", (request, socket, head) => void this.#passSocket(request, socket, head));
  }

  /** Listens, and has checked every server once. Rejects if it cannot listen. */
  static async start(plan: BalancerPlan): Promise<Balancer> {
    const server = createServer({ shouldUpgradeCallback: isHandshake });
    // A client that has sent FIN still wants its answer (RFC 9112 §9.6). By default, Node drops it.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.listen(plan.port, plan.host);
    await once(server, "listening");
    const balancer = new Balancer(server, plan);
    await balancer.check();
    return balancer;
  }

  /** The ids of the servers that get requests now, in the order of the plan. */
  get living(): string[] {
    return this.#backends.map(({ id }) => id).filter((id) => this.#living.has(id));
  }

  /** Checks all servers now. Resolves when each has answered or taken too long. */
  async check(): Promise<void> {
    await Promise.all(this.#backends.map((backend) => this.#check(backend)));
  }

  /** Resolves when so many servers are well, or after some ms. A server listens before it has reached its engine. */
  async settle(count: number, patienceMs: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (this.living.length < count && performance.now() < deadline) {
      await pause(settleMs);
      await this.check();
    }
  }

  // One at a time for each server, however many connections have just ended.
  #check(backend: Backend): Promise<void> {
    const { id } = backend;
    const check = this.#checks.get(id) ?? this.#ask(backend).finally(() => this.#checks.delete(id));
    this.#checks.set(id, check);
    return check;
  }

  async #ask(backend: Backend): Promise<void> {
    if (await isHealthy(backend, this.#patienceMs)) this.#living.add(backend.id);
    else this.#living.delete(backend.id);
  }

  /** Ends it, with all connections that go through it. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    this.#agent.destroy();
    await once(this.#server, "close");
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // An offer to upgrade is for this hop only (RFC 9110 §7.6.1), which does not take it.
    if (request.headers.upgrade !== undefined) request.headers.connection = "keep-alive";
    delete request.headers.upgrade;
    // A request without a body can be sent once more if a server ends while it is on its way there.
    const isRepeatable = request.method === "GET" || request.method === "HEAD";
    for (let tries = isRepeatable ? this.#backends.length : 1; tries > 0; tries -= 1) {
      const backend = this.#next("");
      if (!backend) break;
      try {
        return await this.#proxy.web(request, response, { target: backend.url, agent: this.#agent });
      } catch {
        if (response.headersSent || response.destroyed) return void response.destroy();
        this.#living.delete(backend.id);
      }
    }
    if (!isRepeatable && this.living.length > 0) {
      response.writeHead(502, { "Content-Type": "text/plain; charset=utf-8" });
      return void response.end("the server has gone away; it may have done what was asked\n");
    }
    response.writeHead(503, { "Content-Type": "text/plain; charset=utf-8", "Retry-After": "1" });
    response.end("no server is running\n");
  }

  async #passSocket(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const backend = this.#next(request.url?.split("?")[0] ?? "");
    if (!backend) {
      socket.on("error", () => {});
      return void socket.end(
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n\r\n",
      );
    }
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    // Needs a connection of its own, which becomes the WebSocket.
    const options = { target: backend.url, agent: false as const };
    // Node gives a plain TCP socket, whatever its type says.
    await this.#proxy.ws(request, socket as Socket, options, head).catch(() => socket.destroy());
  }

  // Each path has its own turns. A page always opens the same paths, so with common turns it could meet the same server
  // after every reload.
  #next(way: string): Backend | undefined {
    const living = this.#backends.filter(({ id }) => this.#living.has(id));
    const key = this.#turns.has(way) || this.#turns.size < mostWays ? way : "";
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, turn + 1);
    return living[turn % living.length];
  }
}

// By default, Node takes every request with `Upgrade` for a handshake, even the one for h2c that some clients begin with.
function isHandshake({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

async function isHealthy({ url }: Backend, patienceMs: number): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(patienceMs) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
