import type { Platform } from "@rosetta/hub";
import {
  type Draft,
  type Entry,
  type Kept,
  type Log,
  type Place,
  Refused,
  type Replay,
  type RequestMark,
  Rings,
  replayFrom,
  type TopicLife,
} from "@rosetta/hub/cluster";
import type { Cursor } from "@rosetta/protocol";
import type { Appended, Engine, OpenedTopic } from "./engine.ts";
import { entriesOf, entryOf, payloadOf } from "./payload.ts";
import type { Reach } from "./reach.ts";

/** Milliseconds that a hole may wait for the message that fills it, before it is fetched. */
const holeMs = 50;

/**
 * Why a topic is read anew: an event shows that others are missing, or the beat does, or another life has begun; or
 * somebody knows a place that this server does not, because of a repeated request or because it was elsewhere.
 */
export type FetchReason = "hole" | "beat" | "life" | "again" | "ahead";

interface EngineLogOptions {
  engine: Engine;
  reach: Reach;
  platform: Pick<Platform, "now" | "after" | "token">;
  /** The log of the topics that stay this server's own. */
  own: Log;
  /** Bytes of memory for the events of all topics. Default: no limit. */
  bytes?: number;
  /** Called when an event was appended, after so many milliseconds. */
  appended(ms: number): void;
  /** Called when so many events were fetched. */
  fetched(events: number, why: FetchReason): void;
  /** Called when a topic has a new epoch. */
  began(): void;
  /** Called when one topic more or less is followed. */
  following(change: 1 | -1): void;
}

/** A topic that this server follows. */
interface Followed {
  readonly name: string;
  /** What has come so far. Undefined until the engine was asked for the first time. */
  life: TopicLife | undefined;
  opening: Promise<void> | undefined;
  /** Events that came before those in front of them, by their offset. */
  readonly ahead: Map<number, Entry>;
  /** Resolves when the engine was asked for what is missing. Undefined while it is not asked. */
  fetching: Promise<void> | undefined;
  cancelHole: (() => void) | undefined;
}

/** The request of an append of this server that is on its way. */
interface Pending {
  /** True once its event was delivered, with the request, so that its author has the `ack`. */
  isDelivered: boolean;
  /** Called when it was, or when it will not be. */
  settle(): void;
}

/**
 * The log that servers share. The truth is in the engine, and each server follows: messages say what is new, and each
 * event is delivered when all in front of it were. Messages may be lost. That shows by the next one, by the answer to an
 * append of our own, or by the beat, and what is missing is fetched.
 *
 * An epoch belongs to one life of the engine. When it changes, nobody knows what was lost. So the followers are told.
 */
export class EngineLog implements Log {
  readonly #options: EngineLogOptions;
  readonly #rings: Rings;
  readonly #topics = new Map<string, Followed>();
  readonly #pending = new Map<string, Pending>();
  #entry: (entry: Entry) => void = () => {};
  #lost: (topic: string, began: boolean) => void = () => {};

  constructor(options: EngineLogOptions) {
    this.#options = options;
    this.#rings = new Rings(options.bytes);
  }

  /** Bytes of memory that the events of all topics take in this process. */
  get bytes(): number {
    return this.#rings.bytes + (this.#options.own.bytes ?? 0);
  }

  /** The topics that are open, as this server knows them. */
  get known(): { topic: string; epoch: string; offset: number }[] {
    return [...this.#topics.values()].flatMap(({ name, life }) =>
      life ? [{ topic: name, epoch: life.epoch, offset: life.offset }] : [],
    );
  }

