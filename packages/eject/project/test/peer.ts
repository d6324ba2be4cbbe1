// Clients that do exactly what a test says: no reconnecting, no resuming. That is what `Client` is for.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ServerMessage, subprotocol } from "@rosetta/protocol";

/** A WebSocket on which a test speaks `rosetta.v1.json`. */
export class Peer {
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  readonly #messages: ServerMessage[] = [];
  #waiters: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
    });
    socket.addEventListener("message", ({ data }) => {
      this.#messages.push(JSON.parse(data));
      for (const wake of this.#waiters.splice(0)) wake();
    });
  }

  /** Connects and says hello. The same `client` is the same client as before. */
  static async greet(url: string, client = randomClient()): Promise<Peer> {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws`, subprotocol);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error(`${url} opens no WebSocket`)));
    });
    const peer = new Peer(socket);
    await peer.ask({ type: "hello", client, connection: Date.now() });
    return peer;
  }

  /** Sends a request, and resolves with its reply. */
  ask(request: { type: string; id?: string } & Record<string, unknown>): Promise<ServerMessage> {
    const id = request.id ?? randomBytes(8).toString("hex");
    this.#socket.send(JSON.stringify({ ...request, id }));
    return this.take((message) => "re" in message && message.re === id);
  }

  /** Sends a text as it is. */
  send(text: string): void {
    this.#socket.send(text);
  }

  /** Resolves with the first message that a test waits for, which is then taken. */
  async take(isWanted: (message: ServerMessage) => boolean): Promise<ServerMessage> {
    for (;;) {
      const index = this.#messages.findIndex(isWanted);
      const [message] = index < 0 ? [] : this.#messages.splice(index, 1);
      if (message) return message;
      await new Promise<void>((resolve) => void this.#waiters.push(resolve));
    }
  }

  /** Resolves with the next chat line. */
  async line(): Promise<string> {
    const message = await this.take((each) => each.type === "event" && each.data.kind === "chat");
    return message.type === "event" && message.data.kind === "chat" ? message.data.text : "";
  }

  /** Texts that have come and were not taken. */
  get waiting(): string[] {
    return this.#messages.flatMap((each) =>
      each.type === "event" && each.data.kind === "chat" ? [each.data.text] : [],
    );
  }

  /** Starts to close. */
  close(): void {
    this.#socket.close();
  }
}

/** Returns the secret of a new client. */
export function randomClient(): string {
  return randomBytes(16).toString("hex");
}

/** Sends a handshake over TCP. Resolves with the status, and with the socket, on which nothing more is read. */
export async function handshake(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; tcp: Socket }> {
  const { hostname, port, host } = new URL(url);
  const tcp = connect(Number(port), hostname);
  const all = {
    Host: host,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
    "Sec-WebSocket-Protocol": subprotocol,
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  tcp.write(`GET /ws HTTP/1.1\r\n${lines.join("")}\r\n`);
  const [head] = await once(tcp, "data");
  tcp.pause();
  return { status: Number(head.toString().split(" ")[1]), tcp };
}

/** Returns a text as a frame of a client, which is masked (RFC 6455 §5.3): with zeros, so it stays as it is. */
export function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
