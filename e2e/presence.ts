// How tests wait for the members of a room.
import type { ServerMessage } from "@rosetta/protocol";
import { type Await, type Conversation, memberOf } from "@rosetta/testkit";
import { expect } from "./fixtures.ts";

/** Waits until presence lists exactly these members. */
export async function present(
  watcher: Conversation,
  topic: string,
  members: readonly Conversation[],
  options: Await = {},
): Promise<void> {
  await presentNames(watcher, topic, members.map(memberOf), options);
}

/** Waits until presence lists exactly the members with these names. */
export async function presentNames(
  watcher: Conversation,
  topic: string,
  members: readonly string[],
  options: Await = {},
): Promise<void> {
  const names = members.toSorted();
  const event = await watcher.next(
    (message) => isPresence(message, topic) && same(message.data.members.toSorted(), names),
    { awaited: `presence of ${names.length}: ${names.join(", ")}`, ...options },
  );
  expect(event).toMatchObject({ data: { count: names.length } });
}

type Presence = ServerMessage<"event"> & { data: { kind: "presence" } };

/** Returns whether a message is about presence in this topic. */
export function isPresence(message: { type: string }, topic: string): message is Presence {
  const event = message as ServerMessage<"event">;
  return event.type === "event" && event.topic === topic && event.data.kind === "presence";
}

function same(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each, index) => each === others[index]);
}
