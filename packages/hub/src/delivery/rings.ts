import type { Cursor } from "@rosetta/protocol";
import { OrderedSet } from "../operation/ordered-set.ts";
import type { Kept, Replay } from "./log.ts";

/** The most that a ring holds: entries, and bytes of memory. Older entries are dropped. */
export const ring = { entries: 256, bytes: 128 * 1024 } as const;
/** Bytes of memory that an entry takes beyond the characters of its frame. */
const entryBytes = 160;
/** A reader without a cursor is given this many of the newest entries. */
export const newest = 32;

/** One life of a topic, with its newest entries. */
export interface TopicLife {
  readonly name: string;
  readonly epoch: string;
  /** The place of the newest entry; 0 before the first. */
  offset: number;
  bytes: number;
  readonly entries: Kept[];
}

/**
 * The newest entries of each topic, in memory. All rings share a budget. Over it, the fullest ring loses its oldest
 * entries; of several equally full ones, the one unused longest.
 */
export class Rings {
  readonly #topics = new Map<string, TopicLife>();
  readonly #most: number;
  /** Topics by how full they are, in powers of two. In each class, the one unused longest comes first. */
  readonly #classes: OrderedSet<TopicLife>[] = Array.from({ length: 53 }, () => new OrderedSet());
  #bytes = 0;

  /** @param most bytes of memory for all rings together. Default: no limit. */
  constructor(most: number = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** Bytes of memory that all rings take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the life of a topic, or `undefined` if none has begun. */
  get(name: string): TopicLife | undefined {
    return this.#topics.get(name);
  }

  /** Begins a life of a topic behind the place `offset`. Default: at the beginning. An earlier life is forgotten. */
  begin(name: string, epoch: string, offset = 0): TopicLife {
    this.forget(name);
    const topic: TopicLife = { name, epoch, offset, bytes: 0, entries: [] };
    this.#topics.set(name, topic);
    return topic;
  }

  /** Adds the next entry of a topic. */
  keep(topic: TopicLife, kept: Kept): void {
    topic.offset = kept.offset;
    topic.entries.push(kept);
    this.#resize(topic, costOf(kept));
    while ((topic.entries.length > ring.entries || topic.bytes > ring.bytes) && this.#drop(topic));
    while (this.#bytes > this.#most && this.#drop(this.#fullest()));
  }

  /** Forgets a topic and its entries. */
  forget(name: string): void {
    const topic = this.#topics.get(name);
    if (!topic) return;
    this.#topics.delete(name);
    this.#resize(topic, -topic.bytes);
  }

  // Returns false if there was nothing to drop.
  #drop(topic: TopicLife | undefined): boolean {
    const oldest = topic?.entries.shift();
    if (topic && oldest) this.#resize(topic, -costOf(oldest));
    return oldest !== undefined;
  }

  #resize(topic: TopicLife, change: number): void {
    const before = this.#classOf(topic);
    topic.bytes += change;
    this.#bytes += change;
    const after = this.#classOf(topic);
    if (after !== before) before?.delete(topic);
    after?.add(topic);
  }

  #fullest(): TopicLife | undefined {
    return this.#classes.findLast(({ size }) => size > 0)?.first;
  }

  // Undefined for an empty ring, which has nothing to lose.
  #classOf({ bytes }: TopicLife): OrderedSet<TopicLife> | undefined {
    return bytes > 0 ? this.#classes[Math.floor(Math.log2(bytes))] : undefined;
  }
}

/** Returns everything after `cursor` if that is still in the ring; otherwise, or without a cursor, the newest entries. */
export function replayFrom({ epoch, offset, entries }: TopicLife, cursor?: Cursor): Replay {
  const oldest = entries[0]?.offset ?? offset + 1;
  const known = cursor?.epoch === epoch && cursor.offset <= offset && cursor.offset >= oldest - 1;
  if (!known || !cursor) return { recovered: false, entries: entries.slice(-newest) };
  return { recovered: true, entries: entries.slice(cursor.offset - oldest + 1) };
}

// Engines store a string with one byte per character, or with two as soon as one character is outside Latin-1.
function costOf({ frame, bytes, except = "" }: Kept): number {
  const isWide = bytes > frame.length && /[\u0100-\uffff]/.test(frame);
  return entryBytes + except.length + frame.length * (isWide ? 2 : 1);
}
