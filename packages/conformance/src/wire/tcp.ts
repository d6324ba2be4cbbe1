// TCP and TLS as a duplex.

import { createConnection, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Duplex, DuplexListener } from "./duplex.ts";

/** The peer could not be reached at all: refused, unknown, or its certificate is not trusted. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  /** True if time was up. The peer may be reachable later. */
  readonly late: boolean;

  constructor(message: string, late = false) {
    super(message);
    this.late = late;
  }
}

/** Where to connect to. */
export interface Dial {
  host: string;
  port: number;
  /** TLS, for `wss:`. */
  secure: boolean;
  /** Accepts a certificate that is not trusted. */
  insecure?: boolean | undefined;
  /** How long connecting may take, in ms. */
  deadlineMs: number;
}

/** Opens a connection. Rejects with a `ConnectError` that says what is wrong. */
export function dial({ host, port, secure, insecure, deadlineMs }: Dial): Promise<TcpDuplex> {
  const { promise, resolve, reject } = Promise.withResolvers<TcpDuplex>();
  const options = { host, port, noDelay: true, allowHalfOpen: true };
  const socket = secure
    ? connectTls({
        ...options,
        // RFC 6066 §3: an IP address is no server name.
        ...(isIP(host) ? {} : { servername: host }),
        rejectUnauthorized: !insecure,
      })
    : createConnection(options);
  const give = (why: string, late = false) => {
    socket.destroy();
    reject(new ConnectError(`${host}:${port} cannot be reached: ${why}`, late));
  };
  const deadline =
    deadlineMs === Number.POSITIVE_INFINITY
      ? undefined
      : setTimeout(() => give(`no connection after ${deadlineMs} ms`, true), deadlineMs);
  const failed = (error: NodeJS.ErrnoException) => {
    clearTimeout(deadline);
    give(explain(error));
  };
  socket.once("error", failed);
  socket.once(secure ? "secureConnect" : "connect", () => {
    clearTimeout(deadline);
    socket.off("error", failed);
    resolve(new TcpDuplex(socket));
  });
  return promise;
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ECONNRESET") return "the connection was reset";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "the name is not known";
  if (code === "EPROTO" || /wrong version number|packet length too long/i.test(message)) {
    return "it does not speak TLS; try ws: in place of wss:";
  }
  if (/cert|self.signed|altnames|expired/i.test(`${code} ${message}`)) {
    return `its certificate is not trusted (${message}); --insecure accepts it`;
  }
  return message;
}

// How many pieces, of at most 64 KiB each, are kept until somebody listens.
const maxEarly = 16;

/** The part of `net.Socket` that is needed, spelled out so that users of the package do not need the types of Node. */
export interface TcpSocket {
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  on(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  on(event: "end" | "error" | "close", listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  write(bytes: Uint8Array, taken: () => void): unknown;
  end(): unknown;
  destroy(): unknown;
}

/** Returns a socket as a duplex. */
export class TcpDuplex implements Duplex {
  readonly #socket: TcpSocket;
  readonly #early: Uint8Array[] = [];
  readonly #writing = new Set<() => void>();
  #ended: "fin" | "reset" | undefined;
  #listener: DuplexListener | undefined;

  constructor(socket: TcpSocket) {
    this.#socket = socket;
    socket.on("data", (bytes: Uint8Array) => {
      if (this.#listener) return this.#listener.data(bytes);
      this.#early.push(bytes);
      // A peer that floods before anybody listens has to wait.
      if (this.#early.length > maxEarly) socket.pause();
    });
    socket.on("end", () => this.#end("fin"));
    // Every error of an open connection means that it is gone. Which error comes depends on timing.
    socket.on("error", () => this.#end("reset"));
    socket.on("close", () => {
      for (const resolve of this.#writing) resolve();
      this.#end("reset");
    });
  }

  listen(listener: DuplexListener): void {
    this.#listener = listener;
    for (const bytes of this.#early.splice(0)) listener.data(bytes);
    this.#socket.resume();
    if (this.#ended) listener.end(this.#ended);
  }

  /** Puts bytes back for the next listener to read again. */
  unread(bytes: Uint8Array): void {
    this.#listener = undefined;
    if (bytes.length > 0) this.#early.unshift(bytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    // If writing fails, `end` reports it.
    if (this.#socket.destroyed || this.#socket.writableEnded) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#writing.add(resolve);
    this.#socket.write(bytes, () => {
      this.#writing.delete(resolve);
      resolve();
    });
    return promise;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #end(how: "fin" | "reset"): void {
    if (this.#ended) return;
    this.#ended = how;
    this.#listener?.end(how);
  }
}
