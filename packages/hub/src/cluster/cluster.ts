import type { Cursor } from "@rosetta/protocol";
import type { Log, Place, RequestMark } from "../delivery/log.ts";
import type { Soon } from "./soon.ts";

/** What the servers together know of a client that says `hello`. */
export interface Claim {
  /** The client's name for others. */
  member: string;
  /** True if every request that the client may repeat is remembered. */
  known: boolean;
}

/** A session that says `hello` for its client. */
export interface Claimant {
  /** The key of the client. */
  client: string;
  session: string;
  /** The number of the client's connection, if it numbers them. */
  connection: number | undefined;
  /** Returns a name for a client that is new. */
  member(): string;
}

/** The outcome of a request to cancel a job. */
export type Cancellation = "cancelled" | "forbidden" | "not_found";

/** Who is in a room, on all servers. */
export interface Roster {
  /** Names, each once. */
  members: string[];
  /** Grows with every change, so that an older list does not come after a newer one. */
  version: number;
  /** The life of the servers' common memory in which the version counts. Another one begins when a part may be lost. */
  life: string;
}

/** What a server is told by the others, and of them. */
export interface ClusterEvents {
  /** A client has said `hello` at another server, so its session here is over. */
  replaced(client: string): void;
  /** The client that started a job here has cancelled it at another server. */
  cancelled(topic: string): void;
  /** The others have declared a job of this server failed, because they took this server for dead. */
  jobLost(topic: string): void;
  /** The list of who is in a room may have changed, or was lost. */
  roomChanged(room: string): void;
  /** Nothing can be known of the others, and has not been for so long that clients do better at another server. */
  cutOff(): void;
  /** Counts for the metrics of the server. */
  count(name: EngineMetric, amount: number, label?: string): void;
}

/** What is measured of the engine through which servers know of each other. */
export type EngineMetric =
  | "engine_up"
  | "engine_topics"
  | "engine_appends_total"
  | "engine_append_ms_total"
  | "engine_refused_total"
  | "engine_fetches_total"
  | "engine_lives_total"
  | "engine_reconnects_total";

/**
 * The servers that are one application. A server alone is its own cluster: then nothing here is waited for, and what
 * would be asked of others is answered with `undefined`.
 *
 * Whatever returns a promise rejects with a `Refused` if the others cannot be asked.
 */
export interface Cluster {
  /** The topics of the application. */
  readonly log: Log;
  /** False as long as this server knows nothing of the others, and so must not pretend to serve. */
  readonly isServing: boolean;
  /** Begins to take part. Called once. */
  join(events: ClusterEvents): void;
  /** Leaves the others: whoever is here is gone. Resolves when they know. */
  leave(): Promise<void>;
  /**
   * Returns the key of a client: what stands for it in the log and on other servers. A key that leaves the process must
   * not give the secret away.
   */
  identify(secret: string): string;
  /**
   * Notes that a client is here now, whose session anywhere else is over. Returns `older` if it has a newer connection,
   * and `undefined` if this server alone knows.
   */
  claim(claimant: Claimant): Soon<Claim | "older" | undefined>;
  /** Notes that a client's session here has ended. */
  released(client: string, session: string): void;
  /** Notes who is in a room on this server. Returns who is there on all, or `undefined` if those are all. */
  roster(room: string, members: string[]): Soon<Roster | undefined>;
  /**
   * Notes that a job is about to run here, for a client. Returns the place of the same request's earlier job, which is
   * then the job, or `undefined` if there is none. Rejects as `conflict` if another request had this id.
   */
  jobStarts(place: Place, request: RequestMark): Soon<Place | undefined>;
  /** Notes that a job of this server has ended. */
  jobEnded(topic: string): void;
  /** Cancels a job that runs on another server, if it belongs to the client with this key. */
  cancel(topic: string, client: string): Soon<Cancellation>;
  /** Returns whether a topic that this server does not know exists elsewhere. */
  exists(topic: string): Soon<boolean>;
}

/** The place of a job before its first event. */
export function beginningOf(topic: string, { epoch }: Cursor): Place {
  return { topic, epoch, offset: 0 };
}

/** Returns the presence topic of a room. */
export function presenceOf(room: string): string {
  return `${presencePrefix}${room}`;
}

/** Returns the room of a presence topic, or `undefined` for any other topic. */
export function presenceRoomOf(topic: string): string | undefined {
  return topic.startsWith(presencePrefix) ? topic.slice(presencePrefix.length) : undefined;
}

const presencePrefix = "presence/";

/** The rank of a job's last event: nothing comes after the outcome, whichever server publishes it first. */
export const outcomeRank = Number.MAX_SAFE_INTEGER;