  /** The names of all topics that are open or being opened. */
  get names(): string[] {
    return [...this.#topics.keys()];
  }

  follow(listener: (entry: Entry) => void, lost?: (topic: string, began: boolean) => void): void {
    this.#entry = listener;
    this.#lost = lost ?? this.#lost;
    this.#options.own.follow(listener);
  }

  open(name: string, upTo?: Cursor): Promise<void> | undefined {
    if (isOwn(name)) return undefined;
    const known = this.#topics.get(name);
    if (!known?.life) return known?.opening ?? this.#begin(name);
    const { epoch, offset } = known.life;
    const isKnown = !upTo || (upTo.epoch === epoch && upTo.offset <= offset);
    return isKnown ? undefined : this.#fetch(known, "ahead");
  }

  close(name: string, makesWay = false): void {
    if (isOwn(name)) return this.#options.own.close(name);
    const { engine, reach } = this.#options;
    const followed = this.#topics.get(name);
    if (followed) this.#unfollow(followed);
    // If this is lost, the engine forgets the topic by itself, later.
    if (makesWay) reach.ask(() => engine.forget(name)).catch(() => {});
  }

  head(name: string): Cursor {
    if (isOwn(name)) return this.#options.own.head(name);
    const { epoch, offset } = this.#lifeOf(name);
    return { epoch, offset };
  }

  since(name: string, cursor?: Cursor): Replay {
    if (isOwn(name)) return this.#options.own.since(name, cursor);
    return replayFrom(this.#lifeOf(name), cursor);
  }

  append(topic: string, draft: Draft): Promise<Place | undefined> {
    return isOwn(topic) ? this.#options.own.append(topic, draft) : this.#append(topic, draft);
  }

  /** Takes an event that arrived in a message. */
  heard(topic: string, epoch: string, offset: number, payload: string): void {
    const followed = this.#topics.get(topic);
    if (!followed) return;
    this.#place(followed, entryOf(topic, epoch, offset, payload));
  }

  /** Returns whether the engine has this place, and the server does not know it yet. */
  isBehind(name: string, epoch: string, offset: number): boolean {
    const life = this.#topics.get(name)?.life;
    return life !== undefined && (life.epoch !== epoch || life.offset < offset);
  }

  /** Reads the events of a topic that the engine has and this server lacks. */
  async refresh(name: string, why: FetchReason): Promise<void> {
    const followed = this.#topics.get(name);
    if (followed?.life) await this.#fetch(followed, why);
  }

  #unfollow({ name, cancelHole, ahead }: Followed): void {
    this.#topics.delete(name);
    cancelHole?.();
    for (const entry of ahead.values()) this.#settle(entry);
    this.#rings.forget(name);
    this.#options.engine.unsubscribe(name);
    this.#options.following(-1);
  }

  #lifeOf(name: string): TopicLife {
    const life = this.#topics.get(name)?.life;
    if (!life) throw new Error(`${name} is not open`);
    return life;
  }

