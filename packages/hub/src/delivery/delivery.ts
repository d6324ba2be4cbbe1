import { Close } from "@rosetta/protocol";
import type { Services } from "../services.ts";
import { acknowledge } from "./clients.ts";
import type { Follower } from "./followers.ts";
import type { Entry } from "./log.ts";
import type { Topic } from "./topics.ts";

/** Sends what the log delivers to everybody who follows the topic: sockets, and readers over HTTP. */
export class Delivery<Ws> {
  readonly #services: Services<Ws>;

  constructor(services: Services<Ws>) {
    this.#services = services;
    services.log.follow((entry) => this.#deliver(entry));
  }

  // An error here must not reach the log, which would report as lost what it has stored.
  #deliver(entry: Entry): void {
    const { topics, clients, log, guard } = this.#services;
    const topic = topics.get(entry.topic);
    const author = entry.request && clients.get(entry.request.client);
    // The topic was forgotten while the entry was on its way, so the new life that the entry began is forgotten too.
    if (!topic) log.forget(entry.topic);
    else guard(() => this.#send(entry, topic, entry.to === "others" ? author?.session : undefined));
    for (const reader of [...(topic?.readers ?? [])]) guard(() => reader.event(entry));
    if (topic && entry.data.kind === "chat") topics.written(topic);
    if (author) guard(() => acknowledge(entry, author));
  }

  #send(entry: Entry, topic: Topic<Follower<Ws>>, except: Follower<Ws> | undefined): void {
    const { port, guard, counted } = this.#services;
    if (topic.mode === "latest") {
      for (const session of topic.sessions) guard(() => session.latest(entry));
      return;
    }
    counted("out", entry.bytes, port.publish(topic.name, entry.frame, except?.ws));
  }
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
