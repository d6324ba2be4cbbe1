import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Transform, type TransformCallback } from "node:stream";

/** How slow a link is, in each direction. */
export interface LinkPace {
  /** Milliseconds that a byte is on its way. */
  delayMs: number;
  bytesPerSecond: number;
}

/** As on a train: an answer takes a second, and a picture takes its time. */
export const trainPace: LinkPace = { delayMs: 400, bytesPerSecond: 32 * 1024 };

/** A port of this machine that makes a server seem far away. Bytes stay in order and are never lost. */
export class SlowLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on any free port of 127.0.0.1. `target` is the address of the server, such as `http://127.0.0.1:3001`. */
  static async start(target: string, pace: LinkPace): Promise<SlowLink> {
    const { hostname, port } = new URL(target);
    const address = { host: hostname.replace(/[[\]]/g, ""), port: Number(port), allowHalfOpen: true };
    const server = createServer({ allowHalfOpen: true });
    const link = new SlowLink(server);
    server.on("connection", (outer) => link.#join(outer, connect(address), pace));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return link;
  }

  /** The address of the server through the link. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends it, with everything that goes through it. */
  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(outer: Socket, inner: Socket, pace: LinkPace): void {
    const lines = [new SlowLine(pace), new SlowLine(pace)] as const;
    outer.pipe(lines[0]).pipe(inner).pipe(lines[1]).pipe(outer);
    for (const socket of [outer, inner]) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", (isBroken) => {
        this.#sockets.delete(socket);
        // The end of an intact connection travels behind the bytes sent before it. That of a broken one does not.
        if (!isBroken && socket === inner) return;
        for (const each of lines) each.destroy();
        for (const each of [outer, inner]) each.resetAndDestroy();
      });
    }
  }
}

/** One direction of a link. It takes bytes only as fast as it carries them, so the sender slows down. */
class SlowLine extends Transform {
  readonly #pace: LinkPace;
  /** The bytes that are on their way, in order. A function instead of bytes marks the end. */
  readonly #way: (Buffer | (() => void))[] = [];
  /** The time at which all accepted bytes have left. */
  #freeAt = 0;

  constructor(pace: LinkPace) {
    super();
    this.#pace = pace;
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, taken: TransformCallback): void {
    const { bytesPerSecond } = this.#pace;
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now) + (1000 * bytes.length) / bytesPerSecond;
    this.#send(bytes, now);
    setTimeout(taken, this.#freeAt - now);
  }

  override _flush(done: TransformCallback): void {
    this.#send(() => done(), performance.now());
  }

  // Timers of different lengths may be late by different amounts. Each delivers the next item, so the order stays.
  #send(item: Buffer | (() => void), now: number): void {
    this.#way.push(item);
    const arrivesAt = Math.max(this.#freeAt, now) + this.#pace.delayMs;
    setTimeout(() => this.#arrive(), arrivesAt - now);
  }

  #arrive(): void {
    const item = this.#way.shift();
    if (typeof item === "function") item();
    else if (!this.destroyed) this.push(item);
  }
}
