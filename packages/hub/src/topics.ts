import { bounds, type Limits, type Mode } from "@rosetta/protocol";
import { stations } from "./feeds.ts";
import type { Log } from "./log.ts";
import type { Host } from "./port.ts";
import type { Reader } from "./readers.ts";
import { isUnused, type Lot, Shares } from "./shares.ts";

/** A topic as it is followed here: who gets its events, and how. */
export interface Topic<Session> {
  readonly name: string;
  readonly mode: Mode;
  readonly sessions: Set<Session>;
  readonly readers: Set<Reader>;
  /** The room or job that it ends with; none if it is always there. */
  readonly lot: Lot | undefined;
}

/** Why there is no such topic for this reader. */
export interface TopicProblem {
  code: "not_found" | "forbidden" | "limit";
  message: string;
}

interface TopicsOptions<Session> {
  host: Host;
  log: Log;
  limits: Pick<Limits, "rooms">;
  /** True if the topic `log` is served. */
  logServed: boolean;
  /** Somebody else needs the place of this topic: its followers are told, and leave. */
  evict(topic: Topic<Session>): void;
}

/**
 * The topics that exist. Feeds and the server's log always do; a room and its presence begin with the first who
 * uses them and are forgotten when they were empty for two minutes; a job's topic ends with its result, likewise.
 * Where there are too many, one makes way: see `Shares`.
 */
export class Topics<Session> {
  readonly #options: TopicsOptions<Session>;
  readonly #topics = new Map<string, Topic<Session>>();
  readonly #rooms: Shares;
  readonly #jobs = new Shares(bounds.jobTopics);
  /** What will be forgotten if nobody comes. */
  readonly #forgetting = new Map<Lot, () => void>();

  constructor(options: TopicsOptions<Session>) {
    this.#options = options;
    this.#rooms = new Shares(options.limits.rooms);
    for (const station of stations) this.#add(`weather/${station}`, "latest");
    this.#add("scores", "stream");
    if (options.logServed) this.#add("log", "stream");
  }

  get(name: string): Topic<Session> | undefined {
    return this.#topics.get(name);
  }

  /** Why this address cannot have the topic, or nothing. Begins none. */
  ask(name: string, address: string): TopicProblem | undefined {
    if (this.#topics.has(name)) return undefined;
    if (name === "log") return { code: "forbidden", message: "the log is served on loopback only" };
    if (roomOf(name) === undefined) return { code: "not_found", message: "no such topic" };
    const { problem } = this.#rooms.way(address);
    return problem === undefined
      ? undefined
      : { code: "limit", message: `there are too many rooms: ${problem}` };
  }

  /** The topic for somebody at this address, or why there is none. A room begins with the first who uses it. */
  open(name: string, address: string): Topic<Session> | TopicProblem {
    const problem = this.ask(name, address);
    if (problem) return problem;
    const topic = this.#topics.get(name) ?? this.#beginRoom(name, address);
    // Whoever names a room uses it, also without following it: a poll, a publication.
    if (topic.lot && roomOf(name) !== undefined) this.#touched(topic.lot);
    return topic;
  }

  /** Begins the topic of a job that somebody at this address started, or says why not. */
  addJob(name: string, address: string): TopicProblem | undefined {
    const problem = this.#makeWay(this.#jobs, address);
    if (problem !== undefined) return { code: "limit", message: `there are too many jobs: ${problem}` };
    this.#add(name, "stream", this.#jobs.add(name, address, true));
    return undefined;
  }

  /** Nothing more comes in the topic of a job. */
  ended(name: string): void {
    const lot = this.#topics.get(name)?.lot;
    if (!lot) return;
    lot.isPinned = false;
    this.#touched(lot);
  }

  /** Somebody at this address follows the topic. */
  joined({ lot }: Topic<Session>, address: string): void {
    if (!this.#isThere(lot)) return;
    this.#sharesOf(lot).joined(lot, address);
    this.#reconsider(lot);
  }

  /** Somebody at this address follows the topic no longer. */
  left({ lot }: Topic<Session>, address: string): void {
    if (!this.#isThere(lot)) return;
    this.#sharesOf(lot).left(lot, address);
    this.#reconsider(lot);
  }

  /** Somebody said something in the topic: it is worth more than its name. */
  written({ lot }: Topic<Session>): void {
    if (!this.#isThere(lot) || lot.hasHistory) return;
    lot.hasHistory = true;
    this.#touched(lot);
  }

  #beginRoom(name: string, address: string): Topic<Session> {
    const room = roomOf(name);
    this.#makeWay(this.#rooms, address);
    const lot = this.#rooms.add(`room/${room}`, address);
    this.#add(`room/${room}`, "stream", lot);
    this.#add(`presence/${room}`, "latest", lot);
    return this.#topics.get(name) as Topic<Session>;
  }

  // Returns why nothing made way.
  #makeWay(shares: Shares, address: string): string | undefined {
    const way = shares.way(address);
    if (way.problem !== undefined) return way.problem;
    if (way.goes) this.#evict(way.goes);
    return undefined;
  }

  #evict(lot: Lot): void {
    for (const name of namesOf(lot)) {
      const topic = this.#topics.get(name);
      if (topic) this.#options.evict(topic);
    }
    this.#forget(lot);
  }

  #touched(lot: Lot): void {
    this.#sharesOf(lot).touched(lot);
    this.#reconsider(lot);
  }

  // If nobody comes to what nobody uses, it is forgotten two minutes from now.
  #reconsider(lot: Lot): void {
    this.#forgetting.get(lot)?.();
    this.#forgetting.delete(lot);
    if (!isUnused(lot)) return;
    this.#forgetting.set(
      lot,
      this.#options.host.after(bounds.rememberedMs, () => this.#forget(lot)),
    );
  }

  #forget(lot: Lot): void {
    this.#sharesOf(lot).remove(lot);
    this.#forgetting.get(lot)?.();
    this.#forgetting.delete(lot);
    for (const name of namesOf(lot)) {
      this.#topics.delete(name);
      this.#options.log.forget(name);
    }
  }

  // Not one that made way: its last followers may leave later, when its name is another's.
  #isThere(lot: Lot | undefined): lot is Lot {
    return lot !== undefined && this.#topics.get(lot.name)?.lot === lot;
  }

  #sharesOf(lot: Lot): Shares {
    return roomOf(lot.name) === undefined ? this.#jobs : this.#rooms;
  }

  #add(name: string, mode: Mode, lot?: Lot): void {
    this.#topics.set(name, { name, mode, lot, sessions: new Set(), readers: new Set() });
  }
}

/** The room that a topic belongs to: `room/<name>` and `presence/<name>` do. */
export function roomOf(name: string): string | undefined {
  // A query can name anything, so it is not left to the schema of messages.
  return /^(?:room|presence)\/([a-z0-9-]{1,32})$/.exec(name)?.[1];
}

/** Topics that clients may publish in. */
export function isPublic(name: string): boolean {
  return name.startsWith("room/");
}

// A room and its presence live and end as one.
function namesOf({ name }: Lot): string[] {
  const room = roomOf(name);
  return room === undefined ? [name] : [`room/${room}`, `presence/${room}`];
}
