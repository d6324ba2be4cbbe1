import type { Cursor } from "@rosetta/protocol";
import { type Draft, type Entry, keep, type Log, type Replay } from "./log.ts";
import { Rings, replayFrom, type TopicLife } from "./rings.ts";

/** The log of one process, with a ring for each topic. It ends with the process; a new epoch shows that. */
export class MemoryLog implements Log {
  readonly #rings: Rings;
  readonly #listeners: ((entry: Entry) => void)[] = [];
  readonly #token: () => string;

  /** @param most bytes of memory for all rings together. Default: no limit. */
  constructor(token: () => string, most?: number) {
    this.#token = token;
    this.#rings = new Rings(most);
  }

  /** Bytes of memory that all rings take. */
  get bytes(): number {
    return this.#rings.bytes;
  }

  /** Returns `undefined`: every topic is here. */
  open(): undefined {
    return undefined;
  }

  async append(name: string, draft: Draft): Promise<undefined> {
    // A log that servers share would complete later, so this one does too.
    await undefined;
    const topic = this.#topic(name);
    const kept = keep(topic, topic.offset + 1, draft);
    this.#rings.keep(topic, kept);
    // Written out, because two spreads would take longer than everything else here.
    const { at, from, to, data, request, rank } = draft;
    const entry: Entry = { ...kept, at, from, to, data, request, rank };
    for (const listener of this.#listeners) listener(entry);
  }

  head(name: string): Cursor {
    const { epoch, offset } = this.#topic(name);
    return { epoch, offset };
  }

  since(name: string, cursor?: Cursor): Replay {
    return replayFrom(this.#topic(name), cursor);
  }

  follow(listener: (entry: Entry) => void): void {
    this.#listeners.push(listener);
  }

  close(name: string): void {
    this.#rings.forget(name);
  }

  #topic(name: string): TopicLife {
    return this.#rings.get(name) ?? this.#rings.begin(name, this.#token().slice(0, 16));
  }
}
