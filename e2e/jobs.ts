// How tests start jobs, and follow them to their end.
import { createHash } from "node:crypto";
import type { Conversation, Event } from "@rosetta/testkit";
import { expect } from "./fixtures.ts";

/** How far a job is. */
export type JobProgress = Extract<Event["data"], { kind: "progress" }>;

/** A request for a job that hashes this many MiB. */
export const hash = (mebibytes: number) => ({ type: "start", job: "hash", mebibytes }) as const;

/** Returns SHA-256 over this many MiB of zero bytes, as the server says to compute it. */
export function digestOf(mebibytes: number): string {
  return createHash("sha256")
    .update(new Uint8Array(mebibytes * 1024 * 1024))
    .digest("hex");
}

/** Returns the progress in an event of a job. */
export function progressOf({ data }: Event): JobProgress {
  if (data.kind !== "progress") throw new Error(`expected progress, came ${data.kind}`);
  return data;
}

/** Follows a job from its first event to its last. */
export async function follow(talk: Conversation, { topic, epoch }: { topic: string; epoch: string }) {
  const subscribed = await talk.request({ type: "subscribe", topic, since: { epoch, offset: 0 } });
  expect(subscribed).toMatchObject({ mode: "stream", recovered: true });
  return ended(talk, topic);
}

/** Takes the events of a job that were not taken yet, up to the one that says that it is over. */
export async function ended(talk: Conversation, topic: string): Promise<Event[]> {
  const events: Event[] = [];
  for (;;) {
    const [event] = await talk.events(topic, 1, { deadline: 20_000 });
    if (!event) return events;
    events.push(event);
    if (progressOf(event).state !== "running") return events;
  }
}
