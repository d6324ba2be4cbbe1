import { Close, closePolicy } from "@rosetta/protocol";
import { type Backoff, defaultBackoff, retryWindow } from "./backoff.ts";
import { type ClientProblem, Emitter } from "./emitter.ts";
import { defaultHost, type Host, type HostEvent, type SocketLike } from "./host.ts";
import { SendQueue, type SocketData } from "./queue.ts";

/**
 * Where a connection stands. Times are those of `host.now()`.
 *
 *     idle ─▶ connecting ─▶ open ─▶ waiting ─▶ connecting …   until `close()` or a final close code: stopped
 *
 * `offline` takes the place of `waiting` while the network is known to be gone. A page in the back/forward
 * cache is `idle`. `attempt` counts the retries since the last stable life; the first try is 0.
 */
export type SocketState =
  | { name: "idle" }
  | { name: "connecting"; attempt: number }
  | { name: "open"; since: number; protocol: string; extensions: string }
  | {
      name: "waiting";
      /** The number of the retry that is waited for. */
      attempt: number;
      untilAt: number;
      delayMs: number;
      /** The delay was drawn evenly from here. */
      windowMs: [low: number, high: number];
      code: number;
      cause: string;
    }
  | { name: "offline" }
  | { name: "stopped"; code?: number | undefined; reason: string };

/** `queued`: goes out later, in order. `rejected`: will never go out. */
export type SendResult = "sent" | "queued" | "rejected";

/** One line of a wire log: a message, a connection's beginning or end, or a change of state. */
export interface FrameEvent {
  direction: "in" | "out";
  /** `host.now()` */
  at: number;
  kind: "text" | "binary" | "open" | "close" | "state";
  /** Of a message. */
  data?: string | Uint8Array;
  /** The subprotocol of an `open`, the reason of a `close`. */
  note?: string | undefined;
  /** Of a `close`; missing where we closed without one. */
  code?: number | undefined;
  wasClean?: boolean;
  state?: SocketState;
}

export interface SocketOptions {
  protocols: string | string[];
  backoff: Partial<Backoff>;
  /** A handshake that takes longer has failed. Browsers would wait for minutes. */
  connectTimeoutMs: number;
  /** Bytes that may wait to be sent. */
  bufferBytes: number;
  /** Whether what waits outlives the connection it was meant for. */
  keepBuffer: boolean;
  /** At this many bytes in the socket's own buffer, further messages wait in ours. */
  highWaterBytes: number;
  host: Host;
}

/** What the peer said about the close that is to come. */
export interface Advice {
  /** The end is agreed on: do not come back. */
  final?: boolean | undefined;
  /** The close code, should the close frame itself get lost. */
  code?: number | undefined;
  /** The time over which the server wants its clients back. */
  retryAfterMs?: number | undefined;
}

export interface SocketEvents {
  state: SocketState;
  message: string | Uint8Array;
  frame: FrameEvent;
  problem: ClientProblem;
}

/** Browsers have no `drain` event: a full socket is looked at this often. */
const drainPollMs = 50;
/** A handler that throws for us every time will not stop to: give up after so many 1011 in a row. */
const maxInternalErrors = 5;

/**
 * Layer 1: one URL, connected again and again. Knows WebSockets, but no protocol spoken over them.
 *
 * Does nothing before `open()`. What an old socket still says after it was given up reaches nobody.
 */
export class ReconnectingSocket {
  readonly #url: string;
  readonly #options: SocketOptions;
  readonly #backoff: Backoff;
  readonly #host: Host;
  readonly #emitter = new Emitter<SocketEvents>();
  readonly #queue: SendQueue;
  #state: SocketState = { name: "idle" };
  #socket: SocketLike | undefined;
  #attempt = 0;
  #internalErrors = 0;
  #advice: Advice = {};
  /** Left for the back/forward cache: `pageshow` connects again. */
  #parked = false;
  /** The end of the handshake or of the wait: there is never need for both. */
  #cancelTimer = () => {};
  #cancelDrain: (() => void) | undefined;
  #unwatch: (() => void) | undefined;

