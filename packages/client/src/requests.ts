import {
  type ClientMessage,
  defaultLimits,
  type ErrorCode,
  encode,
  type Server,
  type ServerMessage,
} from "@rosetta/protocol";
import type { Host } from "./host.ts";
import { byteLength } from "./queue.ts";
import type { SendResult } from "./socket.ts";

/** The type of the one reply that each request gets, if it is not `error`. */
const replyTypes = {
  hello: "welcome",
  echo: "echo",
  publish: "ack",
  subscribe: "subscribed",
  unsubscribe: "ack",
  start: "ack",
  cancel: "ack",
  ping: "pong",
  stop: "bye",
  chaos: "ack",
} as const satisfies Record<ClientMessage["type"], ServerMessage["type"]>;

type WithoutId<Message> = Message extends unknown ? Omit<Message, "id"> : never;
/** A request as the asker writes it: the `id` is ours. */
export type Question = WithoutId<ClientMessage>;
export type ReplyTo<Q extends Question> = Server<(typeof replyTypes)[Q["type"]]>;

/**
 * Why a request failed. Either the server's own code (`invalid` may be ours, for what is too long to send), or
 * - `timeout`: no reply in time,
 * - `disconnected`: its connection was lost,
 * - `stopped`: the client was stopped,
 * - `full`: too much is under way already,
 * - `unexpected`: the reply is of another kind.
 *
 * A request that went out and then met `timeout`, `disconnected` or `stopped` may have been carried out or not.
 */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: ErrorCode | "timeout" | "disconnected" | "stopped" | "full" | "unexpected";
  /** Milliseconds after which to ask again, where that makes sense. */
  readonly retryAfterMs: number | undefined;

  constructor(code: RequestError["code"], message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Called once, and at once: what a reply means has to be known before the next frame is read. */
export type Done<Reply> = (outcome: Reply | RequestError) => void;

interface Entry {
  message: ClientMessage;
  frame: string;
  /** `before`: on a connection that was lost. */
  sent: "never" | "before" | "now";
  /** Gone once the asker has been answered; the entry stays, to recognize a late reply. */
  done: Done<ServerMessage> | undefined;
  kind: "command" | "single" | "repeatable";
  cancelTimer: () => void;
}

/**
 * So many questions may be open. After a reconnect they go out together with `hello` and up to 128 subscriptions:
 * less than a server takes at once (`burst`, 200), and far less than the ids it remembers (256).
 */
const maxOpen = 64;
/** The hub remembers them until 2 min after the client left. Less here: to ask again takes its time, too. */
const repeatableMs = 110_000;
/** When to ask again, if too much is open: it empties with the replies. */
const fullMs = 1_000;

/**
 * What was asked and not yet answered.
 *
 * A `publish` or `start` whose connection was lost goes out again on the next one, under its old `id`: the hub
 * knows it by that, so it happens once. Its time runs only while there is a connection. Everything else is
 * about the connection it was sent on, and ends with it.
 */
export class Requests {
  readonly #host: Host;
  readonly #timeoutMs: number;
  readonly #transmit: (frame: string) => SendResult;
  readonly #entries = new Map<string, Entry>();
  #connected = false;
  #lastId = 0;

  constructor(host: Host, timeoutMs: number, transmit: (frame: string) => SendResult) {
    this.#host = host;
    this.#timeoutMs = timeoutMs;
    this.#transmit = transmit;
  }

  /** Asks now, or as soon as there is a connection. */
  ask<Q extends Question>(question: Q, done: Done<ReplyTo<Q>>): void {
    const isRepeatable = question.type === "publish" || question.type === "start";
    const entry = this.#add(isRepeatable ? "repeatable" : "single", question, done);
    const refusal = this.#refusal(entry);
    if (refusal) return this.#finish(entry, refusal);
    if (!isRepeatable) this.#arm(entry, this.#timeoutMs);
    if (this.#connected) this.#send(entry);
  }

  /**
   * Says what means nothing to another connection: now or never, whatever else is under way. If the connection
   * ends before the reply, `done` is not called. Without `timeoutMs`, a late reply is as good as an early one.
   */
  command<Q extends Question>(question: Q, done: Done<ReplyTo<Q>>, timeoutMs?: number): void {
    if (!this.#connected) return;
    const entry = this.#add("command", question, done);
    if (timeoutMs) this.#arm(entry, timeoutMs);
    this.#send(entry);
  }

  /** There is a connection. What waits is sent by `resume`, so that `command` can come before it. */
  connected(): void {
    this.#connected = true;
  }

  /** Sends what waits, in the order in which it was asked. @param silentMs since the server was last heard. */
  resume(silentMs: number): void {
    for (const entry of this.#entries.values()) {
      // A tap on the frames may have closed the client meanwhile.
      if (!this.#connected) return;
      if (entry.sent === "before" && silentMs > repeatableMs) this.#finish(entry, disconnected());
      else if (entry.sent !== "now") this.#send(entry);
    }
  }

  /** The connection is lost. */
  disconnected(): void {
    this.#connected = false;
    for (const entry of this.#entries.values()) {
      if (entry.sent !== "now") continue;
      entry.cancelTimer();
      if (entry.kind === "command") this.#forget(entry);
      else if (entry.kind === "repeatable" && entry.done) entry.sent = "before";
      else this.#finish(entry, disconnected());
    }
  }

  /** There will be no further connection. */
  stopped(): void {
    for (const entry of this.#entries.values()) {
      this.#finish(entry, new RequestError("stopped", "the client was stopped"));
    }
  }

  /** A reply came. Returns what it replies to, if that is still open. */
  settle(re: string, reply: ServerMessage): ClientMessage | undefined {
    const entry = this.#entries.get(re);
    if (entry) this.#finish(entry, outcomeOf(entry.message, reply));
    return entry?.message;
  }

  /** Whether this id was ever ours. A question that is repeated may be answered twice. */
  isKnown(re: string): boolean {
    return Number(re) <= this.#lastId;
  }

  #refusal({ frame }: Entry): RequestError | undefined {
    // The server would not only refuse it: it would close the connection, for good (1009).
    if (byteLength(frame) > defaultLimits.messageBytes) return new RequestError("invalid", "too long");
    // What timed out is not open: it only waits to recognize its reply, and never goes out again.
    const open = [...this.#entries.values()].filter(({ kind, done }) => done && kind !== "command").length;
    return open > maxOpen ? full() : undefined;
  }

  #add<Q extends Question>(kind: Entry["kind"], question: Q, done: Done<ReplyTo<Q>>): Entry {
    const message = { ...question, id: String(++this.#lastId) } as ClientMessage;
    const entry: Entry = {
      kind,
      message,
      frame: encode(message),
      sent: "never",
      // outcomeOf() lets only replies of the right type pass.
      done: done as Done<ServerMessage>,
      cancelTimer: () => {},
    };
    this.#entries.set(message.id, entry);
    return entry;
  }

  #send(entry: Entry): void {
    entry.sent = "now";
    if (entry.kind === "repeatable") this.#arm(entry, this.#timeoutMs);
    if (this.#transmit(entry.frame) === "rejected") this.#finish(entry, full());
  }

  #arm(entry: Entry, timeoutMs: number): void {
    entry.cancelTimer = this.#host.after(timeoutMs, () => this.#timedOut(entry, timeoutMs));
  }

  #timedOut(entry: Entry, timeoutMs: number): void {
    const error = new RequestError("timeout", `no reply within ${timeoutMs} ms`);
    if (entry.sent === "never") return this.#finish(entry, error);
    const { done } = entry;
    entry.done = undefined;
    done?.(error);
  }

  #finish(entry: Entry, outcome: ServerMessage | RequestError): void {
    this.#forget(entry);
    entry.done?.(outcome);
  }

  #forget(entry: Entry): void {
    entry.cancelTimer();
    this.#entries.delete(entry.message.id);
  }
}

function disconnected(): RequestError {
  return new RequestError("disconnected", "the connection was lost");
}

function full(): RequestError {
  return new RequestError("full", "too much under way", fullMs);
}

function outcomeOf(message: ClientMessage, reply: ServerMessage): ServerMessage | RequestError {
  if (reply.type === "error") return new RequestError(reply.code, reply.message, reply.retryAfterMs);
  if (reply.type === replyTypes[message.type]) return reply;
  return new RequestError("unexpected", `${reply.type} in reply to ${message.type}`);
}
