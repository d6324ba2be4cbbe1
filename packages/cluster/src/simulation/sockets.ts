import type { Host, SocketLike } from "@rosetta/client";
import { openSessionOf, Socket, type World } from "@rosetta/hub/testing";
import type { SimulatedServer } from "./servers.ts";

/** Milliseconds of one way between a client and a server. */
const wayMs = 1;

/** The server's end of a connection: what it sends is on its way to the client. */
class ServerSocket extends Socket {
  readonly #sent: (frame: string) => void;
  readonly #ended: (code: number) => void;

  constructor(sent: (frame: string) => void, ended: (code: number) => void) {
    super();
    this.#sent = sent;
    this.#ended = ended;
    const frames: string[] = [];
    frames.push = (frame) => {
      this.#sent(frame);
      return 1;
    };
    this.frames = frames;
  }

  override close(code: number, reason: string): void {
    if (this.closing || this.isTerminated) return;
    super.close(code, reason);
    this.#ended(code);
  }

  override terminate(): void {
    if (this.isTerminated) return;
    super.terminate();
    this.#ended(1006);
  }
}

/** Returns the host of a client: the world's time, and sockets to the server that `choose` names at that moment. */
export function hostOf(
  world: World,
  random: () => number,
  choose: () => SimulatedServer | undefined,
): Host & { cut(): void } {
  let newest: ClientSocket | undefined;

  /** The client's end of a connection. */
  class ClientSocket implements SocketLike {
    binaryType = "";
    readyState = 0;
    readonly bufferedAmount = 0;
    protocol = "";
    readonly extensions = "";
    onopen: unknown;
    onmessage: unknown;
    onclose: unknown;
    onerror: unknown;
    readonly #server = choose();
    #socket: ServerSocket | undefined;

    constructor(_url: string, protocols: string[] = []) {
      newest = this;
      world.after(2 * wayMs, () => this.#open(protocols[0] ?? ""));
    }

    send(data: unknown): void {
      world.after(wayMs, () => {
        if (this.#server?.isAlive) this.#socket?.session?.text(String(data));
      });
    }

    close(code = 1000): void {
      if (this.readyState > 1) return;
      this.readyState = 2;
      world.after(wayMs, () => this.#gone(code));
      world.after(2 * wayMs, () => this.ended(code));
    }

    /** The connection is over for the client. */
    ended(code: number): void {
      if (this.readyState === 3) return;
      this.readyState = 3;
      call(this.onclose, { code, reason: "", wasClean: code !== 1006 });
    }

    /** The connection is lost, and both sides notice. */
    cut(): void {
      this.#gone(1006);
      this.ended(1006);
    }

    #open(protocol: string): void {
      const server = this.#server;
      if (this.readyState !== 0) return;
      if (!server?.isOpen) return this.ended(1006);
      this.readyState = 1;
      this.protocol = protocol;
      const socket = new ServerSocket(
        (frame) => world.after(wayMs, () => this.readyState === 1 && call(this.onmessage, { data: frame })),
        (code) => {
          server.sockets.delete(socket);
          world.after(wayMs, () => this.#gone(code));
          world.after(wayMs, () => this.ended(code));
        },
      );
      this.#socket = socket;
      server.sockets.add(socket);
      openSessionOf(server.part, socket);
      call(this.onopen, {});
    }

    #gone(code: number): void {
      const socket = this.#socket;
      if (!socket || !this.#server) return;
      this.#server.sockets.delete(socket);
      socket.isTerminated = true;
      if (this.#server.isAlive) socket.session?.closed(code);
    }
  }

  return {
    now: () => world.now(),
    date: () => world.date(),
    after: (ms, run) => world.after(ms, run),
    random,
    WebSocket: ClientSocket as unknown as Host["WebSocket"],
    cut: () => newest?.cut(),
  };
}

function call(listener: unknown, event: unknown): void {
  if (typeof listener === "function") listener(event);
}
