// A browser's WebSocket for tests. The test plays the server behind it.

import type { SocketConstructor } from "@rosetta/client";
import { encode, parseClient, type ServerMessage } from "@rosetta/protocol";
import { vi } from "vitest";

/** Does nothing by itself: the test decides what happens. */
export class FakeWebSocket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static made: FakeWebSocket[] = [];
  binaryType = "blob";
  readyState = 0;
  bufferedAmount = 0;
  protocol = "";
  extensions = "";
  onopen: unknown = null;
  onmessage: unknown = null;
  onclose: unknown = null;
  readonly url: string;
  readonly protocols: string | string[] | undefined;
  readonly sent: unknown[] = [];
  readonly closed: unknown[][] = [];

  constructor(url: string, protocols?: string | string[]) {
    super();
    this.url = url;
    this.protocols = protocols;
    FakeWebSocket.made.push(this);
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(...how: unknown[]): void {
    if (typeof how[0] === "number" && how[0] < 1000) throw new Error("InvalidAccessError");
    this.closed.push(how);
    this.readyState = 2;
  }

  accept(protocol = "rosetta.v1.json"): void {
    this.protocol = protocol;
    this.readyState = 1;
    this.#tell("open", {});
  }

  receive(data: string | ArrayBuffer): void {
    this.#tell("message", { data });
  }

  end(code = 1006, reason = "", wasClean = false): void {
    this.readyState = 3;
    this.#tell("close", { code, reason, wasClean });
  }

  /** Sends a message of the protocol to the page. */
  say(message: ServerMessage): void {
    this.receive(encode(message));
  }

  /** The requests that the page has sent. */
  get requests(): { type: string; id: string; topic?: string }[] {
    return this.sent.map((text) => parseClient(String(text)).message as { type: string; id: string });
  }

  /** Accepts the handshake and answers `hello`, with this member name for the client. */
  greet(member: string): void {
    this.accept();
    const { id = "" } = this.requests.find(({ type }) => type === "hello") ?? {};
    const limits = {
      messageBytes: 65_536,
      queueBytes: 1,
      topics: 9,
      messagesPerSecond: 9,
      burst: 9,
      heartbeatMs: 25_000,
    };
    this.say({
      type: "welcome",
      re: id,
      server: "test",
      runtime: "test 1",
      session: "s",
      known: false,
      member,
      limits,
    });
  }

  /** Answers the newest subscription. */
  subscribed(offset = 0, epoch = "e", recovered = false): void {
    const { id = "", topic = "" } = this.requests.findLast(({ type }) => type === "subscribe") ?? {};
    this.say({ type: "subscribed", re: id, topic, mode: "stream", epoch, offset, recovered });
  }

  #tell(type: "open" | "message" | "close", content: object): void {
    const event = Object.assign(new Event(type), content);
    const listener = this[`on${type}`];
    if (typeof listener === "function") listener.call(this, event);
    this.dispatchEvent(event);
  }
}

/** Replaces the global WebSocket. Returns a function that returns the newest instance. */
export function stubWebSocket(): () => FakeWebSocket {
  FakeWebSocket.made = [];
  vi.stubGlobal("WebSocket", FakeWebSocket as unknown as SocketConstructor);
  return () => FakeWebSocket.made.at(-1) as FakeWebSocket;
}
