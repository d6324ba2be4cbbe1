import {
  type CloseInfo,
  decodeClose,
  encodeClose,
  encodeFrame,
  type Frame,
  FrameDecoder,
  type FrameToSend,
  inflateOf,
  type Message,
  MessageAssembler,
  Opcode,
  randomMask,
} from "@rosetta/conformance";
import { failure } from "./failure.ts";
import type { ResponseHead } from "./http.ts";
import { type Await, Inbox, within } from "./inbox.ts";
import type { TcpConnection, TcpEnd } from "./tcp-connection.ts";

/** How a WebSocket ended, as its client sees it: 1006 if no close frame came (RFC 6455 §7.1.5). */
export interface Closed extends CloseInfo {
  how: "close frame" | TcpEnd;
}

/** The name of a frame's opcode, or a custom condition. */
export type FrameFilter = keyof typeof filters | ((frame: Frame) => boolean);

// The widest window can also read what was compressed with a smaller one.
const widest = { contextTakeover: true, windowBits: 15 };
const longest = 64 * 1024 * 1024;

const filters = {
  text: Opcode.Text,
  binary: Opcode.Binary,
  continuation: Opcode.Continuation,
  close: Opcode.Close,
  ping: Opcode.Ping,
  pong: Opcode.Pong,
};

/** A consumer that takes all messages of a socket, instead of awaiting them one by one. */
export interface MessageConsumer {
  message(message: Message): void;
  /** Is called when no more will come. */
  over(why: string): void;
}

/**
 * The client's end of a WebSocket, down to the frame. It shows what browsers hide, and breaks rules if asked to.
 * Frames and messages each wait in a queue until a test takes them, so nothing is missed between two awaits.
 */
export class RawSocket {
  readonly #connection: TcpConnection;
  readonly #decoder: FrameDecoder;
  readonly #assembler: MessageAssembler;
  readonly #frames = new Inbox<Frame>(() => this.story());
  readonly #messages = new Inbox<Message>(() => this.story());
  readonly #closing = Promise.withResolvers<Closed>();
  #consumer: MessageConsumer | undefined;
  #closed: Closed | undefined;
  #violation: string | undefined;
  #over: string | undefined;
  #closeSent = false;

  /** The response to the handshake. */
  readonly head: ResponseHead;
  /** Every frame that came. */
  readonly frames: Frame[] = [];
  /** Whether pings are answered: RFC 6455 §5.5.2. */
  autoPong = true;
  /** Whether a close frame is answered: RFC 6455 §5.5.1. */
  autoClose = true;

