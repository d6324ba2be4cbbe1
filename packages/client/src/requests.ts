import {
  bounds,
  type ClientMessage,
  type ErrorCode,
  encode,
  replyTypes,
  type ServerMessage,
} from "@rosetta/protocol";
import type { Host } from "./host.ts";
import { type Allowance, Pace } from "./pace.ts";
import { byteLength } from "./queue.ts";
import type { SendResult } from "./socket.ts";

type WithoutId<Message> = Message extends unknown ? Omit<Message, "id"> : never;
/** A request as the asker writes it: the `id` is ours. */
export type Question = WithoutId<ClientMessage>;
export type ReplyTo<Q extends Question> = ServerMessage<(typeof replyTypes)[Q["type"]]>;

/**
 * Why a request failed. Either the server's own code (two of them can also be ours: `invalid` for a message that is too
 * long for this server, `limit` for more topics than it allows), or
 * - `timeout`: no reply in time,
 * - `disconnected`: its connection was lost,
 * - `stopped`: the client was stopped,
 * - `full`: too much is under way already,
 * - `unexpected`: the reply is of another kind.
 *
 * A request that went out and then met `timeout`, `disconnected` or `stopped` may have been carried out or not.
 */
export class RequestError extends Error {
  /** Always `RequestError`. */
  override readonly name = "RequestError";
  /** The reason, for programs. `message` has it for people. */
  readonly code: ErrorCode | "timeout" | "disconnected" | "stopped" | "full" | "unexpected";
  /** Milliseconds after which to ask again, where that makes sense. */
  readonly retryAfterMs: number | undefined;

