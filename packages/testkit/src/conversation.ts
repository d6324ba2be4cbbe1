import { randomBytes } from "node:crypto";
import {
  type ClientMessage,
  encode,
  parseServer,
  replyTypes,
  type ServerMessage,
  subprotocol,
} from "@rosetta/protocol";
import { failure } from "./failure.ts";
import { type Await, Inbox } from "./inbox.ts";
import type { Raw, UpgradeOptions } from "./raw.ts";
import type { RawSocket } from "./raw-socket.ts";

type RequestType = ClientMessage["type"];
type Reply<T extends RequestType> = ServerMessage<(typeof replyTypes)[T]>;

/** A request. Its `id` is made up unless a test sets one. */
export type RequestToSend<T extends RequestType = RequestType> = T extends RequestType
  ? Omit<ClientMessage<T>, "id"> & { id?: string }
  : never;

/** One client's conversation with a server in `rosetta.v1.json`, over a raw socket. */
export class Conversation {
  readonly socket: RawSocket;
  /** The client's id: 128 random bits. Another conversation with the same id is the same client. */
  readonly client: string;
  /** Every message that arrived, in order. */
  readonly collected: ServerMessage[] = [];
  readonly #inbox: Inbox<ServerMessage>;
  #requests = 0;

  /** `socket` was opened with the subprotocol, and no `hello` has been sent yet. */
  constructor(socket: RawSocket, client = randomBytes(16).toString("hex")) {
    this.socket = socket;
    this.client = client;
    this.#inbox = new Inbox(() => socket.story());
    socket.consume({
      over: (why) => this.#inbox.end(why),
      message: (message) => {
        const text = message.kind === "text" ? message.text : "a binary message";
        const parsed = parseServer(text);
        if (parsed.problem)
          return this.#inbox.end(`the server sent an invalid message (${parsed.problem.reason}): ${text}`);
        this.collected.push(parsed.message);
        this.#inbox.add(parsed.message);
      },
    });
  }

  /** Opens a socket at `/ws` without sending `hello`. */
  static async open(raw: Raw, options: UpgradeOptions & { client?: string } = {}): Promise<Conversation> {
    const socket = await raw.connect("/ws", { subprotocols: [subprotocol], ...options });
    return new Conversation(socket, options.client);
  }

  /** Sends `hello`. */
  hello(options: Await = {}): Promise<ServerMessage<"welcome">> {
    return this.request({ type: "hello", client: this.client }, options);
  }

  /** Sends a request without waiting. Returns its `id`. */
  send(message: RequestToSend): string {
    const id = message.id ?? `${message.type}-${++this.#requests}`;
    this.socket.send(encode({ ...message, id } as ClientMessage));
    return id;
  }

  /** Sends a request and waits for its successful reply. Throws on `error` or any other reply. */
  async request<T extends RequestType>(
    message: RequestToSend & { type: T },
    options: Await = {},
  ): Promise<Reply<T>> {
    const expected = replyTypes[message.type];
    const id = this.send(message);
    const reply = await this.reply(id, { awaited: `${expected} for ${message.type}`, ...options });
    if (reply.type === expected) return reply as Reply<T>;
    throw failure(`${message.type} was to be answered with ${expected}, came ${JSON.stringify(reply)}`);
  }

  /** Sends a request and waits for its refusal. Throws on any other reply. */
  async refusal(message: RequestToSend, options: Await = {}): Promise<ServerMessage<"error">> {
    const reply = await this.reply(this.send(message), {
      awaited: `a refusal of ${message.type}`,
      ...options,
    });
    if (reply.type === "error") return reply;
    throw failure(`${message.type} was to be refused, came ${JSON.stringify(reply)}`);
  }

  /** Returns the reply to the request with this id. */
  reply(id: string, { awaited = `the reply to ${id}`, ...options }: Await = {}): Promise<ServerMessage> {
    return this.next((message) => "re" in message && message.re === id, { awaited, ...options });
  }

  /** Takes the oldest message that is wanted. The others stay. */
  next(wants: (message: ServerMessage) => boolean = () => true, options: Await = {}): Promise<ServerMessage> {
    return this.#inbox.take(options.awaited ?? "a message of the server", wants, options.deadline);
  }

  /** Takes the oldest message of a type that is no reply: `bye`, or an `error` that belongs to no request. */
  nextOf<T extends ServerMessage["type"]>(type: T, options: Await = {}): Promise<ServerMessage<T>> {
    const next = this.next((message) => message.type === type, {
      awaited: `a message of type ${type}`,
      ...options,
    });
    return next as Promise<ServerMessage<T>>;
  }

  /** Takes the next `count` events of a topic, in the order they arrived. */
  async events(topic: string, count: number, options: Await = {}): Promise<ServerMessage<"event">[]> {
    const events: ServerMessage<"event">[] = [];
    while (events.length < count) {
      const awaited = `event ${events.length + 1} of ${count} in ${topic}`;
      const event = await this.next((message) => isEventOf(topic, message), { awaited, ...options });
      events.push(event as ServerMessage<"event">);
    }
    return events;
  }

  /** Waits until everything that the server has sent so far is here. It sends a `ping`, whose `pong` comes last. */
  async settled(options: Await = {}): Promise<void> {
    await this.request(
      { type: "ping", at: 0 },
      { awaited: "the pong that follows everything the server sent", ...options },
    );
  }

  /** Returns the events of a topic that were sent so far and not taken, to show that there are no more. */
  async rest(topic: string, options: Await = {}): Promise<ServerMessage<"event">[]> {
    await this.settled(options);
    const count = this.#inbox.waiting.filter((message) => isEventOf(topic, message)).length;
    return this.events(topic, count);
  }
}

function isEventOf(topic: string, message: ServerMessage): boolean {
  return message.type === "event" && message.topic === topic;
}
