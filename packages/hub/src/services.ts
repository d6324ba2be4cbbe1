import type { EventData, Settings } from "@rosetta/protocol";
import type { Cluster } from "./cluster/cluster.ts";
import type { Rates } from "./connection/rates.ts";
import type { Clients } from "./delivery/clients.ts";
import type { Follower } from "./delivery/followers.ts";
import type { Draft, Log, Place } from "./delivery/log.ts";
import type { Presence } from "./delivery/presence.ts";
import type { Topics } from "./delivery/topics.ts";
import type { Extras } from "./extras.ts";
import type { Clock } from "./operation/clock.ts";
import type { Metrics } from "./operation/metrics.ts";
import type { LogRecord, Platform, Port } from "./port.ts";

/** The names that a server gives itself. */
export interface Identity {
  /** Short, without spaces: the name of its folder. */
  id: string;
  /** For people. */
  title: string;
  /** What it runs on, with the version: `node 26.10.0`. */
  runtime: string;
}

/**
 * The services that sessions, requests and delivery need from the rest of the hub. They know this interface and never
 * the hub itself, so no part depends on the whole.
 */
export interface Services<Ws> {
  readonly identity: Identity;
  readonly settings: Settings;
  readonly port: Port<Ws>;
  /** The given platform, except that it uses lived time and that an error in a timer does not end the process. */
  readonly platform: Platform;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly rates: Rates;
  /** This server and the others. */
  readonly cluster: Cluster;
  /** The log of the cluster. */
  readonly log: Log;
  readonly topics: Topics<Follower<Ws>>;
  readonly clients: Clients<Follower<Ws>>;
  readonly presence: Presence;
  readonly extras: Extras<Ws>;
  /** True from the first moment of a shutdown. */
  readonly isDraining: boolean;
  /** Appends to a topic. The event is sent when the log delivers it. For what it resolves with, see `Log.append`. */
  append(topic: string, draft: Omit<Draft, "at">): Promise<Place | undefined>;
  /** Appends an event of the server's own, unless there is one of this rank. If the log refuses, that is reported. */
  publish(topic: string, data: EventData, rank?: number): void;
  /** Records what happened to a connection or a job. Calls `details` only if the record is written. */
  record(name: LogRecord["name"], details: () => LogRecord["details"]): void;
  /** Reports that a handler threw, or that the log refused. An engine that is away has reported itself. */
  failed(error: unknown): void;
  /** Runs something whose failure must harm neither the next socket nor the process. */
  guard(run: () => void): void;
  /** Counts a message of `bytes` bytes that came in. */
  received(bytes: number): void;
  /** Counts `messages` messages of `bytes` bytes each that went out. Default: one. */
  sent(bytes: number, messages?: number): void;
}

/** Creates what a server does besides its rooms. Called once, when the other parts of the hub are there. */
export type CreateExtras = <Ws>(services: Services<Ws>) => Extras<Ws>;
