import type { Host, HostEvent, SocketConstructor, SocketLike } from "../host.ts";
import type { SocketData } from "../queue.ts";

/** Surroundings in which nothing happens by itself: a test moves the clock, the network and the page. */
export class FakeHost implements Host {
  readonly sockets: FakeSocket[] = [];
  readonly WebSocket: SocketConstructor;
  /** The quirks of this host's sockets: runtimes differ where the standard leaves room. */
  readonly manners: Manners = {};
  hidden = false;
  online = true;
  /** The numbers that `random()` returns next; 0 when there are none left. */
  readonly randoms: number[] = [];
  /** Thrown by the next WebSocket that is made. */
  constructorError: Error | undefined;
  /** How far the time of day is ahead of `now()`. */
  dateAheadMs = 500;
  #now = 1_000_000;
  readonly #timers = new Set<{ at: number; run: () => void }>();
  readonly #watchers = new Set<(event: HostEvent) => void>();

  constructor() {
    const host = this;
    this.WebSocket = class extends FakeSocket {
      constructor(url: string, protocols: string | string[] = []) {
        if (host.constructorError) throw host.constructorError;
        super(url, protocols, host.manners);
        host.sockets.push(this);
      }
    };
  }

  /** The newest one. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was made");
    return socket;
  }

  get timers(): number {
    return this.#timers.size;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  now(): number {
    return this.#now;
  }

  date(): number {
    return this.#now + this.dateAheadMs;
  }

  random(): number {
    return this.randoms.shift() ?? 0;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  watch(listener: (event: HostEvent) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  isHidden(): boolean {
    return this.hidden;
  }

  isOnline(): boolean {
    return this.online;
  }

  /** Lets time pass: timers run in their order, each at its time. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = until;
  }

  /** Puts the machine to sleep: time passes, and timers run when the sleep is over. */
  sleep(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }

  /**
   * Puts the machine to sleep. Its clock and timers stand still, and only the time of day goes on (w3c/hr-time#115).
   */
  standStill(ms: number): void {
    this.dateAheadMs += ms;
  }

  happen(event: HostEvent): void {
    if (event === "online" || event === "offline") this.online = event === "online";
    if (event === "hidden" || event === "visible") this.hidden = event === "hidden";
    for (const watcher of this.#watchers) watcher(event);
  }

  #next(until: number) {
    let first: { at: number; run: () => void } | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= until && (!first || timer.at < first.at)) first = timer;
    }
    return first;
  }
}

/** Ways in which a runtime's WebSocket departs from the standard. A real runtime does each of these. */
export interface Manners {
  /** During the handshake, `close()` itself fires `error` and `close`: undici (nodejs/undici#4741). */
  tellsWithinClose?: boolean;
  /** An `error` event without a listener is thrown, as an EventEmitter does: the package `ws`. */
  throwsErrors?: boolean;
  /** It has `terminate()`: Bun, and the package `ws`. */
  terminates?: boolean;
}

/** A WebSocket whose other end is the test. As strict as a browser's about what may be sent and said. */
export class FakeSocket implements SocketLike {
  readonly url: string;
  readonly protocols: string | string[];
  binaryType: "blob" | "arraybuffer" = "blob";
  readyState = 0;
  bufferedAmount = 0;
  protocol = "";
  extensions = "";
  onopen: unknown = null;
  onmessage: unknown = null;
  onclose: unknown = null;
  onerror: unknown = null;
  terminate?: () => void;
  /** How often the client cut it off. */
  terminated = 0;
  readonly #manners: Manners;
  /** What the client sent, in order. */
  readonly sent: SocketData[] = [];
  /** How the client closed it. */
  closed: { code: number | undefined; reason: string | undefined } | undefined;

  constructor(url: string, protocols: string | string[], manners: Manners = {}) {
    this.url = url;
    this.protocols = protocols;
    this.#manners = manners;
    if (manners.terminates) this.terminate = () => void this.terminated++;
  }

  send(data: SocketData): void {
    if (this.readyState === 0) throw new Error("InvalidStateError");
    if (this.readyState === 1) this.sent.push(data);
  }

  close(code?: number, reason?: string): void {
    if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999))
      throw new Error("InvalidAccessError");
    // Without an argument, `encode` gives no bytes.
    if (new TextEncoder().encode(reason).length > 123) throw new Error("SyntaxError");
    if (this.readyState < 2) this.closed = { code, reason };
    const wasConnecting = this.readyState === 0;
    this.readyState = Math.max(this.readyState, 2);
    if (wasConnecting && this.#manners.tellsWithinClose) this.fail();
  }

  /** Lets the handshake succeed. Does nothing if it already has. */
  accept(protocol = [this.protocols].flat()[0] ?? ""): this {
    if (this.readyState === 1) return this;
    this.readyState = 1;
    this.protocol = protocol;
    this.#dispatch(this.onopen, {});
    return this;
  }

  /** Lets the connection fail as if it had been refused: `error`, then `close`. */
  fail(): void {
    this.error();
    this.end();
  }

  error(): void {
    if (this.#manners.throwsErrors && typeof this.onerror !== "function")
      throw new Error("unhandled error event");
    this.#dispatch(this.onerror, {});
  }

  /** Delivers a message. */
  receive(data: string | ArrayBuffer): void {
    this.#dispatch(this.onmessage, { data });
  }

  /** Ends the connection by the other side's close frame or, with 1006, without one. */
  end(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.#dispatch(this.onclose, { code, reason, wasClean: code !== 1006 });
  }

  // Handlers are looked up when an event is dispatched, as in browsers.
  #dispatch(handler: unknown, event: object): void {
    if (typeof handler === "function") handler.call(this, event);
  }
}

/** Records everything that is told, in order. */
export function record<T>(subscribe: (listener: (event: T) => void) => unknown): T[] {
  const told: T[] = [];
  subscribe((event) => void told.push(event));
  return told;
}
