import {
  type Cursor,
  type ErrorCode,
  encode,
  isHeld,
  type Limits,
  type Mode,
  pathOf,
  paths,
  queryOf,
  type RequestFacts,
} from "@rosetta/protocol";
import { type Soon, soon } from "../cluster/soon.ts";
import type { Reader } from "../delivery/followers.ts";
import type { Kept, Log, Replay } from "../delivery/log.ts";
import { replayOf } from "../delivery/replay.ts";
import type { Topic, TopicProblem, Topics } from "../delivery/topics.ts";
import type { Queue } from "../operation/budget.ts";
import type { Platform } from "../port.ts";
import { type Answer, json, uncached } from "./answers.ts";

/** An event stream of a stack. Each app writes one. */
export interface Sink {
  /** Sends a part of the stream. */
  write(text: string): void;
  /** Returns the bytes of memory that wait for the kernel. */
  queued(): number;
  /** Ends the stream. Bytes that wait are still sent. */
  end(): void;
  /** Ends the connection at once. Bytes that wait are lost. */
  cut(): void;
}

/** A request for an event stream that is refused, with its answer, or a stream that may start. */
export type EventStream =
  | { refusal: Answer }
  | {
      refusal?: undefined;
      headers: Record<string, string>;
      /**
       * Starts to stream. Every event's id is its place, so a browser that reconnects says by itself where it stopped.
       * Returns a function to call when the answer is over, sent or not. Until then it counts as a connection.
       */
      start(sink: Sink): () => void;
    };

interface ReadersOptions {
  platform: Platform;
  topics: Topics<unknown>;
  log: Log;
  /** Counts a reader as a connection of its address. Returns the function that ends this. */
  hold(address: string, endpoint: string): () => void;
  /** Adds a queue to the shared budget. Returns the function that removes it. */
  share(queue: Queue): () => void;
  /** Notes that so many bytes were added to a queue. */
  wrote(bytes: number): void;
  /** Runs something that must not fail for anybody but one reader. */
  guard(run: () => void): void;
  /** Notes that a reader was cut off because too much waited for it. */
  slow(endpoint: string): void;
  limits: Pick<Limits, "queueBytes" | "heartbeatMs" | "pollMs" | "streamMs" | "drainMs" | "lingerMs">;
}

/** Milliseconds that a browser waits at least before it resumes an event stream. */
const retryMs = 1_000;
/** Milliseconds of the window after that in which readers come back at a random time, so that not all come at once. */
const spreadMs = 2_000;

/** The parameters of a request for events. */
interface ReadRequest {
  topic: string;
  /** `<epoch>:<offset>`, from an earlier response. */
  cursor: string | undefined;
}

/** Reads `<epoch>:<offset>`. */
export function parseCursor(text: string): Cursor | undefined {
  const [, epoch, offset] = /^([0-9a-f]{1,32}):(\d{1,15})$/.exec(text) ?? [];
  return epoch !== undefined && offset !== undefined ? { epoch, offset: Number(offset) } : undefined;
}

