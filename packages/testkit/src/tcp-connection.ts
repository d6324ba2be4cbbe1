import { createConnection, type Socket } from "node:net";
import { errorAt } from "./failure.ts";
import { type Await, within } from "./inbox.ts";

/** How a TCP connection ended: with FIN, or with RST or a network error. */
export type TcpEnd = "end" | "reset";

/** How to open a connection. */
export interface TcpOptions extends Await {
  /** If true, the peer never ends its own half, even after the server has ended the other. Default: false. */
  halfOpen?: boolean;
  /** The local address to connect from. Default: 127.0.0.1. */
  from?: string;
}

/** A TCP connection to a server. It knows nothing about the protocol on top. */
export class TcpConnection {
  readonly #socket: Socket;
  readonly #ended: Promise<TcpEnd>;
  #listener: ((bytes: Buffer) => void) | undefined;
  #early: Buffer[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#ended = new Promise((resolve) => {
      socket.once("end", () => resolve("end"));
      // The set also contains connections that ended with an error or with our own reset().
      socket.once("close", () => resolve("reset"));
    });
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
  }

  /** Connects to a port of this machine. */
  static open(port: number, { halfOpen = false, from, ...options }: TcpOptions = {}): Promise<TcpConnection> {
    const where = { host: "127.0.0.1", port, ...(from && { localAddress: from }) };
    const socket = createConnection({ ...where, noDelay: true, allowHalfOpen: halfOpen });
    const caller = new Error();
    const opened = new Promise<TcpConnection>((resolve, reject) => {
      socket.once("connect", () => resolve(new TcpConnection(socket)));
      socket.once("error", (error) =>
        reject(errorAt(caller, new Error(`could not connect to port ${port}: ${error.message}`))),
      );
    });
    return within(opened, `a connection to port ${port}`, options);
  }

  /** Passes everything that arrives to one listener. It first gets what arrived before it was set. */
  listen(listener: (bytes: Buffer) => void): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const bytes of early) listener(bytes);
  }

  /** Returns everything that arrived before there was a listener. */
  get received(): Buffer {
    return Buffer.concat(this.#early);
  }

  /** Sends the bytes in one write. What fits into a segment goes out in one. */
  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** How many bytes the kernel has not accepted yet. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  /** Waits until the kernel has accepted everything that was written, or the connection is over. */
  flushed(options: Await = {}): Promise<void> {
    const flushed = new Promise<void>((resolve) => this.#socket.write("", () => resolve()));
    return within(flushed, "the peer to read what was sent", options);
  }

  /** Sends FIN. */
  end(): void {
    this.#socket.end();
  }

  /** Closes without reading any further: sends FIN, and RST in answer to whatever the peer still sends. */
  close(): void {
    this.#socket.destroy();
  }

  /** Sends RST, which discards what is waiting on both sides. After FIN it only closes. */
  reset(): void {
    // libuv refuses to reset a socket after FIN, and Node would leave it open for good (uv_tcp_close_reset,
    // EINVAL).
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  /** Stops reading from the kernel, so that its buffers fill and the peer meets real backpressure. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves with how the connection ended, once it has. */
  ended(options: Await = {}): Promise<TcpEnd> {
    return within(this.#ended, "the end of the TCP connection", options);
  }

  /** Whether the connection is over in both directions. */
  get isOver(): boolean {
    return this.#socket.destroyed;
  }

  /** Calls back at the end, without a deadline. */
  onEnd(listener: (how: TcpEnd) => void): void {
    this.#ended.then(listener);
  }

  #take(bytes: Buffer): void {
    if (this.#listener) this.#listener(bytes);
    else this.#early.push(bytes);
  }
}
