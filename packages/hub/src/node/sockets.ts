import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  clientAddress,
  isStream,
  type Limits,
  parseRequest,
  type Settings,
  silenceMs,
} from "@rosetta/protocol";
import { type Linked, LinkedSet } from "../operation/linked-set.ts";
import type { CutReason, Supervision } from "../operation/supervision.ts";

/**
 * Requests on one connection that may wait for their answers. Browsers send one at a time. Node stops reading when many
 * bytes of answers wait, but an answer that waits for its turn has no bytes yet.
 */
const mostAnswers = 32;

/** What is known of a connection until it is closed. */
interface Connection extends Linked<Connection> {
  readonly tcp: Socket;
  /** The address that it counts for. */
  readonly address: string;
  /** The newest request. Not kept for a WebSocket. */
  newest: IncomingMessage | undefined;
  /** The pending answers, each as the function that ends it. Left out if there is none: a set would take 160 bytes. */
  answers: Set<() => void> | undefined;
  /** True once it gets only the answers that are pending, and then ends. */
  isEnding: boolean;
  /** Cancels the deadline of a request that came too late because this process stood still. */
  cancelLate: (() => void) | undefined;
}

/** The key under which a TCP socket carries its `Connection`. In a Map, closed ones would stay in memory: see `LinkedSet`. */
const key = Symbol("connection");

/** A TCP socket. Node names the type of its stream only. */
type Tcp = Duplex & { [key]?: Connection | undefined };

/** A listener of a socket. It is called with the socket as `this`. */
type Listener = (this: Socket) => void;

/**
 * The TCP connections of a Node HTTP server in all their states: before the first request, between two, with an answer
 * that nobody reads, as a WebSocket. Node can limit their number, but not per address. It does not close idle ones to
 * make room, and it lets an answer take for ever.
 */
export class Sockets {
  readonly #server: Server;
  readonly #hub: Supervision;
  readonly #limits: Limits;
  readonly #perAddress: number;
  readonly #total: number;
  #size = 0;
  /** Connections with no pending answer, the one idle longest in front. */
  readonly #idle = new LinkedSet<Connection>();
  readonly #addresses = new Map<string, number>();
  /** The same for all connections: a closure and what `once` adds to it would take 250 bytes each. */
  readonly #onClose: Listener;

