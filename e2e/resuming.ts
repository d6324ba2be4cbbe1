// How tests come back to a topic, and what they must find there.
import type { Cursor } from "@rosetta/protocol";
import {
  type Conversation,
  different,
  type Event,
  from,
  offsetsOf,
  publish,
  textsOf,
} from "@rosetta/testkit";
import { expect } from "./fixtures.ts";

/** Subscribes from a place on. */
export async function resume(talk: Conversation, topic: string, since: Cursor) {
  return talk.request({ type: "subscribe", topic, since });
}

/**
 * Requires that a client who saw three events before its connection ended, and comes back as `back` after five more, gets
 * the five and the next one: each once, in order.
 */
export async function expectNothingMissed(
  back: Conversation,
  { author, topic, epoch, before }: { author: Conversation; topic: string; epoch: string; before: Event[] },
): Promise<void> {
  const subscribed = await resume(back, topic, { epoch, offset: 3 });
  expect(subscribed).toMatchObject({ epoch, offset: 8, recovered: true });
  await publish(author, topic, ["live"]);
  const after = await back.events(topic, 6);
  expect(offsetsOf([...before, ...after])).toEqual(from(1, 9));
  expect(textsOf(after)).toEqual([...different(5, "missed"), "live"]);
  expect(await back.rest(topic)).toEqual([]);
}
