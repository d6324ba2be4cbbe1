import { Close, type EventData, isLoopback, pathOf, type Settings } from "@rosetta/protocol";
import { alone } from "./cluster/alone.ts";
import { type Cluster, type ClusterEvents, presenceOf } from "./cluster/cluster.ts";
import { Connections } from "./connection/connections.ts";
import { Rates } from "./connection/rates.ts";
import { Clients } from "./delivery/clients.ts";
import { deliverFrom, evict } from "./delivery/delivery.ts";
import { type Draft, type Place, Refused } from "./delivery/log.ts";
import { MemoryLog } from "./delivery/memory-log.ts";
import { Presence } from "./delivery/presence.ts";
import { Topics } from "./delivery/topics.ts";
import { noExtras } from "./extras.ts";
import { Door } from "./http/door.ts";
import { Readers } from "./http/readers.ts";
import { Clock } from "./operation/clock.ts";
import { Metrics } from "./operation/metrics.ts";
import { Records } from "./operation/records.ts";
import type { Journal, Platform, Port } from "./port.ts";
import type { CreateExtras, Identity, Services } from "./services.ts";

/** The options of a hub. */
export interface HubOptions<Ws> {
  /** What the server calls itself: in `welcome`, in the list of servers and in the answer about its health. */
  identity: Identity;
  /** The operator's settings: limits, origins, what is exposed. */
  settings: Settings;
  /** The stack's sockets. */
  port: Port<Ws>;
  /** Time, randomness and computing. */
  platform: Platform;
  /** Where records and failures are written. */
  journal: Journal;
  /** The servers that are one application with this one. Default: none, and a log in memory. */
  cluster?: Cluster;
  /** What the server does besides its rooms. Default: nothing. */
  extras?: CreateExtras;
}

/** The parts of a hub, joined. */
export interface Assembly<Ws> {
  services: Services<Ws>;
  connections: Connections<Ws>;
  door: Door;
  readers: Readers;
  records: Records;
  /** What the hub does when it is told something of the other servers. */
  clusterEvents: ClusterEvents;
  /** The given platform's time: it runs on however busy the process is. An error in a timer does not end the process. */
  wall: Pick<Platform, "now" | "after">;
}

/** Creates the parts of a hub and joins them. Nothing runs yet: no timer is set. */
export function assemble<Ws>(options: HubOptions<Ws>): Assembly<Ws> {
  const { identity, settings, port, journal } = options;
  const { limits } = settings;

  function append(topic: string, draft: Omit<Draft, "at">): Promise<Place | undefined> {
    return log.append(topic, { ...draft, at: platform.date() });
  }

  function appendOwn(topic: string, data: EventData, rank?: number): Promise<Place | undefined> {
    return append(topic, { data, rank });
  }

  function publish(topic: string, data: EventData, rank?: number): void {
    appendOwn(topic, data, rank).catch(failed);
  }

  // That the engine is away is one line in the journal, and not one for each event.
  function failed(error: unknown): void {
    if (!(error instanceof Refused)) records.failed(error);
  }

  const metrics = new Metrics();
  // An exception in a timer's callback would end the process, and every part of the hub sets timers.
  const wall: Assembly<Ws>["wall"] = {
    now: () => options.platform.now(),
    after: (ms, run) => options.platform.after(ms, () => records.guard(run)),
  };
  const clock = new Clock(wall);
  const platform = withLivedTime(options.platform, clock);
  const records = new Records({
    journal,
    metrics,
    clock,
    publish: (record) => publish("log", { kind: "log", ...record }),
  });
  const rates = new Rates(limits, clock);
  const cluster = options.cluster ?? alone(new MemoryLog(() => options.platform.token(), limits.logBytes));
  const { log } = cluster;
  const topics: Services<Ws>["topics"] = new Topics({
    platform,
    log,
    limits,
    logServed: serves(settings, "log"),
    existsElsewhere: (topic) => cluster.exists(topic),
    evict: (topic) => evict(topic, services),
  });
  const clients: Services<Ws>["clients"] = new Clients({
    platform,
    bytes: limits.rememberedBytes,
    forgotten: (key) => extras.forgotten(key),
  });
  const presence = new Presence({
    platform,
    members: (room) => [...(topics.get(`room/${room}`)?.sessions ?? [])].map(({ member }) => member ?? ""),
    watchers: (room) => topics.get(presenceOf(room))?.sessions.size ?? 0,
    roster: (room, members) => cluster.roster(room, members),
    append,
    failed,
  });
  const services: Services<Ws> = {
    ...{ identity, settings, port, platform, clock, metrics, rates, cluster, log, topics, clients, presence },
    get isDraining() {
      return connections.isDraining;
    },
    get extras() {
      return extras;
    },
    append,
    publish,
    record: (name, details) => records.record(name, details),
    failed,
    guard: (run) => records.guard(run),
    received: (bytes) => metrics.received(bytes),
    sent(bytes, messages = 1) {
      metrics.sent(bytes, messages);
      connections.wrote(bytes, messages);
    },
  };
  const extras = options.extras?.(services) ?? noExtras;
  const connections = new Connections(services);
  const door = new Door({
    settings,
    rates,
    load: (address) => connections.load(address),
    refused({ status, body: reason }, facts) {
      metrics.add("refused_total", 1, `status="${status}"`);
      records.record("refused", () => ({ status, reason, path: pathOf(facts).slice(0, 64) }));
    },
  });
  const readers = new Readers({
    platform,
    topics,
    log,
    limits,
    hold: (address, endpoint) => connections.hold(address, endpoint),
    share: (queue) => connections.share(queue),
    wrote: (bytes) => connections.wrote(bytes, 1),
    guard: (run) => records.guard(run),
    slow(endpoint) {
      metrics.add("slow_total", 1);
      records.record("slow", () => ({ endpoint }));
    },
  });
  deliverFrom(log, services);
  const clusterEvents: ClusterEvents = {
    replaced: (client) => clients.moved(client)?.close(Close.Replaced, "the same client connected elsewhere"),
    cancelled: (topic) => extras.dropped(topic),
    jobLost: (topic) => extras.dropped(topic),
    roomChanged: (room) => presence.changed(room),
    cutOff() {
      readers.part();
      connections.part();
    },
    count: (name, amount, label) => metrics.add(name, amount, label),
  };
  return { services, connections, door, readers, records, clusterEvents, wall };
}

/** Returns whether metrics or the log may be served: the server listens on loopback, or `EXPOSE` allows it. */
export function serves({ host, exposed }: Settings, what: "metrics" | "log"): boolean {
  return isLoopback(host) || exposed.has(what);
}

function withLivedTime(platform: Platform, clock: Clock): Platform {
  return {
    now: () => clock.now(),
    date: () => platform.date(),
    after: (ms, run) => clock.after(ms, run),
    token: () => platform.token(),
    hash: (mebibytes, step) => platform.hash(mebibytes, step),
  };
}