  /** Takes charge of the connections to `server`. Its listeners come before a framework's, to see every request. */
  constructor(server: Server, { limits, proxies }: Settings, hub: Supervision) {
    this.#server = server;
    this.#hub = hub;
    this.#limits = limits;
    const closed = (tcp: Socket): void => this.#closed(tcp);
    this.#onClose = function () {
      closed(this);
    };
    this.#total = withSpare(limits.connections);
    // Behind a proxy all connections come from its address. Only a request names the client's own.
    this.#perAddress = proxies > 0 ? this.#total : withSpare(limits.connectionsPerAddress);
    // A peer that has sent FIN still wants its answer (RFC 9112 §9.6). By default Node would drop it.
    Object.assign(server, { httpAllowHalfOpen: true });
    // Node considers a connection idle once its answer is written, even if much of it still waits for a slow reader.
    // Its own close() would cut that answer off.
    Object.assign(server, { closeIdleConnections: () => this.#closeIdle() });
    server.on("connection", (tcp) => this.#opened(tcp));
    // No body is read here, so no 100 (Continue) is sent; `admit` refuses other expectations. By default Node would
    // write its 100 between the head and the body of an answer that waits for its turn.
    for (const event of ["checkContinue", "checkExpectation"]) {
      server.on(event, (req, res) => void server.emit("request", req, res));
    }
    // After a standstill of this process, the timeout does not mean that the peer was silent.
    server.on("timeout", (tcp) => {
      if (this.#hub.clock.behind() > 0) tcp.setTimeout(tcp.timeout ?? 0);
      else tcp.destroy();
    });
    server.prependListener("request", (req, res) => this.#asked(req, res));
    server.prependListener("upgrade", (req) => this.#upgraded(req.socket));
  }

  /**
   * Returns whether no 101 can be sent on this connection. Either an earlier answer is still pending, which the 101
   * would overtake, or an answer said `Connection: close`, which must be the last (RFC 9112 §9.6).
   */
  owesAnswer({ socket }: IncomingMessage): boolean {
    return socket.writableEnded || this.#isOwed(socket);
  }

  /**
   * Answers as Node would when the peer sent something other than HTTP, or did not finish a request in time. Call it
   * on `clientError`. If an answer is pending, it hangs up after that one, because the peer would take this one for
   * it (RFC 9112 §9.3.2).
   */
  unreadable({ code = "" }: NodeJS.ErrnoException, tcp: Duplex): void {
    // The rest of the request may have come while this process stood still.
    if (code === "ERR_HTTP_REQUEST_TIMEOUT" && this.#hub.clock.behind() > 0) this.#excuse(code, tcp);
    else this.#hangUp(code, tcp);
  }

  // Gives a late request `handshakeMs` more, of lived time. Node looks at each request once, so it would let this one
  // take for ever.
  #excuse(code: string, tcp: Tcp): void {
    const connection = tcp[key];
    if (!connection) return;
    const late = connection.newest;
    const isBodyLate = late?.complete === false;
    connection.cancelLate?.();
    connection.cancelLate = this.#hub.clock.after(this.#limits.handshakeMs, () => {
      const { newest } = connection;
      const hasCome = newest?.complete && (isBodyLate || newest !== late);
      if (!hasCome) this.#hangUp(code, tcp);
    });
  }

  #hangUp(code: string, tcp: Duplex): void {
    if (!tcp.writable) return void tcp.destroy();
    if (this.#isOwed(tcp)) return this.#endSoon(tcp, () => void tcp.destroy());
    const status = unreadable[code] ?? "400 Bad Request";
    tcp.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => tcp.destroy());
  }

  #isOwed(tcp: Tcp): boolean {
    return tcp[key]?.answers !== undefined;
  }

  #opened(tcp: Socket & Tcp): void {
    const address = clientAddress(tcp.remoteAddress ?? "", undefined, 0);
    const fromAddress = this.#addresses.get(address) ?? 0;
    if (fromAddress >= this.#perAddress) return this.#cut(tcp, "address");
    if (this.#size >= this.#total && !this.#makeRoom()) return this.#cut(tcp, "full");
    this.#addresses.set(address, fromAddress + 1);
    this.#size += 1;
    // Every answer that waits on a connection listens for its end.
    tcp.setMaxListeners(0);
    const connection: Connection = {
      tcp,
      address,
      newest: undefined,
      answers: undefined,
      isEnding: false,
      cancelLate: undefined,
      before: undefined,
      after: undefined,
    };
    tcp[key] = connection;
    this.#idle.add(connection);
    tcp.on("close", this.#onClose);
  }

  #asked(req: IncomingMessage, res: ServerResponse): void {
    const { url = "", method = "" } = req;
    const socket: Socket & Tcp = req.socket;
    const connection = socket[key];
    if (!connection) return;
    connection.newest = req;
    if (connection.isEnding) return;
    const answers = connection.answers ?? new Set();
    if (answers.size >= mostAnswers) return this.#endSoon(socket, () => this.#cut(socket, "pipelined"));
    // By default, Node waits for ever for a peer that does not read its answer. It is set for a request, because a timeout
    // of the server would leave every WebSocket a stopped timer of 180 bytes.
    socket.setTimeout(silenceMs(this.#limits));
    // An event stream's queue is already counted by its reader.
    const { path } = parseRequest({ method, url, header: () => undefined });
    const queued = isStream(path) ? () => 0 : () => res.writableLength;
    const forget = this.#hub.share({ queued, cut: () => this.#cut(socket, "unread") });
    const cancelLate = this.#hub.clock.after(exchangeMs(this.#limits), () => this.#cut(socket, "late"));
    const end = (): void => {
      cancelLate();
      forget();
      answers.delete(end);
      if (answers.size > 0) return;
      connection.answers = undefined;
      if (socket[key] !== connection) return;
      if (this.#server.listening && !connection.isEnding) this.#idle.add(connection);
      else socket.destroySoon();
    };
    connection.answers = answers.add(end);
    this.#idle.delete(connection);
    res.once("close", end);
  }

  // Reads no more, and ends the connection when its pending answers are sent, or else after `lingerMs`.
  #endSoon(tcp: Tcp, cut: () => void): void {
    const connection = tcp[key];
    if (!connection || connection.isEnding) return;
    connection.isEnding = true;
    tcp.pause();
    const cancel = this.#hub.clock.after(this.#limits.lingerMs, cut);
    tcp.once("close", cancel);
  }

  #upgraded(tcp: Tcp): void {
    const connection = tcp[key];
    if (!connection) return;
    this.#idle.delete(connection);
    connection.newest = undefined;
    connection.cancelLate?.();
  }

  #closed(tcp: Tcp): void {
    const connection = tcp[key];
    if (!connection) return;
    tcp[key] = undefined;
    this.#size -= 1;
    this.#idle.delete(connection);
    connection.cancelLate?.();
    // Node does not tell an answer that waits behind another that it will never be sent.
    for (const end of [...(connection.answers ?? [])]) end();
    const left = (this.#addresses.get(connection.address) ?? 1) - 1;
    if (left > 0) this.#addresses.set(connection.address, left);
    else this.#addresses.delete(connection.address);
  }

  #closeIdle(): void {
    for (const { tcp } of this.#idle) tcp.destroy();
  }

  // Closes the connection that has been idle longest.
  #makeRoom(): boolean {
    const oldest = this.#idle.first;
    if (!oldest) return false;
    this.#idle.delete(oldest);
    this.#cut(oldest.tcp, "full");
    return true;
  }

  #cut(tcp: Socket, why: CutReason): void {
    this.#hub.cut(why);
    cutOff(tcp);
  }
}

/** Statuses for what Node's parser refuses, by error code (https://nodejs.org/api/http.html#event-clienterror). */
const unreadable: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Ends a connection at once, with RST, which also frees what the kernel holds for a peer that does not read. */
export function cutOff(tcp: Socket): void {
  // After FIN libuv refuses to send RST, and Node then forgets the descriptor without closing it.
  if (tcp.writableEnded) tcp.destroy();
  else tcp.resetAndDestroy();
}

/** Milliseconds after which a pending answer is cut off: the longest that a stream or a poll lasts, plus its end. */
function exchangeMs({ streamMs, pollMs, drainMs, lingerMs }: Limits): number {
  return Math.max(streamMs, pollMs) + drainMs + lingerMs;
}

// A tenth more than may be used, so that the server can answer those over the limit.
function withSpare(connections: number): number {
  return connections + Math.max(16, Math.ceil(connections / 10));
}
