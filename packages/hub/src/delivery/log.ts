import { type Audience, type Cursor, type EventData, encode } from "@rosetta/protocol";

/** An event before the log gave it its place. */
export interface Draft {
  /** Milliseconds since 1970. */
  at: number;
  /** The author's name for others. Undefined for the server's own events. */
  from?: string | undefined;
  /** Whom a publication is for. Undefined for the server's own events. */
  to?: Audience | undefined;
  /** The content of the event. */
  data: EventData;
  /** The request that it came from, so that its author gets the `ack`. Never sent to anybody. */
  request?: RequestMark | undefined;
  /**
   * Where several servers write the same thing, only one of them may get it in: the log leaves out an event if its topic
   * has one of this rank or a higher one already. A log of one server's own need not look at it. Default: no rank.
   */
  rank?: number | undefined;
  /**
   * The life of the servers' common memory in which the rank was given: see `Roster.life`. In another life the rank says
   * nothing, and the log refuses the event. Default: the rank holds in every life.
   */
  life?: string | undefined;
}

/** What a log remembers of a request, so that it does not take effect twice. */
export interface RequestMark {
  /** The key of the client: see `Cluster.identify`. */
  client: string;
  id: string;
  /** Fingerprint of the whole request. The same id with a different body is a mistake. */
  body: number;
}

/** A place in a topic. */
export interface Place extends Cursor {
  topic: string;
}

/** An event as the log keeps it: as the frame that is sent. */
export interface Kept extends Place {
  /** The `event` message, encoded once for all. */
  frame: string;
  /** Bytes of the frame in UTF-8. */
  bytes: number;
  /** The key of the author of a publication to `others`, which does not get this event. */
  except: string | undefined;
}

/** An event in its place, as followers of the log receive it. */
export interface Entry extends Draft, Kept {}

/** The events that a new reader gets: those after its cursor, or the newest ones. */
export interface Replay {
  /** True if `entries` is everything after the reader's cursor. */
  recovered: boolean;
  /** In the order of the log, the oldest first. */
  entries: Kept[];
}

/**
 * Topics as logs. `MemoryLog` keeps them in this process; a log that several servers share keeps the same promises. An
 * append completes later, never before it has returned. Every entry that is appended to an open topic comes back through
 * `follow`, in order. `head` and `since` show what came through `follow` and nothing newer, so that replay and live
 * events meet without a gap and without a duplicate.
 */
export interface Log {
  /**
   * Opens a topic, so that `head` and `since` know it. Returns `undefined` if it is open already, as it always is in
   * memory. Otherwise the promise resolves when it is, or rejects if the topic cannot be had now. `upTo` is a place that a
   * reader has from another server: if it is not known here, this server is behind, and the promise waits for the rest.
   */
  open(topic: string, upTo?: Cursor): Promise<void> | undefined;
  /**
   * Appends an event. Resolves with nothing if the entry has come through `follow`. If it will not, because the same
   * request was appended before or the topic is not open here, resolves with its place. Rejects, with a `Refused` if the
   * reason is known, if the log cannot take the event.
   */
  append(topic: string, draft: Draft): Promise<Place | undefined>;
  /** Returns the place of the newest entry of an open topic. `offset` is 0 in an empty topic. */
  head(topic: string): Cursor;
  /** Returns everything after `cursor` if that is still here. Otherwise, or without a cursor, the newest entries. */
  since(topic: string, cursor?: Cursor): Replay;
  /**
   * Calls `listener` with every entry of the open topics from now on, in order. Calls `lost` when events of a topic are
   * missing that do not come any more. `began` is true if the topic has a new epoch. `head` and `since` already show the
   * log as it is now.
   */
  follow(listener: (entry: Entry) => void, lost?: (topic: string, began: boolean) => void): void;
  /**
   * Closes a topic. In memory that ends its life: its name may be used again, with a new epoch. `makesWay` is true if others
   * need its place, so that it must not be kept for those who may come back, either. Default: false.
   */
  close(topic: string, makesWay?: boolean): void;
  /** Bytes of memory that the events of all topics take in this process. */
  readonly bytes?: number;
}

/** Why something was not done that others have to do or to know of. */
export class Refused extends Error {
  /** What the one who asked is told: another request had this id, or nobody could be reached. */
  readonly code: "conflict" | "unavailable";
  /** Milliseconds after which the same may work. Undefined if it never will. */
  readonly retryAfterMs: number | undefined;

  constructor(code: Refused["code"], message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Returns an event in its place, with the frame in which it is sent. */
export function keep(
  { name: topic, epoch }: { name: string; epoch: string },
  offset: number,
  draft: Draft,
): Kept {
  const { at, from, to, data, request } = draft;
  const frame = encode({ type: "event", topic, epoch, offset, at, from, to, data });
  const except = to === "others" ? request?.client : undefined;
  return { topic, epoch, offset, frame, bytes: byteLength(frame), except };
}

/** Returns the bytes of a well-formed text in UTF-8 (RFC 3629 §3). */
export function byteLength(text: string): number {
  // Most texts are ASCII, and a pattern finds that out faster than the loop would count the bytes.
  if (!/[\u0080-\uffff]/.test(text)) return text.length;
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    // Half of a surrogate pair: the pair takes four.
    else if (unit >= 0xd800 && unit < 0xe000) bytes += 2;
    else bytes += 3;
  }
  return bytes;
}
