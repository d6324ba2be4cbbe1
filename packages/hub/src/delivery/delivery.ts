import { Close } from "@rosetta/protocol";
import type { Services } from "../services.ts";
import { acknowledge } from "./clients.ts";
import type { Follower } from "./followers.ts";
import type { Entry, Kept, Log } from "./log.ts";
import type { Topic } from "./topics.ts";

/** Sends from now on what the log delivers to everybody who follows its topic: sockets, and readers over HTTP. */
export function deliverFrom<Ws>(log: Log, services: Services<Ws>): void {
  // An error must not reach the log, which would report as lost what it has stored.
  log.follow(
    (entry) => deliver(entry, services),
    (topic, began) => services.guard(() => startOver(topic, began, services)),
  );
}

function deliver<Ws>(entry: Entry, services: Services<Ws>): void {
  const { topics, clients, log, guard } = services;
  const { request, except } = entry;
  const topic = topics.get(entry.topic);
  // The topic was forgotten while the entry was on its way, so the new life that the entry began is forgotten too.
  if (!topic) log.close(entry.topic);
  else guard(() => send(entry, topic, sessionOf(except, services), services));
  for (const reader of [...(topic?.readers ?? [])]) guard(() => reader.event(entry));
  if (topic && entry.data.kind === "chat") topics.written(topic);
  const author = request && clients.get(request.client);
  if (author) guard(() => acknowledge(request.id, entry, author));
}

function send<Ws>(
  entry: Kept,
  topic: Topic<Follower<Ws>>,
  except: Follower<Ws> | undefined,
  { port, guard, sent }: Services<Ws>,
): void {
  if (topic.mode === "latest") {
    for (const session of topic.sessions) guard(() => session.latest(entry));
    return;
  }
  sent(entry.bytes, port.publish(topic.name, entry.frame, except?.ws));
}

/**
 * Tells everybody who follows a topic that events are missing which nobody can send them any more. An event of another
 * epoch says so by itself (PROTOCOL.md, Delivery). Where there is none to send, the follower has to come back: its
 * connection is closed, because no client overlooks that.
 */
function startOver<Ws>(name: string, began: boolean, services: Services<Ws>): void {
  const { topics, log, guard } = services;
  const topic = topics.get(name);
  if (!topic) return log.close(name);
  const newest = log.since(name).entries.at(-1);
  const author = sessionOf(newest?.except, services);
  const tells = topic.mode === "latest" || began;
  if (tells && newest) guard(() => send(newest, topic, author, services));
  for (const reader of [...topic.readers]) guard(() => reader.lost());
  if (topic.mode === "latest") return;
  for (const session of tells && newest ? [author] : [...topic.sessions]) {
    if (!session || !topic.sessions.has(session)) continue;
    guard(() => session.close(Close.TryAgainLater, "events were lost"));
  }
}

function sessionOf<Ws>(key: string | undefined, { clients }: Services<Ws>): Follower<Ws> | undefined {
  return key === undefined ? undefined : clients.get(key)?.session;
}

/**
 * Makes all followers leave a topic, because another needs its place. Closes their connections, because no client
 * overlooks that: it reconnects and subscribes again.
 */
export function evict<Ws>(topic: Topic<Follower<Ws>>, { metrics, guard }: Services<Ws>): void {
  for (const session of [...topic.sessions]) {
    session.unfollow(topic.name);
    if (session.isOpen) metrics.add("evicted_total", 1);
    guard(() => session.close(Close.TryAgainLater, "this room had to make way for another"));
  }
  for (const reader of [...topic.readers]) guard(() => reader.end());
}
