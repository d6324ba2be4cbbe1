import type { Audience, Server } from "@rosetta/protocol";
import type { Conversation } from "./conversation.ts";

export type Event = Server<"event">;

/** Publishes texts one right behind the other; their acks. */
export function publish(
  author: Conversation,
  topic: string,
  texts: readonly string[],
  to: Audience = "all",
): Promise<Server<"ack">[]> {
  return Promise.all(texts.map((text) => author.request({ type: "publish", topic, to, text })));
}

/** What was said in events of a room. */
export function textsOf(events: readonly Event[]): string[] {
  return events.map(({ data }) => (data.kind === "chat" ? data.text : `no chat but ${data.kind}`));
}

export function offsetsOf(events: readonly { offset: number }[]): number[] {
  return events.map(({ offset }) => offset);
}

/** The whole numbers from one to another, both included. */
export function from(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** So many texts of which no two are the same. */
export function different(count: number, prefix = "text"): string[] {
  return from(1, count).map((number) => `${prefix} ${number}`);
}

/** What a client is called by others. */
export function memberOf({ collected }: Conversation): string {
  const welcome = collected.find((message) => message.type === "welcome");
  return welcome?.type === "welcome" ? welcome.member : "nobody yet";
}

/** Time as a fact: a server tells a score every second. Waits for so many of those that come from now on. */
export async function seconds(clock: Conversation): Promise<(count: number) => Promise<void>> {
  await clock.request({ type: "subscribe", topic: "scores" });
  // Those that were told before come first, and at once.
  await clock.rest("scores");
  return async (count) => {
    await clock.events("scores", count, { deadline: 5_000 + 2_000 * count });
  };
}
