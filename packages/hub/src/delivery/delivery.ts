import { Close } from "@rosetta/protocol";
import type { Services } from "../services.ts";
import { acknowledge } from "./clients.ts";
import type { Follower } from "./followers.ts";
import type { Entry, Log } from "./log.ts";
import type { Topic } from "./topics.ts";

/** Sends from now on what the log delivers to everybody who follows its topic: sockets, and readers over HTTP. */
export function deliverFrom<Ws>(log: Log, services: Services<Ws>): void {
  // An error must not reach the log, which would report as lost what it has stored.
  log.follow((entry) => deliver(entry, services));
}

function deliver<Ws>(entry: Entry, services: Services<Ws>): void {
  const { topics, clients, log, guard } = services;
  const topic = topics.get(entry.topic);
  const author = entry.request && clients.get(entry.request.client);
  // The topic was forgotten while the entry was on its way, so the new life that the entry began is forgotten too.
  if (!topic) log.forget(entry.topic);
  else guard(() => send(entry, topic, entry.to === "others" ? author?.session : undefined, services));
  for (const reader of [...(topic?.readers ?? [])]) guard(() => reader.event(entry));
  if (topic && entry.data.kind === "chat") topics.written(topic);
  if (author) guard(() => acknowledge(entry, author));
}

function send<Ws>(
  entry: Entry,
  topic: Topic<Follower<Ws>>,
  except: Follower<Ws> | undefined,
  { port, guard, counted }: Services<Ws>,
): void {
  if (topic.mode === "latest") {
    for (const session of topic.sessions) guard(() => session.latest(entry));
    return;
  }
  counted("out", entry.bytes, port.publish(topic.name, entry.frame, except?.ws));
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
