import { type Draft, type Entry, keep } from "@rosetta/hub/cluster";

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

/** Returns an event in its place. Its `request` has no fingerprint: that is only needed to append it. */
export function entryOf(topic: string, epoch: string, offset: number, payload: string): Entry {
  const { by, ...event }: Payload = JSON.parse(payload);
  const draft: Draft = by ? { ...event, request: { client: by[0], id: by[1], body: 0 } } : event;
  return { ...draft, ...keep({ name: topic, epoch }, offset, draft) };
}