/** The server's topics over HTTP: the same events in the same order, by Server-Sent Events and by long polling. */
export class Readers {
  readonly #options: ReadersOptions;
  readonly #readers = new Set<Reader>();
  readonly #texts = new WeakMap<Kept, string>();
  #isOver = false;

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  /** Decides on a request for a topic as Server-Sent Events (WHATWG HTML §9.2). Creates nothing. */
  events(facts: RequestFacts, address: string): Soon<EventStream> {
    const request = readRequest(facts);
    return soon<Answer | undefined, EventStream>(this.#refuse(facts, address), (refusal) =>
      refusal
        ? { refusal }
        : { headers: streamHeaders, start: (sink) => this.#stream(request, address, sink) },
    );
  }

  // Returns why a request for events is refused, or `undefined`. Only asks: the room may not exist yet.
  #refuse(facts: RequestFacts, address: string): Soon<Answer | undefined> {
    // A router may be more lenient about paths than admission (/Events or /poll/), and admission did not count those.
    if (!isHeld(pathOf(facts))) return problem(404, "not_found", "no such path");
    if (this.#isOver) return problem(503, "unavailable", "the server is going down");
    const request = readRequest(facts);
    if (request.cursor && !parseCursor(request.cursor)) {
      return problem(400, "invalid", "a cursor is <epoch>:<offset>");
    }
    const refusal = this.#options.topics.ask(request.topic, address);
    return refusal instanceof Promise ? refusal.then(answerTo, notReached) : answerTo(refusal);
  }

  #stream(request: ReadRequest, address: string, sink: Sink): () => void {
    const opened = this.#require(request, address);
    if (!(opened instanceof Promise)) return this.#start(opened, request, address, sink);
    const { hold, guard } = this.#options;
    const release = once(hold(address, paths.events));
    let leave = release;
    let isOver = false;
    const begin = (topic: Topic<unknown>): void => {
      if (isOver) return;
      release();
      // A shutdown ends the streams that have begun.
      if (this.#isOver) return sink.end();
      try {
        leave = this.#start(topic, request, address, sink);
      } catch (error) {
        // The headers are sent. A reader whose stream is cut comes back; one whose stream stays silent would wait.
        sink.cut();
        throw error;
      }
    };
    // A reader that has left has no stream to end, and closing one twice is an error.
    const giveUp = (): void => {
      // The headers are sent. A reader whose stream ends comes back.
      if (!isOver) sink.end();
    };
    opened.then(
      (topic) => guard(() => begin(topic)),
      () => guard(giveUp),
    );
    return () => {
      isOver = true;
      leave();
    };
  }

  #start(topic: Topic<unknown>, request: ReadRequest, address: string, sink: Sink): () => void {
    const { platform, log, limits, share, wrote, slow, guard } = this.#options;
    const replay = this.#replay(topic, request);
    const chance = this.#chance();
    sink.write(`retry: ${retryMs + Math.floor(chance * spreadMs)}\n\n`);
    sink.write(opening(topic, log.head(topic.name), replay));
    for (const entry of replay.entries) sink.write(this.#serverSent(entry));

    const write = (text: string, bytes: number): void => {
      sink.write(text);
      wrote(bytes);
      // No event reports that such a reader can take more. If it is too slow, it starts again from its last id.
      if (sink.queued() > limits.queueBytes) cut();
    };
    const cut = (): void => {
      leave();
      slow(paths.events);
      sink.cut();
    };
    const finish = (): void => {
      stop();
      cancelCut = platform.after(limits.drainMs, cut);
      sink.end();
    };
    const reader: Reader = {
      event: (entry) => write(this.#serverSent(entry), entry.bytes),
      // The reader comes back with its last id, and is told that it cannot go on from there.
      lost: finish,
      end: () => {
        // On shutdown, makes the browser wait until the server is gone: after a 503 it would never ask again.
        const endMs = limits.drainMs + limits.lingerMs + retryMs + Math.floor(chance * this.#crowdMs());
        if (this.#isOver) guard(() => sink.write(`retry: ${endMs}\n\n`));
        finish();
      },
    };
    // A comment now and then, so that no proxy and no idle timer takes the connection for dead.
    const comment = (): void => {
      cancelComment = platform.after(limits.heartbeatMs, comment);
      write(":\n\n", 0);
    };
    let cancelComment = platform.after(limits.heartbeatMs, comment);
    // HTTP has no ping that would show whether a reader is still there. So every stream ends in time, and a reader that
    // is there comes back with its last id. A quarter of the time is random, so that not all come at once.
    const cancelLife = platform.after(limits.streamMs * (1 - chance / 4), finish);
    const unfollow = this.#follow(reader, topic, address);
    const stop = (): void => {
      cancelComment();
      cancelLife();
      unfollow();
    };
    const release = this.#options.hold(address, paths.events);
    const forget = share({ queued: () => sink.queued(), cut });
    wrote(replay.entries.reduce((sum, { bytes }) => sum + bytes, 0));
    let cancelCut = (): void => {};
    const leave = once(() => {
      stop();
      cancelCut();
      forget();
      release();
    });
    return leave;
  }

  // #region poll
  /**
   * Answers one poll: at once if it is refused, if there are events after the cursor or if there is no cursor,
   * otherwise with the next event, or with 204 if none comes in time. Returns a function to call when the answer is
   * over, sent or not. Until then the poll counts as a connection.
   */
  poll(facts: RequestFacts, address: string, respond: (answer: Answer) => void): () => void {
    const release = this.#options.hold(address, paths.poll);
    let stop = (): void => {};
    let isOver = false;
    const request = readRequest(facts);
    const finish = (answer: Answer): void => {
      stop();
      this.#respond(respond, answer);
    };
    const wait = (topic: Topic<unknown>): void => {
      if (isOver) return;
      const ready = this.#isOver ? nothing : this.#pollNow(topic, request);
      if (ready) this.#respond(respond, ready);
      else stop = this.#await(topic, address, finish);
    };
    const asked = soon(this.#refuse(facts, address), (refusal) =>
      refusal ? this.#respond(respond, refusal) : soon(this.#require(request, address), wait),
    );
    if (asked instanceof Promise) asked.catch(() => isOver || this.#respond(respond, notReached()));
    return once(() => {
      isOver = true;
      stop();
      release();
    });
  }
  // #endregion poll

  // Waits for the next event. Returns the function that ends this.
  #await(topic: Topic<unknown>, address: string, finish: (answer: Answer) => void): () => void {
    const reader: Reader = {
      event: (entry) => finish(this.#page(topic, { recovered: true, entries: [entry] })),
      lost: () => finish(this.#page(topic, replayOf(topic, this.#options.log, {}))),
      end: () => finish(nothing),
    };
    const cancel = this.#options.platform.after(this.#options.limits.pollMs, () => finish(nothing));
    const unfollow = this.#follow(reader, topic, address);
    return () => {
      cancel();
      unfollow();
    };
  }

  #respond(respond: (answer: Answer) => void, answer: Answer): void {
    respond(answer);
    this.#options.wrote(answer.body.length);
  }

  /** Ends every stream and answers every poll, because the server shuts down. */
  end(): void {
    this.#isOver = true;
    this.part();
  }

  /** Ends every stream and answers every poll, for now. */
  part(): void {
    for (const reader of [...this.#readers]) this.#options.guard(() => reader.end());
  }

  // Returns the answer to a poll if it need not wait.
  #pollNow(topic: Topic<unknown>, request: ReadRequest): Answer | undefined {
    const replay = this.#replay(topic, request);
    if (!request.cursor) return this.#page(topic, { ...replay, entries: [] });
    const isNews = replay.entries.length > 0 || !replay.recovered;
    return isNews ? this.#page(topic, replay) : undefined;
  }

  #require(request: ReadRequest, address: string): Soon<Topic<unknown>> {
    return soon(this.#options.topics.open(request.topic, address, placeOf(request)), (topic) => {
      if ("code" in topic) throw new Error(`the topic was there when it was asked for: ${topic.message}`);
      return topic;
    });
  }

  // Returns the function that ends the reader. It may be called twice.
  #follow(reader: Reader, topic: Topic<unknown>, address: string): () => void {
    this.#readers.add(reader);
    topic.readers.add(reader);
    this.#options.topics.joined(topic, address);
    return () => {
      if (!this.#readers.delete(reader)) return;
      topic.readers.delete(reader);
      this.#options.topics.left(topic, address);
    };
  }

  // At least 0, less than 1.
  #chance(): number {
    return Number.parseInt(this.#options.platform.token().slice(0, 4), 16) / 0x1_0000;
  }

  // Milliseconds of the window in which the present readers come back.
  #crowdMs(): number {
    return Math.max(spreadMs, 2 * this.#readers.size);
  }

  #replay(topic: Topic<unknown>, request: ReadRequest): Replay {
    return replayOf(topic, this.#options.log, { since: placeOf(request) });
  }

  // The same string for all who read it: ten thousand copies of an event would wait in ten thousand queues.
  #serverSent(entry: Kept): string {
    const known = this.#texts.get(entry);
    if (known !== undefined) return known;
    const text = `id: ${entry.epoch}:${entry.offset}\ndata: ${entry.frame}\n\n`;
    this.#texts.set(entry, text);
    return text;
  }

  #page(topic: Topic<unknown>, { recovered, entries }: Replay): Answer {
    const { epoch, offset } = entries.at(-1) ?? this.#options.log.head(topic.name);
    const events = entries.map((entry) => entry.frame).join(",");
    const body = `{"topic":"${topic.name}","mode":"${topic.mode}","epoch":"${epoch}","offset":${offset},"recovered":${recovered},"events":[${events}]}`;
    return json(200, body, uncached);
  }
}

const nothing: Answer = { status: 204, headers: uncached, body: "" };

function placeOf({ cursor }: ReadRequest): Cursor | undefined {
  return cursor ? parseCursor(cursor) : undefined;
}

function readRequest(facts: RequestFacts): ReadRequest {
  // An EventSource sends the header by itself. `since` is for a poll, or for the first stream of a reader that resumes.
  return {
    topic: queryOf(facts, "topic") ?? "",
    cursor: facts.header("last-event-id") || queryOf(facts, "since"),
  };
}

// #region stream
/** Headers of an event stream. `no-transform` is there because a compressing middleware would hold events back. */
const streamHeaders = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store, no-transform",
  "X-Accel-Buffering": "no",
} as const;

// The first event's id is the place before the replay, so a reader cut off during the replay comes back for the rest.
function opening(topic: { name: string; mode: Mode }, head: Cursor, { recovered, entries }: Replay): string {
  const [first] = entries;
  const offset = first === undefined ? head.offset : first.offset - 1;
  const data = JSON.stringify({ topic: topic.name, mode: topic.mode, ...head, recovered });
  return `id: ${head.epoch}:${offset}\nevent: subscribed\ndata: ${data}\n\n`;
}
// #endregion stream

function answerTo(refusal: TopicProblem | undefined): Answer | undefined {
  if (!refusal) return undefined;
  const { code, message, isOwn } = refusal;
  if (code !== "limit") return problem({ not_found: 404, forbidden: 403 }[code], code, message);
  // 503 speaks of the server: a proxy may turn to another one, or leave this one out (RFC 6585 §4, RFC 9110 §15.6.4).
  return problem(isOwn ? 429 : 503, code, message, { "Retry-After": "5" });
}

function notReached(): Answer {
  return problem(503, "unavailable", "the other servers cannot be reached");
}

function problem(
  status: number,
  code: ErrorCode,
  message: string,
  headers: Record<string, string> = {},
): Answer {
  return json(status, encode({ type: "error", code, message }), { ...uncached, ...headers });
}

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    run();
  };
}
