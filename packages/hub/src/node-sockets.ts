import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { clientAddress, isStream, type Limits, parseRequest, type Settings } from "@rosetta/protocol";
import type { Queue } from "./budget.ts";
import type { Clock } from "./clock.ts";

/** As much of a hub as the sockets need. */
interface House {
  /** Counts a queue among those that share the process' memory. Returns its end. */
  share(queue: Queue): () => void;
  /** A connection was cut that no session has. */
  cutSocket(why: CutReason): void;
  /** Time as the process lives it: it stands still while the process does. */
  clock: Pick<Clock, "after" | "behind">;
}

/** Why a connection was cut that no session has. */
export type CutReason = "full" | "address" | "late" | "unread" | "pipelined";

/**
 * Requests on one connection that may wait for their answers. Browsers send one at a time. Node stops to read when answers
 * of many bytes wait, but one that waits for its turn has no bytes yet.
 */
const mostAnswers = 32;

/** The ends of the answers that a connection is owed, or is being given. */
type Answers = Set<() => void>;

/**
 * The TCP connections of a Node HTTP server in all their states: before the first request, between two, with an answer
 * that nobody reads, as a WebSocket. Node counts them, if told to; it does not bound them by address, makes no room by
 * closing idle ones, and an answer may take for ever.
 */
export class Sockets {
  readonly #house: House;
  readonly #limits: Limits;
  readonly #perAddress: number;
  readonly #total: number;
  readonly #sockets = new Map<Socket, Answers>();
  /** Those that owe nothing and are owed nothing, the oldest in front. */
  readonly #idle = new Set<Socket>();
  readonly #addresses = new Map<string, number>();

