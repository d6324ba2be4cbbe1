import { bounds, type Cursor, type Limits, type Mode } from "@rosetta/protocol";
import { presenceOf } from "../cluster/cluster.ts";
import { type Soon, soon } from "../cluster/soon.ts";
import { Expiry } from "../operation/expiry.ts";
import type { Platform } from "../port.ts";
import type { Reader } from "./followers.ts";
import type { Log } from "./log.ts";
import { isUnused, type Lot, Shares } from "./shares.ts";

/** A topic and its followers: who gets its events, and how. */
export interface Topic<Session> {
  readonly name: string;
  /** `stream`: every event matters; `latest`: only the newest does. */
  readonly mode: Mode;
  readonly sessions: Set<Session>;
  readonly readers: Set<Reader>;
  /** The room or job with which it ends. Undefined for a topic that always exists. */
  readonly lot: Lot | undefined;
}

/** Why there is no such topic for this reader. */
export interface TopicProblem {
  code: "not_found" | "forbidden" | "limit";
  message: string;
  /** True if this address has reached a limit of its own, so that others still get the topic. Default: false. */
  isOwn?: boolean;
}

interface TopicsOptions<Session> {
  platform: Platform;
  log: Log;
  limits: Pick<Limits, "rooms">;
  /** True if the topic `log` is served. */
  logServed: boolean;
  /** Returns whether a topic that is not known here exists at another server. */
  existsElsewhere(name: string): Soon<boolean>;
  /** Makes all followers leave, because another topic needs this place. */
  evict(topic: Topic<Session>): void;
}

/**
 * The topics that exist. Feeds and the server's log always do. A room and its presence begin with their first use and
 * are forgotten once they have been empty for two minutes. A job's topic is forgotten in the same way, after its
 * result. If there are too many, one makes way: see `Shares`.
 */
export class Topics<Session> {
  readonly #options: TopicsOptions<Session>;
  readonly #topics = new Map<string, Topic<Session>>();
  readonly #rooms: Shares;
  readonly #jobs = new Shares("jobs", bounds.jobTopics);
  /** Lots that will be forgotten unless somebody uses them. */
  readonly #unused: Expiry<Lot>;

  constructor(options: TopicsOptions<Session>) {
    this.#options = options;
    this.#rooms = new Shares("rooms", options.limits.rooms);
    const { platform } = options;
    this.#unused = new Expiry({ platform, ms: bounds.rememberedMs, expired: (lot) => this.#forget(lot) });
    if (options.logServed) this.#add("log", "stream");
  }

  /** Returns a topic that exists, or `undefined`. */
  get(name: string): Topic<Session> | undefined {
    return this.#topics.get(name);
  }

