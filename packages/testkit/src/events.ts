import type { Audience, ServerMessage } from "@rosetta/protocol";
import type { Conversation } from "./conversation.ts";

export type Event = ServerMessage<"event">;

/** Publishes texts one right after the other. Returns their acks. */
export function publish(
  author: Conversation,
  topic: string,
  texts: readonly string[],
  to: Audience = "all",
): Promise<ServerMessage<"ack">[]> {
  return Promise.all(texts.map((text) => author.request({ type: "publish", topic, to, text })));
}

/** Returns the texts of a room's events. */
export function textsOf(events: readonly Event[]): string[] {
  return events.map(({ data }) => (data.kind === "chat" ? data.text : `an event of kind ${data.kind}`));
}

export function offsetsOf(events: readonly { offset: number }[]): number[] {
  return events.map(({ offset }) => offset);
}

/** Returns the whole numbers from one to another, both included. */
export function from(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** Returns this many texts, all different. */
export function different(count: number, prefix = "text"): string[] {
  return from(1, count).map((number) => `${prefix} ${number}`);
}

/** Returns the name that others see for a client. */
export function memberOf({ collected }: Conversation): string {
  const welcome = collected.find((message) => message.type === "welcome");
  return welcome?.type === "welcome" ? welcome.member : "nobody yet";
}

/**
 * Waits for this many of the scores that a server publishes every second, counted from now on. Tests use them as a
 * clock.
 */
export async function seconds(clock: Conversation): Promise<(count: number) => Promise<void>> {
  await clock.request({ type: "subscribe", topic: "scores" });
  // The scores from before come first, and all at once.
  await clock.rest("scores");
  return async (count) => {
    await clock.events("scores", count, { deadline: 5_000 + 2_000 * count });
  };
}
