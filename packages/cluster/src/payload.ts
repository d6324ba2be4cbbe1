import { type Draft, type Entry, keep } from "@rosetta/hub/cluster";
import type { OpenedTopic } from "./engine.ts";

/** An event as the engine keeps it: without its place, and with the request that it came from. */
interface Payload extends Pick<Draft, "at" | "from" | "to" | "data"> {
  /** The key of the author, and the id of the request. */
  by?: [client: string, id: string];
}

/** Returns an event as the engine keeps it. */
export function payloadOf({ at, from, to, data, request }: Draft): string {
  const by = request && [request.client, request.id];
  return JSON.stringify({ at, from, to, data, by });
}

/**
 * Returns an event in its place, or `undefined` if the text is not an event. Its `request` has no fingerprint, which only
 * appending needs.
 */
export function entryOf(topic: string, epoch: string, offset: number, payload: string): Entry | undefined {
  const read = parse(payload);
  if (!read) return undefined;
  const { by, ...event } = read;
  const draft: Draft = by ? { ...event, request: { client: by[0], id: by[1], body: 0 } } : event;
  return { ...draft, ...keep({ name: topic, epoch }, offset, draft) };
}

/**
 * Returns the events of an opened topic. If one cannot be read, it and those before it count as lost, so that the followers
 * are told.
 */
export function entriesOf(topic: string, { epoch, events }: Pick<OpenedTopic, "epoch" | "events">): Entry[] {
  const entries: Entry[] = [];
  for (const { offset, payload } of events) {
    const entry = entryOf(topic, epoch, offset, payload);
    if (entry) entries.push(entry);
    else entries.length = 0;
  }
  return entries;
}

// Whoever can write to the engine may have written anything.
function parse(payload: string): Payload | undefined {
  try {
    const event: Payload | null = JSON.parse(payload);
    const isEvent = typeof event?.at === "number" && typeof event.data?.kind === "string";
    return isEvent ? event : undefined;
  } catch {
    return undefined;
  }
}
