import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type Frame, FrameDecoder, Opcode } from "@rosetta/conformance";

/** Something on the wire: a WebSocket frame, or an HTTP request or answer with its body. */
export interface Crossing {
  step: string;
  from: "client" | "server";
  kind: "http" | "text" | "ping" | "pong" | "other";
  /** The message, or the first line of the request or of the answer. */
  text: string;
  /** On the wire, with the header of the frame or of HTTP. */
  bytes: number;
}

/** A TCP proxy before a server, which notes every frame that goes through it. */
export class RecordingProxy {
  readonly crossings: Crossing[] = [];
  /** The current step of the conversation. */
  step = "";
  readonly #server = createServer((client) => this.#relay(client));
  readonly #target: number;
  readonly #sockets = new Set<Socket>();

  private constructor(target: number) {
    this.#target = target;
  }

  /** Starts a proxy on any free port, before the server on `target`. */
  static async start(target: number): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #relay(client: Socket): void {
    const server = connect(this.#target, "127.0.0.1");
    const readers = { client: new Reader("client"), server: new Reader("server") };
    const follow = (from: Crossing["from"], socket: Socket, other: Socket): void => {
      this.#sockets.add(socket.on("error", () => {}));
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.on("data", (bytes: Buffer) => {
        const found = readers[from].read(bytes);
        for (const crossing of found) this.crossings.push({ step: this.step, ...crossing });
        if (found.some(({ text }) => text.startsWith("HTTP/1.1 101"))) readers.client.speaksFrames = true;
        other.write(bytes);
      });
    };
    follow("client", client, server);
    follow("server", server, client);
  }
}

/** Reads one direction of a connection: HTTP, and frames after the 101. */
class Reader {
  /** Whether the handshake is over. */
  speaksFrames = false;
  readonly #from: Crossing["from"];
  readonly #decoder = new FrameDecoder();
  #http = Buffer.alloc(0);

  constructor(from: Crossing["from"]) {
    this.#from = from;
  }

  read(bytes: Buffer): Omit<Crossing, "step">[] {
    if (this.speaksFrames) return [...this.#decoder.push(bytes)].map((frame) => this.#ofFrame(frame));
    this.#http = Buffer.concat([this.#http, bytes]);
    const found: Omit<Crossing, "step">[] = [];
    for (let length = lengthOf(this.#http); length !== undefined; length = lengthOf(this.#http)) {
      const text = this.#http.toString("latin1", 0, length);
      this.#http = this.#http.subarray(length);
      const [line = ""] = text.split("\r\n");
      const body = text.slice(text.indexOf("\r\n\r\n") + 4);
      found.push({ from: this.#from, kind: "http", text: body ? `${line}: ${body}` : line, bytes: length });
      if (!line.startsWith("HTTP/1.1 101")) continue;
      this.speaksFrames = true;
      const rest = this.#http;
      this.#http = Buffer.alloc(0);
      return rest.length === 0 ? found : [...found, ...this.read(rest)];
    }
    return found;
  }

  #ofFrame({ opcode, mask, payload }: Frame): Omit<Crossing, "step"> {
    const extended = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
    return {
      from: this.#from,
      kind: kinds.get(opcode) ?? "other",
      text: Buffer.from(payload).toString(),
      // RFC 6455 §5.2.
      bytes: 2 + extended + (mask ? 4 : 0) + payload.length,
    };
  }
}

const kinds = new Map<number, Crossing["kind"]>([
  [Opcode.Text, "text"],
  [Opcode.Ping, "ping"],
  [Opcode.Pong, "pong"],
]);

/** Returns the length of the first request or answer, or `undefined` while a part of it is missing. */
function lengthOf(bytes: Buffer): number | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [, length = "0"] = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString("latin1", 0, end)) ?? [];
  const whole = end + 4 + Number(length);
  return bytes.length < whole ? undefined : whole;
}