  constructor(code: RequestError["code"], message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Called once, and at once: what a reply means has to be known before the next frame is read.
 * @param sentAt `host.now()` when the question last went out, which can be long after it was asked.
 */
export type Done<Reply> = (outcome: Reply | RequestError, sentAt: number) => void;

interface Entry {
  message: ClientMessage;
  frame: string;
  /** `before`: on a connection that was lost. */
  sent: "never" | "before" | "now";
  /** `host.now()` when it last went out. */
  sentAt: number;
  /** Gone once the asker has been answered; the entry stays, to recognize a late reply. */
  done: Done<ServerMessage> | undefined;
  kind: "command" | "single" | "repeatable";
  cancelTimer: () => void;
}

/** When to ask again if too much is under way (ms). Replies make room. */
const fullMs = 1_000;

/**
 * What was asked and not yet answered.
 *
 * A `publish` or `start` whose connection was lost goes out again on the next one, under its old `id`: the hub
 * knows it by that, so it happens once. That only works if the hub remembers us, so it waits for `welcome`, and later
 * publications wait behind it. Its time runs only while there is a connection. Everything else is about the
 * connection it was sent on, and ends with it.
 *
 * Questions go out in the order in which they were asked, no faster than the server accepts them.
 */
export class Requests {
  readonly #host: Host;
  readonly #timeoutMs: number;
  readonly #transmit: (frame: string) => SendResult;
  readonly #entries = new Map<string, Entry>();
  /** The messages that go out next on this connection, in this order, as fast as the pace allows. */
  readonly #outbox = new Set<Entry>();
  #pace = new Pace();
  #cancelPump = () => {};
  #connected = false;
  #welcomed = false;
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
    // The server might not remember more of them.
    if (this.#open > bounds.openRequests) return this.#finish(entry, full());
    if (!isRepeatable) this.#arm(entry, this.#timeoutMs);
    this.#offer(entry);
  }

  /**
   * Sends a request that makes sense on this connection only, however much is under way. If the connection ends before
   * the reply, `done` is not called. Without `timeoutMs` it waits for the reply as long as the connection lives.
   */
  command<Q extends Question>(question: Q, done: Done<ReplyTo<Q>>, timeoutMs?: number): void {
    if (!this.#connected) return;
    const entry = this.#add("command", question, done);
    if (timeoutMs) this.#arm(entry, timeoutMs);
    this.#offer(entry);
  }

  /**
   * Notes that there is a connection. Waiting requests are sent by `resume`, so that `command` can come before them.
   */
  connected(): void {
    this.#connected = true;
    this.#pace = new Pace();
  }

  /** Sends the waiting questions in the order in which they were asked, except those that must wait for `welcome`. */
  resume(): void {
    for (const entry of this.#entries.values()) this.#offer(entry);
  }

  /**
   * Takes over what the server said that it accepts, and sends what waits.
   * @param isRemembered Whether it still knows everything that we asked on earlier connections. Only then does it
   * recognize a request that we repeat.
   */
  welcomed(allowance: Allowance, isRemembered: boolean): void {
    this.#welcomed = true;
    this.#pace.learn(allowance, this.#host.now());
    for (const entry of this.#entries.values()) {
      if (entry.sent === "before" && !isRemembered) this.#finish(entry, disconnected());
    }
    this.resume();
  }

  /** Notes that the connection is lost. */
  disconnected(): void {
    this.#connected = false;
    this.#welcomed = false;
    this.#cancelPump();
    this.#outbox.clear();
    for (const entry of this.#entries.values()) {
      if (entry.kind === "command") this.#forget(entry);
      else if (entry.sent === "now") this.#cut(entry);
    }
  }

  /** Notes that there will be no further connection. */
  stopped(): void {
    for (const entry of this.#entries.values()) {
      this.#finish(entry, new RequestError("stopped", "the client was stopped"));
    }
  }

  /** Settles the request that a reply names. Returns the request if it is still open. */
  settle(re: string, reply: ServerMessage): ClientMessage | undefined {
    const entry = this.#entries.get(re);
    if (!entry) return undefined;
    if (reply.type === "error" && reply.code === "rate_limited") {
      this.#pace.hold(reply.retryAfterMs ?? 0, this.#host.now());
    }
    this.#finish(entry, outcomeOf(entry.message, reply));
    return entry.message;
  }

  /** Returns whether this id was ever ours. A request that is repeated may be answered twice. */
  isKnown(re: string): boolean {
    return Number(re) <= this.#lastId;
  }

  // What timed out is not open: it only waits to recognize its reply, and never goes out again.
  get #open(): number {
    return [...this.#entries.values()].filter(({ kind, done }) => done && kind !== "command").length;
  }

  #add<Q extends Question>(kind: Entry["kind"], question: Q, done: Done<ReplyTo<Q>>): Entry {
    const message = { ...question, id: String(++this.#lastId) } as ClientMessage;
    const entry: Entry = {
      kind,
      message,
      frame: encode(message),
      sent: "never",
      sentAt: 0,
      // outcomeOf() lets only replies of the right type pass.
      done: done as Done<ServerMessage>,
      cancelTimer: () => {},
    };
    this.#entries.set(message.id, entry);
    return entry;
  }

  #offer(entry: Entry): void {
    if (!this.#connected || entry.sent === "now" || this.#waitsForWelcome(entry)) return;
    this.#outbox.add(entry);
    this.#pump();
  }

  // After `welcome`, `resume` offers it again.
  #waitsForWelcome({ kind }: Entry): boolean {
    if (this.#welcomed || kind !== "repeatable") return false;
    return [...this.#entries.values()].some(({ sent }) => sent === "before");
  }

  // A `frame` listener may ask, close and connect while this runs, so each round looks anew.
  #pump(): void {
    for (const entry of this.#outbox) {
      const bytes = byteLength(entry.frame);
      const waitMs = this.#pace.waitMs(bytes, this.#host.now());
      // The server would not just refuse it, but close the connection for good (1009).
      if (this.#pace.isTooLong(bytes)) this.#finish(entry, tooLong());
      else if (waitMs > 0) return this.#pumpIn(waitMs);
      else this.#send(entry);
    }
  }

  #pumpIn(ms: number): void {
    this.#cancelPump();
    if (ms < Infinity) this.#cancelPump = this.#host.after(ms, () => this.#pump());
  }

  #send(entry: Entry): void {
    this.#outbox.delete(entry);
    this.#pace.spend();
    entry.sent = "now";
    entry.sentAt = this.#host.now();
    if (entry.kind === "repeatable") this.#arm(entry, this.#timeoutMs);
    if (this.#transmit(entry.frame) === "rejected") this.#finish(entry, full());
  }

  #cut(entry: Entry): void {
    entry.cancelTimer();
    if (entry.kind === "repeatable" && entry.done) entry.sent = "before";
    else this.#finish(entry, disconnected());
  }

  #arm(entry: Entry, timeoutMs: number): void {
    entry.cancelTimer = this.#host.after(timeoutMs, () => this.#timedOut(entry, timeoutMs));
  }

  #timedOut(entry: Entry, timeoutMs: number): void {
    const error = new RequestError("timeout", `no reply within ${timeoutMs} ms`);
    if (entry.sent === "never") return this.#finish(entry, error);
    const { done } = entry;
    entry.done = undefined;
    done?.(error, entry.sentAt);
  }

  #finish(entry: Entry, outcome: ServerMessage | RequestError): void {
    this.#forget(entry);
    entry.done?.(outcome, entry.sentAt);
  }

  #forget(entry: Entry): void {
    entry.cancelTimer();
    this.#outbox.delete(entry);
    this.#entries.delete(entry.message.id);
  }
}

function disconnected(): RequestError {
  return new RequestError("disconnected", "the connection was lost");
}

function tooLong(): RequestError {
  return new RequestError("invalid", "too long for this server");
}

function full(): RequestError {
  return new RequestError("full", "too much under way", fullMs);
}

function outcomeOf({ type }: ClientMessage, reply: ServerMessage): ServerMessage | RequestError {
  if (reply.type === "error") return new RequestError(reply.code, reply.message, reply.retryAfterMs);
  if (reply.type === replyTypes[type]) return reply;
  return new RequestError("unexpected", `${reply.type} in reply to ${type}`);
}
