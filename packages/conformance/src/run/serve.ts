// The server that judges clients. It plays one case on each connection and reports the result.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { allCases } from "../cases/index.ts";
import type { ClientRequest } from "../model/answer-case.ts";
import { type Case, type ClientCase, isForClients } from "../model/case.ts";
import { random } from "../model/random.ts";
import type { Result } from "../model/result.ts";
import type { Timing } from "../play/perform.ts";
import { acceptOf } from "../wire/handshake.ts";
import { TcpDuplex } from "../wire/tcp.ts";
import { WireLog } from "../wire/wire-log.ts";
import { pageHeaders, pageHtml, pageScript } from "./browser-page.ts";
import { judgeClient } from "./client-case.ts";
import { drive } from "./drivers/drive.ts";
import { resultOf } from "./outcome.ts";

/** How to judge clients. */
export interface ServeOptions {
  /** The port. Default: 0, which means any free one. */
  port?: number;
  /** The address to listen on. Default: 127.0.0.1, for this machine only. */
  host?: string;
  /** Default: all, without those for servers. */
  cases?: readonly Case[];
  /** The seed of the random cuts, keys and payloads. Default: 1. */
  seed?: number;
  /**
   * The deadline for each thing that is awaited, in ms. Default: 20,000, because a browser takes seconds for 16 MiB
   * of text.
   */
  deadlineMs?: number;
  /** How long a client gets to react at once, in ms. Default: 200. */
  settleMs?: number;
  /** Called for each case that was judged, with a line of text. */
  log?: (line: string) => void;
  /** Called when a client connects for a case, and when the case has been judged. */
  watch?: { begun(id: string, agent: string): void; judged(result: Result, agent: string): void };
}

/** A server that judges clients until it is closed. */
export interface Serving {
  /** `http://127.0.0.1:9001`. A WebSocket client uses the same URL with `ws:`. */
  url: string;
  /** Drops every connection and stops listening. */
  close(): Promise<void>;
}

/**
 * Serves the cases to clients. `GET /cases` lists them, and `/run/<id>?agent=<name>` is a WebSocket that plays one.
 * `GET /verdict/<id>?agent=<name>` and `GET /results?agent=<name>` return the results. In a browser, `/` runs all
 * cases.
 */
export async function serveConformance(options: ServeOptions = {}): Promise<Serving> {
  const { port = 0, host = "127.0.0.1" } = options;
  const judges = new Judges(options);
  const server = createServer((request, response) => void judges.answer(request, response));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket, head) => void judges.play(request, socket as Socket, head));
  await listen(server, port, host);
  const { address, family, port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${actual}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  return promise;
}

// One client of this run: the cases it has been given, and their results.
class Agent {
  readonly keys = new Set<string>();
  /** The cases that it has connected for most recently. */
  readonly runs = new Map<string, Promise<Result>>();
  readonly results = new Map<string, Result>();
}

// A limit, so that names that nobody asks for again are forgotten.
const maxAgents = 64;

class Judges {
  readonly #options: ServeOptions;
  readonly #timing: Timing;
  readonly #cases: ReadonlyMap<string, ClientCase>;
  readonly #agents = new Map<string, Agent>();

  constructor(options: ServeOptions) {
    const { cases = allCases, deadlineMs = 20_000, settleMs = 200 } = options;
    this.#options = options;
    this.#timing = { deadlineMs, settleMs };
    this.#cases = new Map(cases.filter(isForClients).map((each) => [each.id, each]));
  }

