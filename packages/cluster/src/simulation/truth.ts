import type { Entry } from "@rosetta/hub/cluster";
import type { Cursor } from "@rosetta/protocol";
import { entriesOf } from "../payload.ts";
import type { FakeStore } from "../testing/fake-store.ts";

/** A report to a reader: an event, or the news that it missed some, with the epoch in which it continues. */
export type Told = (Cursor & { text: string; lost?: undefined }) | { lost: true; epoch: string };

/** What one reader has to see. */
export interface Witness {
  name: string;
  told: Told[];
  /** True if it has left, so that it has not seen the end. */
  hasLeft: boolean;
  /** The key of a client that does not get what it published to others. Undefined for a reader over HTTP. */
  key: string | undefined;
}

/** All that ever had a place in one topic: in every epoch, and in every half of a split engine. */
export class Truth {
  readonly faults: string[] = [];
  readonly #topic: string;
  readonly #places = new Map<string, Entry>();
  readonly #noted = new WeakMap<FakeStore, Cursor>();

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** Notes what a store has now. To be called often enough to see every epoch with everything in it. */
  note(store: FakeStore): void {
    const topic = store.topic(this.#topic);
    if (!topic) return;
    const { epoch, offset: head, events } = topic;
    const noted = this.#noted.get(store);
    const from = noted?.epoch === epoch ? noted.offset : 0;
    if (from === head) return;
    this.#noted.set(store, { epoch, offset: head });
    const fresh = events.filter((event) => event.offset > from);
    for (const entry of entriesOf(this.#topic, { epoch, events: fresh })) {
      const place = placeOf(entry);
      const before = this.#places.get(place);
      if (before && textOf(before) !== textOf(entry)) this.faults.push(`${place} holds two texts`);
      this.#places.set(place, entry);
    }
  }

  /** Returns the event at a place. */
  at(cursor: Cursor): Entry | undefined {
    return this.#places.get(placeOf(cursor));
  }

  /** Returns the key of the client that published a text with this beginning. */
  authorOf(beginning: string): string | undefined {
    const entries = [...this.#places.values()];
    return entries.find((entry) => textOf(entry).startsWith(beginning))?.request?.client;
  }

  /** Returns what was wrong with what a reader was told: events twice, late, or missing without a word. */
  faultsOf({ name, told, key }: Witness): string[] {
    const found: string[] = [];
    // While the engine is split, a reader can come from one half to the other and back, and is told so each time.
    let seen = new Set<string>();
    let last: Cursor | undefined;
    let mayJump = true;
    for (const one of told) {
      if (one.lost) {
        mayJump = true;
        // A half in which nothing has happened yet shows itself in no other way. And a reader over HTTP knows only its
        // last place, so from another half it starts over.
        if (key !== undefined && one.epoch === last?.epoch) continue;
        seen = new Set();
        last = undefined;
        continue;
      }
      const place = placeOf(one);
      const entry = this.at(one);
      if (!entry) found.push(`${name}: ${place} never was`);
      else if (textOf(entry) !== one.text) found.push(`${name}: ${place} is another event`);
      if (one.epoch !== last?.epoch) seen = new Set();
      if (seen.has(place)) found.push(`${name}: ${place} came twice`);
      seen.add(place);
      if (last?.epoch === one.epoch && one.offset < last.offset) found.push(`${name}: ${place} came late`);
      if (last && !mayJump) found.push(...this.#missed(last, one, key).map((each) => `${name}: ${each}`));
      mayJump = false;
      last = one;
    }
    return found;
  }

  /** Returns the last event in the store that a reader is meant to see and was not told, as a fault. */
  endOf({ name, told, hasLeft, key }: Witness, store: FakeStore): string[] {
    if (hasLeft) return [];
    const topic = store.topic(this.#topic);
    const newest = (topic ? entriesOf(this.#topic, topic) : []).findLast(
      ({ except }) => key === undefined || except !== key,
    );
    const last = told.findLast((one) => !one.lost);
    if (!newest || (last && !last.lost && placeOf(last) === placeOf(newest))) return [];
    return [
      `${name}: the end is missing: ${last && !last.lost ? placeOf(last) : "nothing"} of ${placeOf(newest)}`,
    ];
  }

  /** Returns the publications that took effect twice in one epoch, as faults. */
  get repeated(): string[] {
    const effects = new Map<string, number>();
    for (const entry of this.#places.values()) {
      const effect = `${entry.epoch} ${textOf(entry)}`;
      effects.set(effect, (effects.get(effect) ?? 0) + 1);
    }
    return [...effects].filter(([, count]) => count > 1).map(([effect]) => `${effect} took effect twice`);
  }

  get size(): number {
    return this.#places.size;
  }

  get epochs(): number {
    return new Set([...this.#places.values()].map(({ epoch }) => epoch)).size;
  }

  #missed(from: Cursor, to: Cursor, key: string | undefined): string[] {
    if (from.epoch !== to.epoch) return [`${to.epoch} began untold`];
    const missed: string[] = [];
    for (let offset = from.offset + 1; offset < to.offset; offset++) {
      const entry = this.at({ epoch: to.epoch, offset });
      if (key === undefined || entry?.except !== key) missed.push(`${to.epoch}:${offset} is missing`);
    }
    return missed;
  }
}

function placeOf({ epoch, offset }: Cursor): string {
  return `${epoch}:${offset}`;
}

function textOf({ data }: Entry): string {
  return data.kind === "chat" ? data.text : "";
}
