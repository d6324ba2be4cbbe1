import { type Audience, type Cursor, type EventData, encode } from "@rosetta/protocol";

/** An event before the log gave it its place. */
export interface Draft {
  /** Milliseconds since 1970. */
  at: number;
  /** The author's name for others. Undefined for the server's own events. */
  from?: string;
  /** Whom a publication is for. Undefined for the server's own events. */
  to?: Audience;
  /** The content of the event. */
  data: EventData;
  /** The request that it came from, so that its author gets the `ack`. Never sent to anybody. */
  request?: { client: string; id: string };
}

/** An event as the log keeps it: as the frame that is sent. */
export interface Kept extends Cursor {
  /** The name of the topic in which it happened. */
  topic: string;
  /** The `event` message, encoded once for all. */
  frame: string;
  /** Bytes of the frame in UTF-8. */
  bytes: number;
  /** The secret of the author of a publication to `others`, which does not get this event. */
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
 * Topics as logs. The one below is in memory; one that several processes share would have to keep the same promises. An
 * append completes later, never before it has returned. Every appended entry comes back through `follow`, in order.
 * `head` and `since` show what came through `follow` and nothing newer, so that replay and live events meet without a
 * gap and without a duplicate.
 */
export interface Log {
  /** Rejects if the log cannot take the entry; otherwise it arrives through `follow`. */
  append(topic: string, draft: Draft): Promise<void>;
  /** Returns the place of the newest entry. `offset` is 0 in an empty topic. */
  head(topic: string): Cursor;
  /** Returns everything after `cursor` if that is still here. Otherwise, or without a cursor, the newest entries. */
  since(topic: string, cursor?: Cursor): Replay;
  /** Calls `listener` with every entry from now on, in order. */
  follow(listener: (entry: Entry) => void): void;
  /** Ends the life of a topic. Its name may be used again, with a new epoch. */
  forget(topic: string): void;
  /** Bytes of memory that the events of all topics take in this process. */
  readonly bytes?: number;
}

/** The most that a ring holds: entries, and bytes of memory. Older entries are dropped. */
export const ring = { entries: 256, bytes: 128 * 1024 } as const;
/** Bytes of memory that an entry takes beyond the characters of its frame. */
const entryBytes = 160;
/** A reader without a cursor is given this many of the newest entries. */
export const newest = 32;

interface TopicLog {
  name: string;
  epoch: string;
  offset: number;
  bytes: number;
  entries: Kept[];
}

/**
 * The log of one process, with a ring for each topic. It ends with the process; a new epoch shows that. All rings share
 * a budget. Over it, the fullest ring loses its oldest entries; of several equally full ones, the one unused longest.
 */
export class MemoryLog implements Log {
  readonly #topics = new Map<string, TopicLog>();
  readonly #listeners: ((entry: Entry) => void)[] = [];
  readonly #token: () => string;
  readonly #most: number;
  /** Topics by how full they are, in powers of two. In each class, the one unused longest comes first. */
  readonly #classes: Set<TopicLog>[] = Array.from({ length: 53 }, () => new Set());
  #bytes = 0;

  /** @param most bytes of memory for all rings together. Default: no limit. */
  constructor(token: () => string, most: number = Number.POSITIVE_INFINITY) {
    this.#token = token;
    this.#most = most;
  }

  /** Bytes of memory that all rings take. */
  get bytes(): number {
    return this.#bytes;
  }

  async append(name: string, draft: Draft): Promise<void> {
    // A log that processes share would complete later, so this one does too.
    await undefined;
    const topic = this.#open(name);
    const kept = keep(topic, ++topic.offset, draft);
    this.#keep(topic, kept);
    const entry = { ...draft, ...kept };
    for (const listener of this.#listeners) listener(entry);
  }

  head(name: string): Cursor {
    const { epoch, offset } = this.#open(name);
    return { epoch, offset };
  }

  since(name: string, cursor?: Cursor): Replay {
    const { epoch, offset, entries } = this.#open(name);
    const oldest = entries[0]?.offset ?? offset + 1;
    const known = cursor?.epoch === epoch && cursor.offset <= offset && cursor.offset >= oldest - 1;
    if (!known || !cursor) return { recovered: false, entries: entries.slice(-newest) };
    return { recovered: true, entries: entries.slice(cursor.offset - oldest + 1) };
  }

  follow(listener: (entry: Entry) => void): void {
    this.#listeners.push(listener);
  }

  forget(name: string): void {
    const topic = this.#topics.get(name);
    if (!topic) return;
    this.#topics.delete(name);
    this.#resize(topic, -topic.bytes);
  }

  #keep(topic: TopicLog, kept: Kept): void {
    topic.entries.push(kept);
    this.#resize(topic, costOf(kept));
    while ((topic.entries.length > ring.entries || topic.bytes > ring.bytes) && this.#drop(topic));
    while (this.#bytes > this.#most && this.#drop(this.#fullest()));
  }

  // Returns false if there was nothing to drop.
  #drop(topic: TopicLog | undefined): boolean {
    const oldest = topic?.entries.shift();
    if (topic && oldest) this.#resize(topic, -costOf(oldest));
    return oldest !== undefined;
  }

  #resize(topic: TopicLog, change: number): void {
    this.#classes[classOf(topic.bytes)]?.delete(topic);
    topic.bytes += change;
    this.#bytes += change;
    if (topic.bytes > 0) this.#classes[classOf(topic.bytes)]?.add(topic);
  }

  #fullest(): TopicLog | undefined {
    const [topic] = this.#classes.findLast(({ size }) => size > 0) ?? [];
    return topic;
  }

  #open(name: string): TopicLog {
    const known = this.#topics.get(name);
    if (known) return known;
    const topic = { name, epoch: this.#token().slice(0, 16), offset: 0, bytes: 0, entries: [] };
    this.#topics.set(name, topic);
    return topic;
  }
}

function keep({ name: topic, epoch }: TopicLog, offset: number, draft: Draft): Kept {
  const { at, from, to, data, request } = draft;
  const sender = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const frame = encode({ type: "event", topic, epoch, offset, at, ...sender, data });
  const except = to === "others" ? request?.client : undefined;
  return { topic, epoch, offset, frame, bytes: byteLength(frame), except };
}

// Engines store a string with one byte per character, or with two as soon as one character is outside Latin-1.
function costOf({ frame, except = "" }: Kept): number {
  return entryBytes + except.length + frame.length * (/[\u0100-\uffff]/.test(frame) ? 2 : 1);
}

function classOf(bytes: number): number {
  return Math.floor(Math.log2(Math.max(1, bytes)));
}

/** Returns the bytes of a well-formed text in UTF-8 (RFC 3629 §3). */
export function byteLength(text: string): number {
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