  /** Answers requests that open no WebSocket. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = urlOf(request);
    const [, route = "", id = ""] = url.pathname.split("/");
    if (request.method !== "GET") return reply(response, 405, { error: "only GET" });
    if (route === "") return send(response, 200, "text/html", pageHtml);
    if (route === "page.js") return send(response, 200, "text/javascript", pageScript(drive));
    if (route === "cases") return reply(response, 200, this.#list(url.searchParams));
    if (route === "results") return reply(response, 200, [...this.#agent(url).results.values()]);
    const run = route === "verdict" && this.#agent(url).runs.get(id);
    if (run) return reply(response, 200, await run);
    if (route === "run") return reply(response, 426, { error: "this is for WebSockets" });
    reply(response, 404, { error: route === "verdict" ? "it has not run yet" : "there is no such thing" });
  }

  /** Plays a case with the client that opens a WebSocket. */
  async play(request: IncomingMessage, socket: Socket, head: Uint8Array): Promise<void> {
    const url = urlOf(request);
    const [, route, id = ""] = url.pathname.split("/");
    const duplex = new TcpDuplex(socket);
    duplex.unread(head);
    const each = this.#cases.get(id);
    const key = request.headers["sec-websocket-key"];
    if (route !== "run" || !each || !key) {
      const status = each ? "400 Bad Request" : "404 Not Found";
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const agent = this.#agent(url);
    this.#options.watch?.begun(id, nameOf(url));
    const run = this.#judge(each, duplex, readRequest(request, key, new Set(agent.keys)));
    agent.keys.add(key);
    agent.runs.set(id, run);
    this.#done(agent, nameOf(url), await run);
  }

  async #judge(each: ClientCase, duplex: TcpDuplex, request: ClientRequest): Promise<Result> {
    const log = new WireLog();
    const began = performance.now();
    log.add("received", "http", `${request.method} ${request.target}`, headOf(request));
    const context = {
      request,
      duplex,
      log,
      random: random(this.#options.seed ?? 1, each.id),
      timing: this.#timing,
    };
    const outcome = await judgeClient(each, context);
    return resultOf(each, outcome, log, performance.now() - began);
  }

  #done(agent: Agent, name: string, result: Result): void {
    agent.results.set(result.id, result);
    this.#options.watch?.judged(result, name);
    this.#options.log?.(`${name}: ${result.id} ${result.verdict}`);
  }

  // With `left`, only the cases by which the client has not been judged yet.
  #list(query: URLSearchParams): object[] {
    const agent = query.has("left") ? this.#agents.get(query.get("agent") ?? "") : undefined;
    return [...this.#cases.values()]
      .filter(({ id }) => !agent?.results.has(id))
      .map(({ id, title, clause, level }) => ({ id, title, clause, level }));
  }

  #agent(url: URL): Agent {
    const name = nameOf(url);
    const agent = this.#agents.get(name) ?? new Agent();
    this.#agents.set(name, agent);
    const [oldest] = this.#agents.keys();
    if (this.#agents.size > maxAgents && oldest !== undefined) this.#agents.delete(oldest);
    return agent;
  }
}

function urlOf(request: IncomingMessage): URL {
  const target = request.url ?? "/";
  return new URL(target.startsWith("/") ? `http://host${target}` : "http://host/");
}

function nameOf(url: URL): string {
  return url.searchParams.get("agent") || "a client";
}

function readRequest(request: IncomingMessage, key: string, earlierKeys: Set<string>): ClientRequest {
  const { method = "", url = "", httpVersion, rawHeaders } = request;
  const headers: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.push([(rawHeaders[index] ?? "").toLowerCase(), rawHeaders[index + 1] ?? ""]);
  }
  const offers = headers.filter(([name]) => name === "sec-websocket-extensions").map(([, value]) => value);
  return {
    method,
    target: url,
    httpVersion,
    headers,
    accept: acceptOf(key),
    offer: offers.join(", "),
    earlierKeys,
  };
}

function headOf({ method, target, httpVersion, headers }: ClientRequest): Uint8Array {
  const lines = [`${method} ${target} HTTP/${httpVersion}`, ...headers.map((each) => each.join(": "))];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, "application/json", JSON.stringify(body, bytesAsHex));
}

function bytesAsHex(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "Content-Type": `${type}; charset=utf-8`, ...pageHeaders });
  response.end(body);
}
