import type { SocketConstructor, SocketLike } from "@rosetta/client";

/** A socket that was refused: it never opens. */
class RefusedSocket implements SocketLike {
  binaryType: SocketLike["binaryType"] = "arraybuffer";
  readonly readyState = 3;
  readonly bufferedAmount = 0;
  readonly protocol = "";
  readonly extensions = "";
  onopen: unknown = null;
  onmessage: unknown = null;
  onclose: unknown = null;

  constructor() {
    // Not at once: whoever makes a socket sets its listeners after that.
    queueMicrotask(() => lose(this));
  }

  send(): void {}
  close(): void {}
}

/**
 * The way between one client and the network, which can be cut and mended. A client that is handed its constructor
 * loses its connection as it would to a pulled cable: without a goodbye, and nothing gets through until it is mended.
 */
export class Cable {
  readonly WebSocket: SocketConstructor;
  #isCut = false;
  #live: SocketLike | undefined;

  constructor(real: SocketConstructor) {
    this.WebSocket = new Proxy(real, {
      construct: (_, [url, protocols]) => this.#make(real, url, protocols),
    });
  }

  /** Ends the connection there is. The client hears of it only as of a loss: 1006. */
  cut(): void {
    this.#isCut = true;
    const socket = this.#live;
    this.#live = undefined;
    if (!socket) return;
    const { onclose } = socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // A page cannot drop a socket without a word, so the server does get a close frame.
    socket.close();
    lose({ onclose });
  }

  mend(): void {
    this.#isCut = false;
  }

  #make(real: SocketConstructor, url: string, protocols?: string | string[]): SocketLike {
    if (this.#isCut) return new RefusedSocket();
    this.#live = new real(url, protocols);
    return this.#live;
  }
}

function lose({ onclose }: { onclose: unknown }): void {
  if (typeof onclose === "function") onclose({ code: 1006, reason: "", wasClean: false });
}