  /** Begins to own what connects to `server`. Before a framework's listener, so that it sees every request. */
  constructor(server: Server, { limits, proxies }: Settings, house: House) {
    this.#house = house;
    this.#limits = limits;
    this.#total = withSpare(limits.connections);
    // Behind a proxy all come from its address; who they are is known with their first request only.
    this.#perAddress = proxies > 0 ? this.#total : withSpare(limits.connectionsPerAddress);
    // A peer that has said all it wants to say still wants the answer (RFC 9112 §9.6): Node would drop it.
    Object.assign(server, { httpAllowHalfOpen: true });
    // To Node a connection is idle whose answer was written, though much of it waits for a slow reader: its own close()
    // would cut that off.
    Object.assign(server, { closeIdleConnections: () => this.#closeIdle() });
    server.on("connection", (tcp) => this.#opened(tcp));
    // No body is read here, so nobody is asked for one, and the door says what cannot be expected. Left alone, Node
    // would write its 100 between the head and the body of an answer that waits for its turn.
    for (const event of ["checkContinue", "checkExpectation"]) {
      server.on(event, (req, res) => void server.emit("request", req, res));
    }
    // A standstill of this process is no silence of its peers.
    server.on("timeout", (tcp) => {
      if (this.#house.clock.behind() > 0) tcp.setTimeout(tcp.timeout ?? 0);
      else tcp.destroy();
    });
    server.prependListener("request", (req, res) => this.#asked(req, res, () => server.listening));
    server.prependListener("upgrade", (req) => this.#upgraded(req.socket));
  }

  /**
   * True while an earlier request on the same connection is not answered, which a 101 would overtake, and after an answer
   * that said `Connection: close`, after which nothing is answered any more (RFC 9112 §9.6).
   */
  owesAnswer({ socket }: IncomingMessage): boolean {
    return socket.writableEnded || this.#isOwed(socket);
  }

  /**
   * What came is no HTTP, or not all of it came in time: to be called on `clientError`. Answers as Node would, but not
   * where an answer is owed: the peer would take it for that one (RFC 9112 §9.3.2), and is hung up on.
   */
  unreadable({ code = "" }: NodeJS.ErrnoException, tcp: Duplex): void {
    if (!tcp.writable || this.#isOwed(tcp)) return void tcp.destroy();
    const status = unreadable[code] ?? "400 Bad Request";
    tcp.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => tcp.destroy());
  }

  #isOwed(tcp: Duplex): boolean {
    return (this.#sockets.get(tcp as Socket)?.size ?? 0) > 0;
  }

  #opened(tcp: Socket): void {
    const address = clientAddress(tcp.remoteAddress ?? "", undefined, 0);
    const fromAddress = this.#addresses.get(address) ?? 0;
    if (fromAddress >= this.#perAddress) return this.#cut(tcp, "address");
    if (this.#sockets.size >= this.#total && !this.#makeRoom()) return this.#cut(tcp, "full");
    this.#addresses.set(address, fromAddress + 1);
    // Every answer that waits in the line of a connection listens to its end.
    tcp.setMaxListeners(0);
    this.#sockets.set(tcp, new Set());
    this.#idle.add(tcp);
    tcp.once("close", () => this.#closed(tcp, address));
  }

  #asked(
    { socket, url = "", method = "" }: IncomingMessage,
    res: ServerResponse,
    isListening: () => boolean,
  ): void {
    const answers = this.#sockets.get(socket);
    if (!answers) return;
    if (answers.size >= mostAnswers) return this.#cut(socket, "pipelined");
    // An event stream's queue is known by its reader. Of the answers in a line only the first has the socket.
    const { path } = parseRequest({ method, url, header: () => undefined });
    const queued = isStream(path) ? () => 0 : () => res.writableLength;
    const forget = this.#house.share({ queued, cut: () => this.#cut(socket, "unread") });
    const cancelLate = this.#house.clock.after(exchangeMs(this.#limits), () => this.#cut(socket, "late"));
    const end = (): void => {
      cancelLate();
      forget();
      answers.delete(end);
      if (answers.size > 0 || !this.#sockets.has(socket)) return;
      if (isListening()) this.#idle.add(socket);
      else socket.destroySoon();
    };
    answers.add(end);
    this.#idle.delete(socket);
    res.once("close", end);
  }

  #upgraded(tcp: Socket): void {
    this.#idle.delete(tcp);
  }

  #closed(tcp: Socket, address: string): void {
    const answers = this.#sockets.get(tcp) ?? [];
    this.#sockets.delete(tcp);
    this.#idle.delete(tcp);
    // An answer that waited behind another one is never told that it will not be given.
    for (const end of [...answers]) end();
    const left = (this.#addresses.get(address) ?? 1) - 1;
    if (left > 0) this.#addresses.set(address, left);
    else this.#addresses.delete(address);
  }

  #closeIdle(): void {
    for (const tcp of this.#idle) tcp.destroy();
  }

  // Closes the connection that has been idle longest.
  #makeRoom(): boolean {
    const [oldest] = this.#idle;
    if (!oldest) return false;
    this.#idle.delete(oldest);
    this.#cut(oldest, "full");
    return true;
  }

  #cut(tcp: Socket, why: CutReason): void {
    this.#house.cutSocket(why);
    cutOff(tcp);
  }
}

/** Answers to what a parser refused, by Node's codes (https://nodejs.org/api/http.html#event-clienterror). */
const unreadable: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Ends a connection at once, with RST: what the kernel holds for a peer that does not read is freed, too. */
export function cutOff(tcp: Socket): void {
  // After FIN libuv refuses to send RST, and Node then forgets the descriptor without closing it.
  if (tcp.writableEnded) tcp.destroy();
  else tcp.resetAndDestroy();
}

/** Milliseconds after which an answer that is still under way is cut off: the longest a stream lasts, and its end. */
function exchangeMs({ streamMs, pollMs, lingerMs }: Limits): number {
  return Math.max(streamMs, pollMs) + lingerMs;
}

// A tenth more than may be connected, so that those who are too many can be told.
function withSpare(connections: number): number {
  return connections + Math.max(16, Math.ceil(connections / 10));
}
