import { Close, closePolicy } from "@rosetta/protocol";
import { type Backoff, defaultBackoff, patienceMs, retryWindow } from "./backoff.ts";
import { type ClientProblem, Emitter } from "./emitter.ts";
import { defaultHost, type Host, type HostEvent, type SocketConstructor, type SocketLike } from "./host.ts";
import { SendQueue, type SocketData } from "./queue.ts";

/**
 * Where a connection stands. Times are those of `host.now()`.
 *
 *     idle ─▶ connecting ─▶ open ─▶ waiting ─▶ connecting …   until `close()` or a final close code: stopped
 *
 * `offline` replaces `waiting` while the runtime says that the network is down. The wait is longer, and ends as soon as
 * the network is said to be back. A page in the back/forward cache is `idle`. `attempt` counts the retries since
 * the last stable connection; the first attempt is 0.
 */
export type SocketState =
  | { name: "idle" }
  | { name: "connecting"; attempt: number }
  | { name: "open"; since: number; protocol: string; extensions: string }
  | ({ name: "waiting" } & Wait)
  | ({ name: "offline" } & Wait)
  | { name: "stopped"; code?: number | undefined; reason: string };

/** The wait for the next attempt. */
export interface Wait {
  /** The number of the next retry; 0 if nothing has failed. */
  attempt: number;
  /** When the next attempt begins, in milliseconds of `host.now()`. */
  untilAt: number;
  /** How long the whole wait is, in milliseconds. */
  delayMs: number;
  /** The delay was drawn evenly from here. */
  windowMs: [low: number, high: number];
  /** The close code with which the connection ended. */
  code: number;
  /** Why the connection ended, for people: the reason of the close, or `close code` and its number if it gave none. */
  cause: string;
}

/** `queued`: goes out later, in order. `rejected`: will never go out. */
export type SendResult = "sent" | "queued" | "rejected";

/** One line of a wire log: a message, the beginning or the end of a connection, or a change of its state. */
export type FrameEvent = Frame & {
  /** `host.now()` (ms). */
  at: number;
};

/** How a connection ended. */
export type CloseFrame = Extract<FrameEvent, { kind: "close" }>;

type Frame =
  | { kind: "text"; direction: "in" | "out"; data: string }
  | { kind: "binary"; direction: "in" | "out"; data: Uint8Array }
  | { kind: "open"; direction: "in"; protocol: string }
  /** `wasClean`: both sides said goodbye. */
  | { kind: "close"; direction: "in"; code: number; reason: string; wasClean: boolean }
  /** We closed. Without a code, the peer reports 1005. */
  | { kind: "close"; direction: "out"; code: number | undefined; reason: string | undefined }
  | { kind: "state"; direction: "out"; state: SocketState };

/** The options of a `ReconnectingSocket`. Each has a default. */
export interface SocketOptions {
  /** The subprotocols to offer, the preferred one first. Default: none. */
  protocols: string | string[];
  /** How long to wait before the next attempt. What is left out is as in `defaultBackoff`. */
  backoff: Partial<Backoff>;
  /**
   * How long a handshake can take, in milliseconds: browsers would wait for minutes. Each retry waits twice as long as
   * the one before, up to 30 s. Default: 5,000.
   */
  connectTimeoutMs: number;
  /** Bytes that may wait to be sent. A message that does not fit is `rejected`. Default: 256 KiB. */
  bufferBytes: number;
  /** Whether what waits outlives the connection it was meant for. Default: true. */
  keepBuffer: boolean;
  /** At this many bytes in the socket's own buffer, further messages wait in ours. Default: 1 MiB. */
  highWaterBytes: number;
  /** The clock, the timers, the WebSocket and the page. Default: those of this runtime. */
  host: Host;
}

/** The peer's advice about the close that is to come. */
export interface Advice {
  /** The end is agreed on: do not come back. */
  final?: boolean | undefined;
  /** The close code, should the close frame itself get lost. */
  code?: number | undefined;
  /** The time over which the server wants its clients back. */
  retryAfterMs?: number | undefined;
  /** The peer has not yet shown that it speaks our protocol, so the connection is no success, however long it lives. */
  unproven?: boolean | undefined;
}

/** The events of `socket.on`, by name. */
export interface SocketEvents {
  /** The state has changed. The same as `socket.state`. */
  state: SocketState;
  /** A message came in: a string if it was text, a `Uint8Array` if it was binary. */
  message: string | Uint8Array;
  /** A line for a wire log, in either direction. Told before `message` and before `state`. */
  frame: FrameEvent;
  /** A listener threw. If nobody listens to this, it is written to the console. */
  problem: ClientProblem;
}

