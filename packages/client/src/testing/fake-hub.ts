import { type ClientMessage, type Cursor, encode, parseClient, type ServerMessage } from "@rosetta/protocol";
import type { FakeHost, FakeSocket } from "./fake-host.ts";

type Publication = Extract<ClientMessage, { type: "publish" }>;
interface Entry extends Cursor {
  author: string;
  to: "all" | "others";
  text: string;
}

/** The client's publications by id: their place in the log, or that they are still being appended. */
type Answers = Map<string, Cursor | "appending">;

/** So little that a cut often outlasts it. */
const ringSize = 6;
export const room = "room/a";
const stranger = "stranger";

/**
 * A server with one room and one client, after design §6, and a wire on which everything takes its time.
 * Nothing moves by itself: a test says when a side reads, when an append completes, and what goes wrong.
 */
export class FakeHub {
  readonly #host: FakeHost;
  /** Every event of every epoch that ever was. */
  readonly history: Entry[] = [];
  #epoch = 0;
  #log: Entry[] = [];
  #appending: { author: string; message: Pick<Publication, "id" | "to" | "text">; answers?: Answers }[] = [];
  /** What it remembers of the client, if anything. */
  #memory: { member: string; answers: Answers } | undefined;
  #members = 0;
  /** How often a `hello` came from a client that it did not remember, the first one included. */
  forgot = 0;
  #session: Session | undefined;
  /** Of the next live event. */
  #copies = 1;

  constructor(host: FakeHost) {
    this.#host = host;
  }

  /** Accepts the handshake of the client's newest socket, if it waits for one. */
  accept(): void {
    if (this.#host.socket.readyState !== 0) return;
    this.#session = new Session(this.#host.socket);
    this.#host.socket.accept();
  }

  /** Lets the server read up to `count` frames. */
  read(count: number): void {
    for (const frame of this.#session?.take(count) ?? []) this.#handle(frame);
  }

  /** Lets the client read up to `count` frames. */
  deliver(count: number): void {
    this.#session?.deliver(count);
  }

  /** Completes up to `count` appends: their events go out, and their author gets the ack in its place. */
  commit(count: number): void {
    for (const { author, message, answers } of this.#appending.splice(0, count)) {
      const place = { epoch: String(this.#epoch), offset: this.#log.length + 1 };
      const entry = { ...place, author, to: message.to, text: message.text };
      this.#log.push(entry);
      this.history.push(entry);
      if (this.#session?.subscribed && isFor(entry, "client")) this.#sayLive(entry);
      if (author === stranger) continue;
      answers?.set(message.id, place);
      this.#say({ type: "ack", re: message.id, topic: room, ...place });
    }
  }

  strangerPublishes(to: "all" | "others"): void {
    const text = `stranger ${this.history.length + this.#appending.length}`;
    this.#appending.push({ author: stranger, message: { id: "", to, text } });
  }

  /** Loses what is on the wire in both directions. The client notices. */
  cut(): void {
    this.#session = undefined;
    if (this.#host.socket.readyState === 1) this.#host.socket.end(1006);
  }

  /** Loses what is on the wire in both directions. Nobody notices. */
  silence(): void {
    this.#session = undefined;
  }

  /** Begins a new life, with an empty log. */
  restart(): void {
    this.#epoch++;
    this.#log = [];
    this.#appending = [];
    this.#memory = undefined;
    this.cut();
  }

  /** Forgets the client, as a hub does after a long absence or when too many others came. The log stays. */
  forget(): void {
    if (!this.#session) this.#memory = undefined;
  }

  /** Loses the next live event, like a server that drops silently where a reader is slow. */
  loseEvent(): void {
    this.#copies = 0;
  }

  /** Sends the next live event twice. */
  repeatEvent(): void {
    this.#copies = 2;
  }

  #handle(frame: string): void {
    const { message } = parseClient(frame);
    if (!message) throw new Error(`the client said ${frame}`);
    const { id } = message;
    if (message.type === "hello") return this.#hello(id);
    if (message.type === "subscribe") return this.#subscribe(id, message.since);
    if (message.type === "ping") return this.#say({ type: "pong", re: id, at: message.at, serverAt: 0 });
    if (message.type === "publish") return this.#publish(message);
    if (message.type !== "unsubscribe") throw new Error(`unforeseen: ${message.type}`);
    if (this.#session) this.#session.subscribed = false;
    this.#say({ type: "ack", re: id, topic: room, epoch: String(this.#epoch), offset: this.#log.length });
  }

  #hello(re: string): void {
    const known = this.#memory !== undefined;
    if (!known) this.forgot++;
    this.#memory ??= { member: `m${++this.#members}`, answers: new Map() };
    this.#say({ ...welcome, re, known, member: this.#memory.member });
  }

  #subscribe(re: string, since: Cursor | undefined): void {
    const head = this.#log.length;
    const from = since?.epoch === String(this.#epoch) ? since.offset : undefined;
    const recovered = from !== undefined && from >= head - ringSize;
    const place = { epoch: String(this.#epoch), offset: head, recovered };
    this.#say({ type: "subscribed", re, topic: room, mode: "stream", ...place });
    const replay = this.#log.slice(recovered ? from : Math.max(0, head - ringSize));
    for (const entry of replay) if (isFor(entry, "client")) this.#say(eventOf(entry));
    if (this.#session) this.#session.subscribed = true;
  }

  #publish(message: Publication): void {
    const answers: Answers = this.#memory?.answers ?? new Map();
    const known = answers.get(message.id);
    if (known === "appending") return;
    if (known) return this.#say({ type: "ack", re: message.id, topic: room, ...known });
    answers.set(message.id, "appending");
    this.#appending.push({ author: "client", message, answers });
  }

  #sayLive(entry: Entry): void {
    for (let copy = 0; copy < this.#copies; copy++) this.#say(eventOf(entry));
    this.#copies = 1;
  }

  #say(message: ServerMessage): void {
    this.#session?.queue.push(message);
  }
}

/** One connection as the server sees it: what it has read, and what is on the way to the client. */
class Session {
  readonly #socket: FakeSocket;
  readonly queue: ServerMessage[] = [];
  subscribed = false;
  #read = 0;

  constructor(socket: FakeSocket) {
    this.#socket = socket;
  }

  take(count: number): string[] {
    const frames = this.#socket.sent.slice(this.#read, this.#read + count).map(String);
    this.#read += frames.length;
    return frames;
  }

  deliver(count: number): void {
    for (const message of this.queue.splice(0, count)) this.#socket.receive(encode(message));
  }
}

/** Returns whether a reader is meant to see an event: `others` leaves out the author. */
export function isFor({ to, author }: Entry, reader: "client"): boolean {
  return to === "all" || author !== reader;
}

function eventOf({ epoch, offset, to, text }: Entry): ServerMessage<"event"> {
  return { type: "event", topic: room, epoch, offset, at: 0, to, data: { kind: "chat", text } };
}

const welcome: Omit<ServerMessage<"welcome">, "re" | "known" | "member"> = {
  type: "welcome",
  server: "fake",
  runtime: "none",
  session: "s",
  limits: {
    messageBytes: 65_536,
    queueBytes: 1,
    topics: 1,
    messagesPerSecond: 100,
    burst: 200,
    heartbeatMs: 25_000,
  },
};