  #begin(name: string): Promise<void> {
    const followed: Followed = {
      name,
      life: undefined,
      opening: undefined,
      ahead: new Map(),
      fetching: undefined,
      cancelHole: undefined,
    };
    this.#topics.set(name, followed);
    this.#options.following(1);
    followed.opening = this.#subscribe(followed).catch((error) => {
      if (this.#topics.get(name) === followed) this.close(name);
      throw error;
    });
    return followed.opening;
  }

  async #subscribe(followed: Followed): Promise<void> {
    const { engine, reach } = this.#options;
    // First subscribe, then read: what is appended in between comes twice rather than not at all.
    await reach.ask(() => engine.subscribe([followed.name]));
    // The topic may be closed while this waits.
    if (this.#topics.get(followed.name) !== followed) return;
    const opened = await reach.ask(() => engine.open(followed.name, this.#newEpoch()));
    if (this.#topics.get(followed.name) !== followed) return;
    this.#take(followed, opened);
    followed.opening = undefined;
  }

  async #append(topic: string, draft: Draft): Promise<Place | undefined> {
    const { engine, reach, platform, appended } = this.#options;
    const { rank, life, request } = draft;
    const begunAt = platform.now();
    const payload = payloadOf(draft);
    const command = {
      ...{ topic, payload },
      ...(rank !== undefined && { rank }),
      ...(life !== undefined && { life }),
      ...(request && { request }),
    };
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
    const pending: Pending = { isDelivered: false, settle };
    const key = request && keyOf(request);
    if (key !== undefined) this.#pending.set(key, pending);
    const merge = (answer: Appended): void => this.#merge(answer, payload);
    try {
      // Without a request or a rank nothing keeps a repetition from taking effect twice.
      const answer = await reach.ask(
        // Each attempt names a new epoch: an earlier one may have begun an epoch in another life of the engine.
        () => engine.append({ ...command, epoch: this.#newEpoch() }),
        key !== undefined || rank !== undefined,
        merge,
      );
      appended(platform.now() - begunAt);
      if (answer.outcome === "conflict") throw new Refused("conflict", "this id had another body");
      if (answer.outcome === "stale")
        throw new Refused("unavailable", "the engine has begun another life", 0);
      merge(answer);
      // Only an author waits, for its own event, which comes before the `ack`.
      if (key !== undefined && this.#waits(answer)) await settled;
      if (answer.outcome === "again") await this.#upTo(answer);
      return pending.isDelivered ? undefined : answer;
    } catch (error) {
      // The answer was lost, but not the message.
      if (pending.isDelivered) return undefined;
      throw error;
    } finally {
      if (key !== undefined && this.#pending.get(key) === pending) this.#pending.delete(key);
    }
  }

  // The answer to an append says what a message would.
  #merge({ outcome, topic, epoch, offset }: Appended, payload: string): void {
    const followed = this.#topics.get(topic);
    if (outcome === "added" && followed) this.#place(followed, entryOf(topic, epoch, offset, payload));
  }

  // True if an event was appended that has to wait for those in front of it.
  #waits({ outcome, topic, epoch, offset }: Appended): boolean {
    return outcome === "added" && this.#topics.get(topic)?.ahead.get(offset)?.epoch === epoch;
  }

  // The author of a repeated request gets its own event first, and then the `ack`.
  async #upTo({ topic, epoch, offset }: Appended): Promise<void> {
    const followed = this.#topics.get(topic);
    const life = followed?.life;
    if (followed && life?.epoch === epoch && life.offset < offset) await this.#fetch(followed, "again");
  }

  // #region merge
  #place(followed: Followed, entry: Entry | undefined): void {
    const { life, ahead } = followed;
    // An unreadable event counts as missing. The next event or the beat reveals the gap.
    if (!entry || Number.isNaN(entry.offset)) return;
    if (!life) return void ahead.set(entry.offset, entry);
    if (entry.epoch !== life.epoch) return void this.#fetch(followed, "life").catch(() => {});
    if (entry.offset <= life.offset) return;
    ahead.set(entry.offset, entry);
    this.#advance(followed, life);
  }

  #advance(followed: Followed, life: TopicLife): void {
    const { ahead } = followed;
    for (let next = ahead.get(life.offset + 1); next; next = ahead.get(life.offset + 1)) {
      ahead.delete(next.offset);
      this.#deliver(life, next);
      // Nobody wanted it any more.
      if (this.#topics.get(followed.name) !== followed) return;
    }
    if (ahead.size === 0) {
      followed.cancelHole?.();
      followed.cancelHole = undefined;
      return;
    }
    followed.cancelHole ??= this.#options.platform.after(holeMs, () => {
      followed.cancelHole = undefined;
      this.#fetch(followed, "hole").catch(() => {});
    });
  }
  // #endregion merge

  #deliver(life: TopicLife, { request, ...entry }: Entry): void {
    const pending = request && this.#pending.get(keyOf(request));
    this.#rings.keep(life, keptOf(entry));
    // Only the server that the author has asked sends it the `ack`.
    this.#entry(pending ? { ...entry, request } : entry);
    if (!pending) return;
    pending.isDelivered = true;
    pending.settle();
  }

  #fetch(followed: Followed, why: FetchReason): Promise<void> {
    followed.fetching ??= this.#read(followed, why).finally(() => {
      followed.fetching = undefined;
    });
    return followed.fetching;
  }

  async #read(followed: Followed, why: FetchReason): Promise<void> {
    const { engine, reach, fetched } = this.#options;
    const { name, life } = followed;
    const known = life && { epoch: life.epoch, offset: life.offset };
    const before = [...followed.ahead.values()];
    const opened = await reach.ask(() => engine.open(name, this.#newEpoch(), known));
    if (this.#topics.get(name) !== followed) return;
    fetched(opened.events.length, why);
    // The engine knows nothing of an event that was here before it was asked: the event never existed, or is lost.
    for (const entry of before) if (entry.offset > opened.offset) this.#drop(followed, entry);
    this.#take(followed, opened);
  }

  #take(followed: Followed, opened: OpenedTopic): void {
    const { name, life } = followed;
    if (life?.epoch !== opened.epoch) return this.#startOver(followed, opened);
    const missed = entriesOf(name, opened).filter(({ offset }) => offset > life.offset);
    const next = missed[0]?.offset ?? opened.offset + 1;
    // More was appended than a ring holds.
    if (next > life.offset + 1) return this.#startOver(followed, opened);
    for (const entry of missed) {
      if (!followed.ahead.has(entry.offset)) followed.ahead.set(entry.offset, entry);
    }
    this.#advance(followed, life);
  }

  #startOver(followed: Followed, opened: OpenedTopic): void {
    const { epoch, offset } = opened;
    const { name, ahead, life: before } = followed;
    const entries = entriesOf(name, opened);
    const life = this.#rings.begin(name, epoch, (entries[0]?.offset ?? offset + 1) - 1);
    followed.life = life;
    for (const entry of entries) {
      this.#rings.keep(life, keptOf(entry));
      this.#settle(entry);
    }
    for (const entry of ahead.values()) {
      if (entry.epoch !== epoch || entry.offset <= life.offset) this.#drop(followed, entry);
    }
    if (before) {
      if (before.epoch !== epoch) this.#options.began();
      this.#lost(name, before.epoch !== epoch);
    }
    if (this.#topics.get(name) === followed) this.#advance(followed, life);
  }

  #drop({ ahead }: Followed, entry: Entry): void {
    if (ahead.get(entry.offset) === entry) ahead.delete(entry.offset);
    this.#settle(entry);
  }

  // An event that is not delivered here has its place all the same.
  #settle({ request }: Entry): void {
    if (request) this.#pending.get(keyOf(request))?.settle();
  }

  #newEpoch(): string {
    return this.#options.platform.token().slice(0, 16);
  }
}

/** True for topics that each server has for itself. */
function isOwn(topic: string): boolean {
  return topic === "log";
}

function keyOf({ client, id }: RequestMark): string {
  return `${client} ${id}`;
}

// The ring needs no more than this of an event.
function keptOf({ topic, epoch, offset, frame, bytes, except }: Kept): Kept {
  return { topic, epoch, offset, frame, bytes, except };
}
