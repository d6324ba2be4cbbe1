import { type Audience, type Cursor, type EventData, encode } from "@rosetta/protocol";

/** An event before the log gave it its place. */
export interface Draft {
  at: number;
  from?: string;
  to?: Audience;
  data: EventData;
  /** The request it came from, so that its author can be told. Never sent to anybody. */
  request?: { client: string; id: string };
}

/** An event in its place. */
export interface Entry extends Draft, Cursor {
  topic: string;
  /** The `event` message, encoded once for all. */
  frame: string;
  /** Bytes of the frame in UTF-8. */
  bytes: number;
}

/** What a reader is given when it comes: the entries after its cursor, or the newest part. */
export interface Replay {
  /** True if `entries` is everything after the reader's cursor. */
  recovered: boolean;
  entries: Entry[];
}

/**
 * Topics as logs. The in-memory one is the first; one that several processes share would keep the same promises:
 * an append completes later, never before it returned; what was appended comes back through `follow`, in order.
 * `head` and `since` tell of what came through `follow`, and of nothing newer: replay and live events then meet
 * without a gap and without a duplicate.
 */
export interface Log {
  /** Rejects if the log cannot take the entry; otherwise it arrives through `follow`. */
  append(topic: string, draft: Draft): Promise<void>;
  /** The place of the newest entry. `offset` is 0 in an empty topic. */
  head(topic: string): Cursor;
  /** Everything after `cursor` if it is all here; otherwise, and without a cursor, the newest entries. */
  since(topic: string, cursor?: Cursor): Replay;
  follow(listener: (entry: Entry) => void): void;
  /** Ends the life of a topic. Its name may be used again, under a new epoch. */
  forget(topic: string): void;
}

/** A ring holds this many entries and bytes; what is older is gone. */
export const ring = { entries: 256, bytes: 128 * 1024 } as const;
/** A reader without a cursor is given this many of the newest entries. */
export const newest = 32;

interface Topic {
  epoch: string;
  offset: number;
  bytes: number;
  entries: Entry[];
}

/** The log of one process, in a ring for each topic. It ends with the process, which the next epoch tells. */
export class MemoryLog implements Log {
  readonly #topics = new Map<string, Topic>();
  readonly #listeners: ((entry: Entry) => void)[] = [];
  readonly #token: () => string;

  constructor(token: () => string) {
    this.#token = token;
  }

  async append(name: string, draft: Draft): Promise<void> {
    // A log across processes answers from elsewhere, so this one does not answer at once either.
    await undefined;
    const topic = this.#open(name);
    const cursor = { epoch: topic.epoch, offset: ++topic.offset };
    const entry = { ...draft, ...cursor, topic: name, ...encodeEvent(name, draft, cursor) };
    topic.entries.push(entry);
    topic.bytes += entry.bytes;
    while (topic.entries.length > ring.entries || topic.bytes > ring.bytes) {
      topic.bytes -= topic.entries.shift()?.bytes ?? 0;
    }
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
    this.#topics.delete(name);
  }

  #open(name: string): Topic {
    const known = this.#topics.get(name);
    if (known) return known;
    const topic = { epoch: this.#token().slice(0, 16), offset: 0, bytes: 0, entries: [] };
    this.#topics.set(name, topic);
    return topic;
  }
}

function encodeEvent(topic: string, draft: Draft, cursor: Cursor): Pick<Entry, "frame" | "bytes"> {
  const { at, from, to, data } = draft;
  const sender = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const frame = encode({ type: "event", topic, ...cursor, at, ...sender, data });
  return { frame, bytes: byteLength(frame) };
}

/** Bytes of a well-formed text in UTF-8 (RFC 3629 §3). */
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