  constructor(url: string, options: Partial<SocketOptions> = {}) {
    this.#url = url;
    this.#options = {
      protocols: [],
      backoff: {},
      connectTimeoutMs: 5_000,
      bufferBytes: 256 * 1024,
      keepBuffer: true,
      highWaterBytes: 1024 * 1024,
      host: defaultHost,
      ...options,
    };
    this.#backoff = { ...defaultBackoff, ...this.#options.backoff };
    this.#host = this.#options.host;
    this.#queue = new SendQueue(this.#options.bufferBytes);
  }

  get state(): SocketState {
    return this.#state;
  }

  /**
   * Connects now, whatever is waited for; also again after `stopped`. Nothing, if there is a connection.
   *
   * Does not ask `isOnline` first: it knows nothing of loopback, and one attempt costs little.
   */
  open(): void {
    if (this.#socket) return;
    this.#unwatch ??= this.#host.watch?.((event) => this.#noticed(event));
    this.#connect();
  }

  /**
   * Ends it: `stopped`, and what waited to be sent is gone. As with `WebSocket.close`, no code is one of the
   * ways to say it (the peer reports 1005), and what may not be sent throws.
   */
  close(code?: number, reason?: string): void {
    if (this.#state.name === "stopped") return;
    if (this.#drop(code, reason)) this.#stop(code, reason ?? "closed by the client");
  }

  /** Gives the connection up and makes another, by the same policy as if the peer had closed with `code`. */
  reconnect(code: number, reason: string): void {
    if (!this.#socket) return;
    if (this.#drop(code, reason)) this.#lost(code, reason);
  }

  /** Sends now if it can, else when it can. */
  send(data: SocketData): SendResult {
    const { name } = this.#state;
    if (this.#queue.first === undefined && this.#transmit(data)) return "sent";
    if (name === "stopped" || (name !== "open" && !this.#options.keepBuffer)) return "rejected";
    if (!this.#queue.push(data)) return "rejected";
    this.#pollDrain();
    return "queued";
  }

  /** Takes the peer's word for how its close is meant. Holds for the present connection. */
  advise(advice: Advice): void {
    this.#advice = { ...this.#advice, ...advice };
  }

  /** Returns the function that takes the listener away. */
  on<Name extends keyof SocketEvents>(name: Name, listener: (event: SocketEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  #connect(): void {
    this.#cancelTimer();
    this.#parked = false;
    this.#advice = {};
    const socket = this.#construct();
    if (!socket) return;
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (event: { data: string | ArrayBuffer }) => this.#received(event.data);
    socket.onclose = (event: CloseFacts) => this.#closed(event);
    this.#cancelTimer = this.#host.after(this.#options.connectTimeoutMs, () => this.#timedOut());
    this.#enter({ name: "connecting", attempt: this.#attempt });
  }

  #construct(): SocketLike | undefined {
    try {
      return new this.#host.WebSocket(this.#url, this.#options.protocols);
    } catch (error) {
      // A bad URL, or ws:// in a page from https://: it would throw every time.
      this.#stop(undefined, String(error));
      return undefined;
    }
  }

  #opened(socket: SocketLike): void {
    this.#cancelTimer();
    const { protocol, extensions } = socket;
    this.#tap({ direction: "in", kind: "open", note: protocol });
    if (this.#socket !== socket) return;
    this.#enter({ name: "open", since: this.#host.now(), protocol, extensions });
    this.#flush();
  }

  #received(data: string | ArrayBuffer): void {
    const socket = this.#socket;
    const message = typeof data === "string" ? data : new Uint8Array(data);
    this.#tapMessage("in", message);
    if (this.#socket === socket) this.#emitter.emit("message", message);
  }

  #closed({ code, reason, wasClean }: CloseFacts): void {
    const before = this.#state;
    this.#release();
    this.#tap({ direction: "in", kind: "close", code, note: reason, wasClean });
    if (this.#state === before) this.#lost(code, reason);
  }

  #timedOut(): void {
    const reason = `no connection within ${this.#options.connectTimeoutMs} ms`;
    // No close frame goes out before the handshake is done, so what was lost is lost without a code.
    if (this.#drop(Close.Normal, reason)) this.#lost(Close.Abnormal, reason);
  }

  /** Decides what follows the end of a connection. */
  #lost(code: number, reason: string): void {
    const { final = false, code: advised = code, retryAfterMs } = this.#advice;
    const meant = code === Close.Abnormal ? advised : code;
    const cause = reason || `close code ${meant}`;
    this.#internalErrors = meant === Close.InternalError ? this.#internalErrors + 1 : 0;
    if (closePolicy(meant, final) === "stop" || this.#internalErrors > maxInternalErrors) {
      return this.#stop(meant, cause);
    }
    this.#attempt++;
    if (this.#host.isOnline?.() === false) return this.#enter({ name: "offline" });
    this.#wait(meant, cause, retryAfterMs);
  }

  #wait(code: number, cause: string, spreadMs: number | undefined): void {
    const attempt = this.#attempt;
    const windowMs = retryWindow(this.#backoff, attempt, code, spreadMs);
    const delayMs = windowMs[0] + this.#host.random() * (windowMs[1] - windowMs[0]);
    this.#cancelTimer = this.#host.after(delayMs, () => this.#connect());
    this.#enter({
      name: "waiting",
      attempt,
      untilAt: this.#host.now() + delayMs,
      delayMs,
      windowMs,
      code,
      cause,
    });
  }

  #stop(code: number | undefined, reason: string): void {
    this.#cancelTimer();
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#forgetFailures();
    this.#queue.clear();
    this.#enter({ name: "stopped", code, reason });
  }

  #noticed(event: HostEvent): void {
    if (this.#parked) return event === "pageshow" ? this.#connect() : undefined;
    if (event === "pagehide") return this.#park();
    if (event === "offline") return this.#suspend({ name: "offline" });
    // Online again, or someone looks: a hidden page may have been denied its timers, and missed `online`.
    if (event !== "hidden" && !this.#socket) this.#connect();
  }

  // An open socket would keep the page out of the back/forward cache.
  #park(): void {
    this.#parked = true;
    this.#suspend({ name: "idle" });
  }

  #suspend(state: { name: "offline" } | { name: "idle" }): void {
    this.#cancelTimer();
    if (this.#drop(Close.Normal, state.name) && this.#state.name !== state.name) this.#enter(state);
  }

  #transmit(data: SocketData): boolean {
    const socket = this.#socket;
    if (this.#state.name !== "open" || !socket) return false;
    // In state CLOSING a socket takes messages and loses them (WHATWG WebSockets, `send`).
    if (socket.readyState !== readyStateOpen || socket.bufferedAmount >= this.#options.highWaterBytes)
      return false;
    socket.send(data);
    this.#tapMessage("out", data instanceof ArrayBuffer ? new Uint8Array(data) : data);
    return true;
  }

  #flush(): void {
    for (let data = this.#queue.first; data !== undefined; data = this.#queue.first) {
      if (!this.#transmit(data)) return this.#pollDrain();
      this.#queue.shift();
    }
  }

  #pollDrain(): void {
    if (this.#state.name !== "open" || this.#cancelDrain) return;
    this.#cancelDrain = this.#host.after(drainPollMs, () => {
      this.#cancelDrain = undefined;
      this.#flush();
    });
  }

  /** Closes and forgets the socket, if there is one. False if a listener has meanwhile decided otherwise. */
  #drop(code?: number, reason?: string): boolean {
    const before = this.#state;
    const socket = this.#socket;
    if (!socket) return true;
    // First, since it throws for a code that may not be sent.
    socket.close(code, reason);
    this.#release();
    this.#tap({ direction: "out", kind: "close", code, note: reason });
    return this.#state === before;
  }

  /** From here on the socket is nobody's: its late events find no listener. */
  #release(): void {
    const socket = this.#socket;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    this.#socket = undefined;
    if (!this.#options.keepBuffer) this.#queue.clear();
    this.#cancelTimer();
    this.#cancelDrain?.();
    this.#cancelDrain = undefined;
    const state = this.#state;
    if (state.name === "open" && this.#host.now() - state.since >= this.#backoff.stableMs)
      this.#forgetFailures();
  }

  #forgetFailures(): void {
    this.#attempt = 0;
    this.#internalErrors = 0;
  }

  // A listener may call any method of ours, so callers expect any state after this.
  #enter(state: SocketState): void {
    this.#state = state;
    this.#tap({ direction: "out", kind: "state", state });
    this.#emitter.emit("state", state, () => this.#state === state);
  }

  #tapMessage(direction: "in" | "out", data: string | Uint8Array): void {
    this.#tap({ direction, kind: typeof data === "string" ? "text" : "binary", data });
  }

  #tap(frame: Omit<FrameEvent, "at">): void {
    this.#emitter.emit("frame", { at: this.#host.now(), ...frame });
  }
}

/** What the client reads of a CloseEvent. */
interface CloseFacts {
  code: number;
  reason: string;
  wasClean: boolean;
}

const readyStateOpen = 1;