  constructor(connection: TcpConnection, head: ResponseHead, firstBytes: Uint8Array) {
    this.#connection = connection;
    this.head = head;
    this.#closing.promise.catch(() => undefined);
    const isCompressed = head.headers.has("sec-websocket-extensions");
    this.#decoder = new FrameDecoder({ masked: false, allowRsv1: isCompressed });
    this.#assembler = new MessageAssembler(isCompressed ? inflateOf(widest, longest) : undefined);
    this.#take(firstBytes);
    connection.listen((bytes) => this.#take(bytes));
    connection.onEnd((how) => this.#end(how));
  }

  /** The subprotocol that the server chose. */
  get subprotocol(): string {
    return this.head.headers.get("sec-websocket-protocol") ?? "";
  }

  /** Sends a message in one frame, or in as many as `fragments` says. */
  send(data: string | Uint8Array, { fragments = 1 }: { fragments?: number } = {}): void {
    const payload = typeof data === "string" ? Buffer.from(data) : data;
    const size = Math.ceil(payload.length / fragments);
    for (let index = 0; index < fragments; index++) {
      const first = typeof data === "string" ? Opcode.Text : Opcode.Binary;
      this.sendFrame({
        opcode: index === 0 ? first : Opcode.Continuation,
        fin: index === fragments - 1,
        payload: payload.subarray(index * size, (index + 1) * size),
      });
    }
  }

  /** Sends any frame, masked unless told otherwise (RFC 6455 §5.1). */
  sendFrame(frame: FrameToSend, { masked = true }: { masked?: boolean } = {}): void {
    if (frame.opcode === Opcode.Close) this.#closeSent = true;
    this.#connection.write(encodeFrame(masked ? { mask: randomMask(), ...frame } : frame));
  }

  /** Sends any bytes. */
  sendBytes(bytes: Uint8Array): void {
    this.#connection.write(bytes);
  }

  /** Takes the oldest frame, or the oldest that is wanted. The others stay. */
  next(filter: FrameFilter = () => true, { deadline, awaited }: Await = {}): Promise<Frame> {
    const wants = typeof filter === "string" ? (frame: Frame) => frame.opcode === filters[filter] : filter;
    const what = typeof filter === "string" ? `a ${filter} frame` : "a frame";
    return this.#frames.take(awaited ?? what, wants, deadline);
  }

  /** Takes the oldest message, or the oldest that is wanted. The others stay. */
  nextMessage(wants: (message: Message) => boolean = () => true, options: Await = {}): Promise<Message> {
    return this.#messages.take(options.awaited ?? "a message", wants, options.deadline);
  }

  /** Returns the text of the next message. Throws if it is binary. */
  async nextText(options: Await = {}): Promise<string> {
    const message = await this.nextMessage(undefined, { awaited: "a text message", ...options });
    if (message.kind === "text") return message.text;
    throw failure(
      `expected a text message, but a binary one of ${message.data.length} B came; ${this.story()}`,
    );
  }

  /** Returns the messages that came and were not taken. */
  get messages(): readonly Message[] {
    return this.#messages.waiting;
  }

  /** Passes all messages to a consumer, those that wait and those to come. */
  consume(consumer: MessageConsumer): void {
    this.#consumer = consumer;
    for (const message of this.#messages.drain()) consumer.message(message);
    if (this.#over !== undefined) consumer.over(this.#over);
  }

  /** Sends a ping and waits for its pong. Everything that the server sent before is then here (RFC 6455 §5.5.3). */
  ping(payload: string | Uint8Array = crypto.randomUUID(), options: Await = {}): Promise<Frame> {
    const bytes = Buffer.from(payload as string);
    this.sendFrame({ opcode: Opcode.Ping, payload: bytes });
    const answers = (frame: Frame) => frame.opcode === Opcode.Pong && bytes.equals(frame.payload);
    return this.next(answers, { awaited: `the pong for our ping of ${bytes.length} B`, ...options });
  }

  /** Sends a close frame and waits for the end. */
  close(code?: number, reason?: string, options: Await = {}): Promise<Closed> {
    this.sendFrame({ opcode: Opcode.Close, payload: encodeClose(code, reason) });
    return this.closed(options);
  }

  /** Resolves with how the WebSocket ended: at the server's close frame, or at the end of TCP if none came. */
  closed(options: Await = {}): Promise<Closed> {
    return within(this.#closing.promise, "the end of the WebSocket", options, () => this.story());
  }

  /** Resolves with how the TCP connection ended. After a close frame the server ends it (RFC 6455 §7.1.1). */
  ended(options: Await = {}): Promise<TcpEnd> {
    return this.#connection.ended(options);
  }

  /** Stops reading from the kernel, so that its buffers fill and the server meets real backpressure. */
  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** Waits until the kernel has accepted everything that was sent. */
  flushed(options: Await = {}): Promise<void> {
    return this.#connection.flushed(options);
  }

  /** How many sent bytes the kernel has not accepted. */
  get waiting(): number {
    return this.#connection.waiting;
  }

  /** Sends FIN, without a close frame. The server can still send. */
  end(): void {
    this.#connection.end();
  }

  /** Ends the connection with RST, without a close frame. */
  destroy(): void {
    this.#connection.reset();
  }

  /** Returns everything that came so far, for error messages. */
  story(): string {
    const shown = this.frames.slice(-12).map(describeFrame);
    const before = this.frames.length > shown.length ? `… ${this.frames.length - shown.length} more, ` : "";
    const came = shown.length ? before + shown.join(", ") : "nothing";
    return `received so far: ${came}; ${this.#state()}`;
  }

  #state(): string {
    if (this.#violation) return this.#violation;
    if (!this.#closed) return "the connection is open";
    return `the connection is over (${this.#closed.how}, ${this.#closed.code})`;
  }

  #take(bytes: Uint8Array): void {
    if (this.#violation) return;
    try {
      for (const frame of this.#decoder.push(bytes)) this.#frame(frame);
    } catch (error) {
      this.#violation = `the server broke the protocol: ${(error as Error).message}`;
      this.#closing.reject(new Error(this.story()));
      this.#finish(this.#violation);
      this.destroy();
    }
  }

  #frame(frame: Frame): void {
    this.frames.push(frame);
    const closing = frame.opcode === Opcode.Close ? decodeClose(frame.payload) : undefined;
    const message = this.#assembler.push(frame);
    this.#frames.add(frame);
    if (message) this.#deliver(message);
    if (frame.opcode === Opcode.Ping && this.autoPong) {
      this.sendFrame({ opcode: Opcode.Pong, payload: frame.payload });
    }
    if (closing) this.#close({ ...closing, how: "close frame" });
  }

  #deliver(message: Message): void {
    if (this.#consumer) this.#consumer.message(message);
    else this.#messages.add(message);
  }

  #close(closed: Closed): void {
    this.#closed = closed;
    this.#closing.resolve(closed);
    const { code } = closed;
    if (!this.#closeSent && this.autoClose) {
      this.sendFrame({ opcode: Opcode.Close, payload: encodeClose(code === 1005 ? undefined : code) });
    }
    this.#finish(`the server closed (${code} ${JSON.stringify(closed.reason)})`);
  }

  #end(how: TcpEnd): void {
    if (this.#closed || this.#violation) return;
    this.#closed = { code: 1006, reason: "", how };
    this.#closing.resolve(this.#closed);
    this.#finish(`the connection ended without a close frame (${how})`);
  }

  #finish(why: string): void {
    this.#over = why;
    this.#consumer?.over(why);
    this.#frames.end(why);
    this.#messages.end(why);
  }
}

/** Describes a frame in a few words. */
export function describeFrame(frame: Frame): string {
  const { opcode, payload, fin } = frame;
  const name = Object.entries(filters).find(([, value]) => value === opcode)?.[0] ?? `opcode ${opcode}`;
  const size = `${payload.length} B${fin ? "" : ", more to come"}`;
  if (opcode === Opcode.Close && payload.length >= 2) {
    const buffer = Buffer.from(payload);
    return `close ${buffer.readUInt16BE(0)} ${JSON.stringify(buffer.toString("utf8", 2))}`;
  }
  if (opcode !== Opcode.Text) return `${name} (${size})`;
  const text = Buffer.from(payload).toString("utf8");
  return `text ${JSON.stringify(text.length > 120 ? `${text.slice(0, 119)}…` : text)} (${size})`;
}
