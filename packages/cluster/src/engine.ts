import type { RequestMark } from "@rosetta/hub/cluster";

/** An event to append, before it has a place. */
export interface AppendCommand {
  topic: string;
  /** The event as text: see `payload.ts`. */
  payload: string;
  /** The epoch of the topic if this begins a new one. */
  epoch: string;
  /** See `Draft.rank` and `Draft.life` of the hub. */
  rank?: number;
  life?: string;
  /** The request that must not take effect twice. */
  request?: RequestMark;
}

/** The outcome of an append. */
export interface Appended {
  /**
   * `added` at this place; `again`: this place has the event of the same request; `late`: left out because of its rank,
   * the place is the newest; `stale`: left out because its rank is of another life; `conflict`: another request had this
   * id. The last two have no place.
   */
  outcome: "added" | "again" | "late" | "stale" | "conflict";
  topic: string;
  epoch: string;
  offset: number;
}

/** A topic as the engine has it. */
export interface OpenedTopic {
  epoch: string;
  /** The place of the newest event. */
  offset: number;
  /** The events after the place that was known or, in another epoch, all that are kept. The oldest first. */
  events: { offset: number; payload: string }[];
}

/** A server's report, once a second. */
export interface BeatCommand {
  /** Names the last time that the server has told the engine everything: who is here, and which jobs run. */
  told: string;
  /** Names the next time, if the engine does not know of the last one. */
  tells: string;
  /** The topics that it follows, as it knows them. */
  topics: { topic: string; epoch: string; offset: number }[];
  /** Rooms whose presence it follows, with their presence topics: a share of them in each beat. */
  followed: { room: string; topic: string }[];
  /** The jobs that it runs. */
  jobs: string[];
  /** Clients that are connected to it, and shall be remembered further on: in turn, not all each time. */
  clients: string[];
  /** True if the topics shall be kept further on. */
  keeps: boolean;
}

/** The engine's answer to a beat. */
export interface BeatReply {
  /**
   * True if the engine has all that the server has told it. False if it may have lost something in another life, or if the
   * others took the server for dead.
   */
  isKnown: boolean;
  /** Topics that are not as the server knew them when it asked, and how they are. In another life without an epoch. */
  changed: { topic: string; epoch: string; offset: number }[];
  /** Rooms of `followed` whose topic lacks the newest list of members: the server that owed it is gone. */
  untold: string[];
  /** Jobs of the server that were cancelled elsewhere. */
  cancelled: string[];
  /** Jobs of the server that the others have taken over. */
  taken: string[];
  /** Clients that are connected to another server now. */
  moved: string[];
  /** Jobs that the engine has for this server but that it does not run, such as those of a server that is gone. */
  orphans: string[];
  /** Only if `isKnown` is false: rooms in which the engine has members of this server, who may have left. */
  rooms: string[];
}

/** A client that says `hello`. */
export interface ClaimCommand {
  client: string;
  connection: number | undefined;
  /** The name of the client if the engine has none. */
  member: string;
}

/** The members of a room, one list for each server. */
export interface RosterReply {
  members: string[][];
  /** Grows with every change in one life of the engine. */
  version: number;
  /** Names the life of the engine. */
  life: string;
}

/** What a server is told by its engine. */
export interface EngineListener {
  /** The engine can be asked from now on. Nothing is subscribed yet. */
  up(): void;
  /** It cannot be asked any more. Commands on their way reject with `ConnectionLost`. */
  down(): void;
  /** Something was said on a channel: `topic` is a topic that is subscribed, or undefined for what concerns this server. */
  message(topic: string | undefined, text: string): void;
}

/**
 * What servers have in common: the port to Redis, and to the engine of the tests, which obeys a seed. Every command
 * takes effect once and at once, in the order in which the engine gets them. A promise rejects with `ConnectionLost` if
 * it cannot be known whether the command took effect, and with `EngineError` if it did not. It may also wait for ever:
 * whoever asks has a deadline.
 */
export interface Engine {
  /** Connects, now and again after each loss, and tells the listener. */
  connect(listener: EngineListener): void;
  /** Gives up the connection because it seems deaf. Another one follows. */
  reset(): void;
  /** Ends the connection for good. */
  close(): Promise<void>;
  /** Hears from now on what is said about these topics. Resolves when nothing will be missed. */
  subscribe(topics: string[]): Promise<void>;
  /** Does not hear any more of a topic. */
  unsubscribe(topic: string): void;
  /** Appends an event, and tells all that subscribe to its topic. */
  append(command: AppendCommand): Promise<Appended>;
  /**
   * Reads a topic, behind the place `known`. `epoch` is that of a topic that begins now: because there is none, or because
   * the engine has begun another life.
   */
  open(topic: string, epoch: string, known?: { epoch: string; offset: number }): Promise<OpenedTopic>;
  /** Forgets a topic, unless a server follows it. */
  forget(topic: string): Promise<void>;
  /** Returns whether there is a topic. */
  exists(topic: string): Promise<boolean>;
  /** Keeps this server alive for the others, and compares what it knows. */
  beat(command: BeatCommand): Promise<BeatReply>;
  /** Notes that a client is here. Tells the server where it was before. */
  claim(command: ClaimCommand): Promise<{ member: string; known: boolean } | "older">;
  /** Notes this server's members of a room. Returns the members on each server. */
  roster(room: string, members: string[]): Promise<RosterReply>;
  /** Notes that a job runs here, unless the same request has started one. */
  startJob(topic: string, epoch: string, request: RequestMark): Promise<Appended>;
  /** Notes again that a job runs here. Returns false if the others have taken it over. */
  keepJob(topic: string, client: string): Promise<boolean>;
  /** Notes that a job has ended. */
  endJob(topic: string): Promise<void>;
  /** Tells the server of a job that it is cancelled, if it belongs to this client. */
  cancel(topic: string, client: string): Promise<"cancelled" | "forbidden" | "not_found">;
  /** Notes that this server has left: its members are gone, and the others take over its jobs. */
  leave(): Promise<void>;
}

/** The connection ended before the answer came, or there was none. */
export class ConnectionLost extends Error {}

/** The engine has answered that it cannot do that, as when its memory is full. It has done nothing. */
export class EngineError extends Error {}

/** Bounds of what an engine keeps. */
export const kept = {
  /** Requests of a client. */
  requests: 256,
  /** Milliseconds after which a topic, a client or a roster is forgotten that no server keeps. */
  ms: 180_000,
  /** Milliseconds after which a server that does not beat is taken for dead. */
  leaseMs: 3_500,
} as const;
