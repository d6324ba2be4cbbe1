import { bounds, type Limits, type Mode } from "@rosetta/protocol";
import { stations } from "./feeds.ts";
import type { Log } from "./log.ts";
import type { Host } from "./port.ts";
import type { Reader } from "./readers.ts";

/** A topic as it is followed here: who gets its events, and how. */
export interface Topic<Session> {
  readonly name: string;
  readonly mode: Mode;
  readonly sessions: Set<Session>;
  readonly readers: Set<Reader>;
}

/** Why there is no such topic for this reader. */
export interface TopicProblem {
  code: "not_found" | "forbidden" | "limit";
  message: string;
}

/**
 * The topics that exist. Feeds and the server's log always do; a room and its presence begin with the first who
 * names them and are forgotten when they were empty for two minutes; a job's topic ends with its result, likewise.
 * Where there are too many, the one that has been empty longest is forgotten at once.
 */
export class Topics<Session> {
  readonly #host: Host;
  readonly #log: Log;
  readonly #limits: Pick<Limits, "rooms">;
  readonly #topics = new Map<string, Topic<Session>>();
  readonly #rooms = new Set<string>();
  /** Topics of jobs, and whether the job still runs. */
  readonly #jobs = new Map<string, boolean>();
  /** What will be forgotten if nobody comes, the first to go in front. */
  readonly #forgetting = new Map<string, () => void>();

  constructor(host: Host, log: Log, limits: Pick<Limits, "rooms">, logServed: boolean) {
    this.#host = host;
    this.#log = log;
    this.#limits = limits;
    for (const station of stations) this.#add(`weather/${station}`, "latest");
    this.#add("scores", "stream");
    if (logServed) this.#add("log", "stream");
  }

  get(name: string): Topic<Session> | undefined {
    return this.#topics.get(name);
  }

  /** The topic, or why there is none. Naming a room makes it. */
  open(name: string): Topic<Session> | TopicProblem {
    const room = roomOf(name);
    if (room !== undefined && !this.#begin(room)) {
      return { code: "limit", message: "there are too many rooms" };
    }
    // Whoever names a room uses it, also without following it: a poll, a publication.
    if (room !== undefined) this.emptied(name);
    const topic = this.#topics.get(name);
    if (topic) return topic;
    if (name === "log") return { code: "forbidden", message: "the log is served on loopback only" };
    return { code: "not_found", message: "no such topic" };
  }

  /** Begins the topic of a job, or says why not. */
  addJob(name: string): TopicProblem | undefined {
    const isFull = this.#jobs.size >= bounds.jobTopics;
    if (isFull && !this.#makeWay((other) => this.#jobs.has(other))) {
      return { code: "limit", message: "there are too many jobs" };
    }
    this.#jobs.set(name, true);
    this.#add(name, "stream");
    return undefined;
  }

  /** Nothing more comes in the topic of a job. */
  ended(name: string): void {
    this.#jobs.set(name, false);
    this.emptied(name);
  }

  /** Somebody left, or a job ended: if nobody comes for two minutes, the topic is forgotten. */
  emptied(name: string): void {
    const names = together(name);
    const [first] = names;
    const isPassing = roomOf(name) !== undefined || this.#jobs.get(name) === false;
    if (!isPassing || first === undefined || names.some((each) => this.#isFollowed(each))) return;
    this.#forgetting.get(first)?.();
    // To the end of the line: who makes way for another is who has been empty longest.
    this.#forgetting.delete(first);
    this.#forgetting.set(
      first,
      this.#host.after(bounds.rememberedMs, () => this.#forget(names)),
    );
  }

  // True if the room is there now.
  #begin(room: string): boolean {
    if (this.#rooms.has(room)) return true;
    const isFull = this.#rooms.size >= this.#limits.rooms;
    if (isFull && !this.#makeWay((other) => roomOf(other) !== undefined)) return false;
    this.#rooms.add(room);
    this.#add(`room/${room}`, "stream");
    this.#add(`presence/${room}`, "latest");
    return true;
  }

  // Anybody can name a room by a plain GET, so empty ones must not keep others out.
  #makeWay(isSuch: (name: string) => boolean): boolean {
    return [...this.#forgetting.keys()].some((first) => isSuch(first) && this.#forget(together(first)));
  }

  #add(name: string, mode: Mode): void {
    this.#topics.set(name, { name, mode, sessions: new Set(), readers: new Set() });
  }

  #isFollowed(name: string): boolean {
    const topic = this.#topics.get(name);
    return topic !== undefined && topic.sessions.size + topic.readers.size > 0;
  }

  // True if nobody follows them: they are forgotten.
  #forget(names: string[]): boolean {
    if (names.some((name) => this.#isFollowed(name))) return false;
    for (const name of names) {
      this.#topics.delete(name);
      this.#forgetting.get(name)?.();
      this.#forgetting.delete(name);
      this.#jobs.delete(name);
      this.#log.forget(name);
      const room = roomOf(name);
      if (room !== undefined) this.#rooms.delete(room);
    }
    return true;
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
function together(name: string): string[] {
  const room = roomOf(name);
  return room === undefined ? [name] : [`room/${room}`, `presence/${room}`];
}
