import { type ClientMessage, encode, parseClient, type ServerMessage } from "@rosetta/protocol";
import { Client, type ClientOptions } from "../client.ts";
import { FakeHost, type FakeSocket } from "./fake-host.ts";

type Limits = ServerMessage<"welcome">["limits"];
/** The fields of `welcome` that a test wants to differ from the usual. */
type Greeting = Partial<Pick<ServerMessage<"welcome">, "known" | "member">> & { limits?: Partial<Limits> };

const usualLimits: Limits = {
  messageBytes: 65_536,
  queueBytes: 1_048_576,
  topics: 128,
  messagesPerSecond: 100,
  burst: 200,
  heartbeatMs: 25_000,
};

/** The server's end of a client's sockets, as a test writes it: it answers nothing by itself. */
export class ScriptedPeer {
  readonly host: FakeHost;
  #greetings = 0;

  constructor(host: FakeHost) {
    this.host = host;
  }

  /** Everything that came on the newest socket. A frame that the protocol does not know fails the test. */
  get heard(): ClientMessage[] {
    return heardBy(this.host.socket);
  }

  /** Returns the newest message of a type on the newest socket. */
  last<T extends ClientMessage["type"]>(type: T): ClientMessage<T> {
    const message = this.heard.findLast((heard): heard is ClientMessage<T> => heard.type === type);
    if (!message) throw new Error(`no ${type} came`);
    return message;
  }

  say(message: ServerMessage): void {
    this.host.socket.receive(encode(message));
  }

  /** Makes the handshake and answers `hello`. */
  greet(rest?: Greeting): void {
    this.host.socket.accept();
    this.welcome(rest);
  }

  /** Answers `hello`. A client that was greeted before is remembered, unless the test says otherwise. */
  welcome({ limits, ...rest }: Greeting = {}): void {
    const known = this.#greetings++ > 0;
    const server = { server: "test", runtime: "test 1", session: "s1", member: "m1", known, ...rest };
    this.say({
      type: "welcome",
      re: this.last("hello").id,
      ...server,
      limits: { ...usualLimits, ...limits },
    });
  }

  ack(re: string, topic = "room/a", offset = 1, epoch = "e1"): void {
    this.say({ type: "ack", re, topic, epoch, offset });
  }

  /** Answers the newest `subscribe`. */
  subscribed(rest: Partial<ServerMessage<"subscribed">> = {}): void {
    const { id, topic } = this.last("subscribe");
    const defaults = { mode: "stream", epoch: "e1", offset: 0, recovered: false } as const;
    this.say({ type: "subscribed", re: id, topic, ...defaults, ...rest });
  }

  /** Says events of one epoch, one for each offset. */
  events(offsets: number[], epoch = "e1", topic = "room/a"): void {
    for (const offset of offsets) this.say(eventAt(offset, epoch, topic));
  }
}

export function heardBy(socket: FakeSocket): ClientMessage[] {
  return socket.sent.map((frame) => {
    const { message, problem } = parseClient(String(frame));
    if (!message) throw new Error(`the client said ${frame}: ${problem.reason}`);
    return message;
  });
}

export function eventAt(offset: number, epoch = "e1", topic = "room/a"): ServerMessage<"event"> {
  return { type: "event", topic, epoch, offset, at: 0, data: { kind: "chat", text: String(offset) } };
}

/** Returns a client, and the other end of its sockets. */
export function pair(options: Partial<ClientOptions> = {}) {
  const host = new FakeHost();
  const client = new Client("ws://test/ws", { host, ...options });
  return { host, client, peer: new ScriptedPeer(host) };
}

/** Returns the same pair with the greeting done. */
export function connectedPair(options: Partial<ClientOptions> = {}) {
  const made = pair(options);
  made.client.open();
  made.peer.greet();
  return made;
}

/** Returns what a promise came to so far: `{ value }`, `{ error }`, or an empty object while it is pending. */
export function watchPromise<T>(promise: Promise<T>): { value?: T; error?: { code: string } } {
  const seen: { value?: T; error?: { code: string } } = {};
  promise.then(
    (value) => Object.assign(seen, { value }),
    (error) => Object.assign(seen, { error }),
  );
  return seen;
}

/** Lets the handlers of settled promises run, however long their chain. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
