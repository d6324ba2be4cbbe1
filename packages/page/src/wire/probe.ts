import { defaultHost, type FrameEvent } from "@rosetta/client";

/** How a connection ended, as the browser tells it, and what only this side knows. */
export interface ProbeEnd {
  code: number;
  reason: string;
  wasClean: boolean;
  /** False if the handshake failed. */
  opened: boolean;
  /** This side called `close` first. */
  byPage: boolean;
  /** Milliseconds since the last message, or since it was opened. */
  idleMs: number;
}

export interface ProbeListeners {
  /** Receives every frame that goes over it, for the wire log. */
  frame(frame: FrameEvent): void;
  /** With the subprotocol that the server chose, empty if it chose none. */
  open?(protocol: string): void;
  message?(data: string | Uint8Array): void;
  end?(end: ProbeEnd): void;
}

/** One WebSocket for one experiment. It is never opened again, and waits for what the other side says to `close`. */
export class Probe {
  readonly #ws: WebSocket;
  readonly #end = new AbortController();
  #listeners: ProbeListeners;
  #opened = false;
  #byPage = false;
  #heardAt = performance.now();

  constructor(url: string, protocols: string[], listeners: ProbeListeners) {
    this.#listeners = listeners;
    this.#ws = new WebSocket(url, protocols);
    this.#ws.binaryType = "arraybuffer";
    const { signal } = this.#end;
    this.#ws.addEventListener("open", () => this.#open(), { signal });
    this.#ws.addEventListener("message", ({ data }) => this.#message(data), { signal });
    this.#ws.addEventListener("close", (event) => this.#close(event), { signal });
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (!this.isOpen) return;
    const at = defaultHost.now();
    this.#ws.send(data);
    this.#tap("out", data, at);
  }

  /** Closes as the browser's own does: without a code, the close frame has none. */
  close(code?: number, reason?: string): void {
    if (this.#ws.readyState > WebSocket.OPEN) return;
    // First, since it throws for what may not be sent.
    this.#ws.close(code, reason);
    this.#byPage = true;
    this.#listeners.frame({ direction: "out", kind: "close", at: defaultHost.now(), code, reason });
  }

  /** Ends it, and tells nobody any more. */
  leave(): void {
    if (this.isOpen) this.close(1000);
    this.#end.abort();
    // Not yet open: `close` fails the handshake, which the browser would note as an error of the page.
    if (this.#ws.readyState === WebSocket.CONNECTING) this.#ws.onopen = () => this.#ws.close(1000);
  }

  #open(): void {
    this.#opened = true;
    this.#heardAt = performance.now();
    this.#listeners.frame({
      direction: "in",
      kind: "open",
      at: defaultHost.now(),
      protocol: this.#ws.protocol,
    });
    this.#listeners.open?.(this.#ws.protocol);
  }

  #message(data: string | ArrayBuffer): void {
    const message = typeof data === "string" ? data : new Uint8Array(data);
    this.#tap("in", message, defaultHost.now());
    this.#listeners.message?.(message);
  }

  #close({ code, reason, wasClean }: CloseEvent): void {
    const idleMs = performance.now() - this.#heardAt;
    this.#listeners.frame({
      direction: "in",
      kind: "close",
      at: defaultHost.now(),
      code,
      reason,
      wasClean,
    });
    this.#listeners.end?.({ code, reason, wasClean, opened: this.#opened, byPage: this.#byPage, idleMs });
  }

  #tap(direction: "in" | "out", data: string | Uint8Array, at: number): void {
    this.#heardAt = performance.now();
    if (typeof data === "string") this.#listeners.frame({ direction, kind: "text", at, data });
    else this.#listeners.frame({ direction, kind: "binary", at, data });
  }
}