  /** Returns why this address cannot have the topic, or `undefined` if it can. Begins no room. */
  ask(name: string, address: string): Soon<TopicProblem | undefined> {
    if (this.#topics.has(name)) return undefined;
    if (name === "log") return { code: "forbidden", message: "the log is served on loopback only" };
    if (roomOf(name) !== undefined) return this.#lackOf(this.#rooms, address);
    if (!isJob(name)) return unknown;
    return soon(this.#options.existsElsewhere(name), (exists) =>
      exists ? this.#lackOf(this.#jobs, address) : unknown,
    );
  }

  /**
   * Returns the topic, or why this address cannot have it. Begins a room that does not exist yet. Rejects if the log
   * cannot open the topic now. `upTo` is the place from which the reader resumes.
   */
  open(name: string, address: string, upTo?: Cursor): Soon<Topic<Session> | TopicProblem> {
    const known = this.#topics.get(name);
    if (known) return this.#use(known, upTo);
    return soon(this.ask(name, address), (problem) => {
      // Somebody else may have asked meanwhile.
      return problem ?? this.#use(this.#topics.get(name) ?? this.#begin(name, address), upTo);
    });
  }

  /** Adds a topic that always exists, in which only the server publishes. */
  add(name: string, mode: Mode): void {
    this.#add(name, mode);
  }

  /** Begins the topic of a job for this address. Returns a problem if there is no place for it. */
  addJob(name: string, address: string): TopicProblem | undefined {
    const problem = this.#makeWay(this.#jobs, address);
    if (problem !== undefined) return { code: "limit", message: problem };
    this.#add(name, "stream", this.#jobs.add(name, address, true));
    return undefined;
  }

  /** Notes that nothing more comes in the topic of a job. */
  ended(name: string): void {
    const lot = this.#topics.get(name)?.lot;
    if (!lot) return;
    lot.shares.ended(lot);
    this.#reconsider(lot);
  }

  /** Notes one more follower from this address. */
  joined({ lot }: Topic<Session>, address: string): void {
    if (!this.#isThere(lot)) return;
    lot.shares.joined(lot, address);
    this.#reconsider(lot);
  }

  /** Notes one follower less from this address. */
  left({ lot }: Topic<Session>, address: string): void {
    if (!this.#isThere(lot)) return;
    lot.shares.left(lot, address);
    this.#reconsider(lot);
  }

  /** Notes that something was published in the topic, so it is kept longer than an empty one. */
  written({ lot }: Topic<Session>): void {
    if (!this.#isThere(lot) || lot.hasHistory) return;
    lot.shares.written(lot);
    this.#reconsider(lot);
  }

  #lackOf(shares: Shares, address: string): TopicProblem | undefined {
    const way = shares.way(address);
    if (way.problem === undefined) return undefined;
    return { code: "limit", message: way.problem, isOwn: way.isOwn };
  }

  #use(topic: Topic<Session>, upTo: Cursor | undefined): Soon<Topic<Session> | TopicProblem> {
    // A poll or a publication also uses the room, without following it.
    if (topic.lot?.shares === this.#rooms) this.#touched(topic.lot);
    const opening = this.#options.log.open(topic.name, upTo);
    if (!opening) return topic;
    return opening.then(() => (this.#topics.get(topic.name) === topic ? topic : gone));
  }

  #begin(name: string, address: string): Topic<Session> {
    const room = roomOf(name);
    if (room === undefined) this.#beginJob(name, address);
    else this.#beginRoom(room, address);
    return this.#topics.get(name) as Topic<Session>;
  }

  // The job runs at another server, so here it only needs a place as long as somebody follows it.
  #beginJob(name: string, address: string): void {
    this.#makeWay(this.#jobs, address);
    const lot = this.#jobs.add(name, address);
    this.#add(name, "stream", lot);
    this.#reconsider(lot);
  }

  #beginRoom(room: string, address: string): void {
    this.#makeWay(this.#rooms, address);
    const lot = this.#rooms.add(`room/${room}`, address);
    this.#add(`room/${room}`, "stream", lot);
    this.#add(`presence/${room}`, "latest", lot);
  }

  // Returns a problem if nothing could make way.
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
    this.#forget(lot, true);
  }

  #touched(lot: Lot): void {
    lot.shares.touched(lot);
    this.#reconsider(lot);
  }

  // A lot that nobody uses is forgotten in two minutes, unless somebody comes.
  #reconsider(lot: Lot): void {
    if (isUnused(lot)) this.#unused.add(lot);
    else this.#unused.delete(lot);
  }

  #forget(lot: Lot, makesWay = false): void {
    lot.shares.remove(lot);
    this.#unused.delete(lot);
    for (const name of namesOf(lot)) {
      this.#topics.delete(name);
      this.#options.log.close(name, makesWay);
    }
  }

  // False for a lot that made way. Its last followers can leave later, when its name belongs to a new one.
  #isThere(lot: Lot | undefined): lot is Lot {
    return lot !== undefined && this.#topics.get(lot.name)?.lot === lot;
  }

  #add(name: string, mode: Mode, lot?: Lot): void {
    this.#topics.set(name, { name, mode, lot, sessions: new Set(), readers: new Set() });
  }
}

const unknown: TopicProblem = { code: "not_found", message: "no such topic" };
const gone: TopicProblem = { code: "limit", message: "this room had to make way for another" };

/** True for the topics of jobs. */
export function isJob(name: string): boolean {
  return /^job\/[0-9a-f]{12}$/.test(name);
}

/** Returns the room that a topic belongs to. Only `room/<name>` and `presence/<name>` belong to one. */
export function roomOf(name: string): string | undefined {
  // A query can name anything, so it is not left to the schema of messages.
  return /^(?:room|presence)\/([a-z0-9-]{1,32})$/.exec(name)?.[1];
}

/** Returns whether clients may publish in a topic. */
export function isPublic(name: string): boolean {
  return name.startsWith("room/");
}

// A room and its presence begin and end together.
function namesOf({ name }: Lot): string[] {
  const room = roomOf(name);
  return room === undefined ? [name] : [`room/${room}`, presenceOf(room)];
}
