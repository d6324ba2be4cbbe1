import type { SocketData } from "./queue.ts";

/**
 * The client's clock, timers, randomness and sockets. They are passed in, so that every state is tested without
 * sleeping.
 */
export interface Host {
  /**
   * Returns milliseconds that never go backwards. They can stand still while the machine sleeps (w3c/hr-time#115).
   */
  now(): number;
  /** Returns the time of day, in milliseconds since 1970. Jumps when the clock is set. */
  date(): number;
  /** Runs once after `ms`, unless the returned function was called before. */
  after(ms: number, run: () => void): () => void;
  /** Returns a random number, at least 0 and less than 1. */
  random(): number;
  /** Any WebSocket with this interface will do. Not every runtime has one built in: Node does since version 22. */
  WebSocket: SocketConstructor;
  /** Tells what the page and the network do, until the returned function is called. */
  watch?(listener: (event: HostEvent) => void): () => void;
  /** Returns whether the page is hidden: its timers may then run late. */
  isHidden?(): boolean;
  /**
   * Returns whether there is a network. `false` is only a hint: loopback, and networks that the browser does not know
   * of, still work (HTML §8.9.1).
   */
  isOnline?(): boolean;
}

/** `pagehide` and `pageshow` stand around a stay in the back/forward cache. */
export type HostEvent = "online" | "offline" | "hidden" | "visible" | "pagehide" | "pageshow";

/** The part of a WebSocket that the client uses. Browsers, Node, Bun and the package `ws` all have it. */
export interface SocketLike {
  /** We set `arraybuffer`. The other values differ between runtimes. */
  binaryType: string;
  /** 1 while messages may be sent. */
  readonly readyState: number;
  /** Bytes that were given to `send` and are not with the network yet. */
  readonly bufferedAmount: number;
  /** The subprotocol that the server chose; empty if it chose none. */
  readonly protocol: string;
  /** The extensions that the server chose, such as `permessage-deflate`; empty if it chose none. */
  readonly extensions: string;
  /** Sends one message. Called only while `readyState` is 1. */
  send(data: SocketData): void;
  /** Starts the closing handshake. Throws for a code or a reason that may not be sent. */
  close(code?: number, reason?: string): void;
  /** Cuts the connection without a close handshake. Only Bun and the package `ws` have it. */
  terminate?(): void;
  // Each runtime has its own types for `this` and for the events, so here the client says what it reads.
  /** Called when the handshake is done. The client does not read the event. */
  onopen: unknown;
  /** Called for each message. The client reads the event's `data`: a string or an `ArrayBuffer`. */
  onmessage: unknown;
  /** Called once, when the connection is over. The client reads the event's `code`, `reason` and `wasClean`. */
  onclose: unknown;
  /** Called before `onclose` if the connection failed. The client does not read the event: `onclose` tells it all. */
  onerror?: unknown;
}

/** Creates a socket, which connects at once. Throws for a URL that it does not accept: the client is then `stopped`. */
export type SocketConstructor = new (url: string, protocols?: string | string[]) => SocketLike;

/** The surroundings as they are: a page, a worker, Node or Bun. */
export const defaultHost: Host = {
  // Date.now() would jump with the clock, and with it every deadline.
  now: () => performance.timeOrigin + performance.now(),
  date: () => Date.now(),
  after(ms, run) {
    // A longer time would be over at once: it is kept in 32 bits.
    const timer = setTimeout(run, Math.min(ms, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
  random: Math.random,
  // Looked up when it is needed: a polyfill may be installed after this module was loaded.
  get WebSocket() {
    return globalThis.WebSocket;
  },
  watch,
  isHidden,
  isOnline: () => page.navigator?.onLine !== false,
};

interface Listenable {
  addEventListener?(type: string, listener: () => void, options: { signal: AbortSignal }): void;
}

// Node has neither events nor `document` here, a worker has no `document`.
const page: Listenable & {
  document?: Listenable & { visibilityState: string };
  navigator?: { onLine?: boolean };
} = globalThis as object;

function isHidden(): boolean {
  return page.document?.visibilityState === "hidden";
}

function watch(listener: (event: HostEvent) => void): () => void {
  const end = new AbortController();
  for (const name of ["online", "offline", "pagehide", "pageshow"] as const) {
    page.addEventListener?.(name, () => listener(name), end);
  }
  // After a freeze Chrome may send `resume` alone (phoenixframework/phoenix, assets/js/phoenix/socket.js).
  for (const name of ["visibilitychange", "resume"]) {
    page.document?.addEventListener?.(name, () => listener(isHidden() ? "hidden" : "visible"), end);
  }
  return () => end.abort();
}