/** Browsers have no `drain` event: a full socket is looked at this often. */
const drainPollMs = 50;
/** How long the peer has to answer our close frame (ms). Then we cut the connection, if the runtime lets us. */
const goodbyeMs = 3_000;
/** Close code 1011 is forgiven this many times in a row: a handler that fails every time will not recover by itself. */
const maxInternalErrors = 5;

/**
 * Layer 1: one URL, connected again and again. Knows WebSockets, but no protocol spoken over them.
 *
 * Does nothing before `open()`. Events of a socket that was given up are ignored.
 */
export class ReconnectingSocket {
  readonly #url: string;
  readonly #options: SocketOptions;
  readonly #backoff: Backoff;
  readonly #host: Host;
  readonly #WebSocket: SocketConstructor;
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

  /** Throws a TypeError if the runtime has no WebSocket and `host` brings none. */
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
    this.#WebSocket = webSocketOf(this.#host);
    this.#queue = new SendQueue(this.#options.bufferBytes);
  }

  /** Where the connection stands. `idle` before the first `open()`. */
  get state(): SocketState {
    return this.#state;
  }

  /**
   * Connects now instead of waiting any longer; also again after `stopped`. Does nothing if there is a connection.
   *
   * Does not check `isOnline` first: it is only a hint, and one attempt costs little.
   */
  open(): void {
    if (this.#socket) return;
    this.#unwatch ??= this.#host.watch?.((event) => this.#noticed(event));
    this.#connect();
  }

  /**
   * Ends the connection: the state is `stopped`, and what waited to be sent is gone. `code` may be left out; the peer
   * then reports 1005. Throws for a code that must not be sent.
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

  /** Sends now, or as soon as there is an open connection with room for it. */
  send(data: SocketData): SendResult {
    const { name } = this.#state;
    if (this.#queue.first === undefined && this.#takesMore) {
      this.#transmit(data);
      return "sent";
    }
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
    this.#listen(socket);
    const timeoutMs = patienceMs(this.#options.connectTimeoutMs, this.#attempt);
    this.#cancelTimer = this.#host.after(timeoutMs, () => this.#timedOut(timeoutMs));
    this.#enter({ name: "connecting", attempt: this.#attempt });
  }

  #construct(): SocketLike | undefined {
    try {
      return new this.#WebSocket(this.#url, this.#options.protocols);
    } catch (error) {
      // A bad URL, or ws:// in a page from https://: it would throw every time.
      this.#stop(undefined, String(error));
      return undefined;
    }
  }

  /** Listens to a socket for as long as it is ours. Later events, however late or often, are ignored. */
  #listen(socket: SocketLike): void {
    const whileOurs = <Event>(act: (event: Event) => void) => {
      return (event: Event) => void (this.#socket === socket && act(event));
    };
    socket.onopen = whileOurs(() => this.#opened(socket));
    socket.onmessage = whileOurs((event: { data: string | ArrayBuffer }) => this.#received(event.data));
    socket.onclose = whileOurs((event: CloseFacts) => this.#closed(event));
    // `close` follows and tells all. But an `error` event without a listener ends the process in `ws` (ws#1426).
    socket.onerror = () => {};
  }

  #opened(socket: SocketLike): void {
    this.#cancelTimer();
    const { protocol, extensions } = socket;
    this.#tap({ direction: "in", kind: "open", protocol });
    if (this.#socket !== socket) return;
    this.#enter({ name: "open", since: this.#host.now(), protocol, extensions });
    this.#flush();
  }

  #received(data: string | ArrayBuffer): void {
    const socket = this.#socket;
    const message = this.#tapMessage("in", data, this.#host.now());
    if (this.#socket === socket) this.#emitter.emit("message", message);
  }

  #closed({ code, reason, wasClean }: CloseFacts): void {
    const before = this.#state;
    this.#release();
    this.#tap({ direction: "in", kind: "close", code, reason, wasClean });
    if (this.#state === before) this.#lost(code, reason);
  }

  #timedOut(timeoutMs: number): void {
    const reason = `no connection within ${timeoutMs} ms`;
    // No close frame goes out before the handshake is done, so the connection ends with 1006.
    if (this.#drop(Close.Normal, reason)) this.#lost(Close.Abnormal, reason);
  }

  /** Decides what follows the end of a connection. */
  #lost(code: number, reason: string): void {
    const { final = false, code: advised = code } = this.#advice;
    const meant = code === Close.Abnormal ? advised : code;
    const cause = reason || `close code ${meant}`;
    this.#internalErrors = meant === Close.InternalError ? this.#internalErrors + 1 : 0;
    if (closePolicy(meant, final) === "stop" || this.#internalErrors > maxInternalErrors) {
      return this.#stop(meant, cause);
    }
    this.#attempt++;
    this.#wait(meant, cause);
  }

  #wait(code: number, cause: string): void {
    const attempt = this.#attempt;
    const isOffline = this.#host.isOnline?.() === false;
    const windowMs = retryWindow(
      this.#backoff,
      Math.max(1, attempt),
      code,
      this.#advice.retryAfterMs,
      isOffline,
    );
    const delayMs = windowMs[0] + this.#host.random() * (windowMs[1] - windowMs[0]);
    const untilAt = this.#host.now() + delayMs;
    this.#cancelTimer();
    this.#cancelTimer = this.#host.after(delayMs, () => this.#connect());
    const name = isOffline ? "offline" : "waiting";
    this.#enter({ name, attempt, untilAt, delayMs, windowMs, code, cause });
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
    if (event === "offline") return this.#wentOffline();
    // Online again, or someone looks: a hidden page may have been denied its timers, and missed `online`.
    if (event !== "hidden" && !this.#socket) this.#connect();
  }

  // Without a network we would not hear that a connection is lost, so we give it up. If it still worked, nothing is
  // missed: the next one continues where it ended.
  #wentOffline(): void {
    const state = this.#state;
    if (state.name === "waiting") return this.#wait(state.code, state.cause);
    // This is not a failure, so `attempt` stays as it is.
    if (this.#socket && this.#drop(Close.Normal, "offline")) this.#wait(Close.Abnormal, "offline");
  }

  // An open socket would keep the page out of the back/forward cache.
  #park(): void {
    this.#parked = true;
    this.#cancelTimer();
    if (this.#drop(Close.Normal, "idle") && this.#state.name !== "idle") this.#enter({ name: "idle" });
  }

  // #region backpressure
  get #takesMore(): boolean {
    const socket = this.#socket;
    // In state CLOSING a socket takes messages and loses them (WHATWG WebSockets, `send`).
    const isOpen = this.#state.name === "open" && socket?.readyState === readyState.open;
    return isOpen && socket.bufferedAmount < this.#options.highWaterBytes;
  }

  #transmit(data: SocketData): void {
    // The time at which it leaves, because handing over a large message takes a while.
    const at = this.#host.now();
    this.#socket?.send(data);
    this.#tapMessage("out", data, at);
  }

  #flush(): void {
    while (this.#queue.first !== undefined) {
      if (!this.#takesMore) return this.#pollDrain();
      // Taken out first: a `frame` listener may close, open and send, and so start this loop again.
      this.#transmit(this.#queue.shift());
    }
  }
  // #endregion backpressure

  #pollDrain(): void {
    // On its last frame the state is still `open`, but there is nothing left to drain.
    if (this.#state.name !== "open" || !this.#socket || this.#cancelDrain) return;
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
    this.#giveUp(socket, code, reason);
    this.#release();
    this.#tap({ direction: "out", kind: "close", code, reason });
    return this.#state === before;
  }

  /** Throws for a code that must not be sent, and then the socket stays ours. */
  #giveUp(socket: SocketLike, code?: number, reason?: string): void {
    // Before close(), not after: undici fires `close` from within it (nodejs/undici#4741).
    this.#socket = undefined;
    try {
      socket.close(code, reason);
    } catch (error) {
      this.#socket = socket;
      throw error;
    }
    if (!socket.terminate || socket.readyState === readyState.closed) return;
    // The timer's cancel function serves as the listener.
    socket.onclose = this.#host.after(goodbyeMs, () => socket.terminate?.());
  }

  /** Lets go of the socket when its connection is over. */
  #release(): void {
    this.#socket = undefined;
    if (!this.#options.keepBuffer) this.#queue.clear();
    this.#cancelTimer();
    this.#cancelDrain?.();
    this.#cancelDrain = undefined;
    const state = this.#state;
    if (state.name !== "open" || this.#advice.unproven) return;
    if (this.#host.now() - state.since >= this.#backoff.stableMs) this.#forgetFailures();
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

  // #region data
  /** Returns the message as it is told: bytes as a `Uint8Array`, however they came. */
  #tapMessage(direction: "in" | "out", data: SocketData, at: number): string | Uint8Array {
    const message = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    if (typeof message === "string") this.#tap({ direction, kind: "text", data: message }, at);
    else this.#tap({ direction, kind: "binary", data: message }, at);
    return message;
  }
  // #endregion data

  #tap(frame: Frame, at = this.#host.now()): void {
    this.#emitter.emit("frame", { at, ...frame });
  }
}

/** The part of a CloseEvent that the client reads. */
interface CloseFacts {
  code: number;
  reason: string;
  wasClean: boolean;
}

/** WHATWG WebSockets, `readyState`. */
const readyState = { open: 1, closed: 3 } as const;

function webSocketOf({ WebSocket }: Host): SocketConstructor {
  if (WebSocket) return WebSocket;
  throw new TypeError(
    "no WebSocket in this runtime: pass the one of the package ws as `host: { ...defaultHost, WebSocket }`",
  );
}
