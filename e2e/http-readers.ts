// How tests read topics over HTTP: as event streams, and by long polling.
import { parseServer } from "@rosetta/protocol";
import {
  type Await,
  type Event,
  from,
  type Raw,
  type RawAnswer,
  type RawEventStream,
  type RequestOptions,
  type StreamEvent,
} from "@rosetta/testkit";
import { expect } from "./fixtures.ts";

/** The body of a poll's answer. */
export interface PollPage {
  topic: string;
  mode: string;
  epoch: string;
  offset: number;
  recovered: boolean;
  events: Event[];
}

/** Returns the page in an answer, and the cursor that it hands out. */
export function pageOf(answer: RawAnswer): PollPage & { cursor: string } {
  if (answer.status !== 200) throw new Error(`expected 200, came ${answer.status} ${answer.body}`);
  const page = JSON.parse(answer.body) as PollPage;
  return { ...page, cursor: `${page.epoch}:${page.offset}` };
}

/** Asks once, by long polling. */
export async function poll(raw: Raw, topic: string, since?: string, options: RequestOptions = {}) {
  const cursor = since === undefined ? "" : `&since=${since}`;
  return pageOf(await raw.request(`/poll?topic=${topic}${cursor}`, options));
}

/** Opens a stream, and takes the first event: the cursor. */
export async function stream(raw: Raw, topic: string, headers: Record<string, string> = {}) {
  const events = await raw.events(`/events?topic=${topic}`, { headers });
  const first = await events.next();
  return { events, first, cursor: JSON.parse(first.data ?? "") as Omit<PollPage, "events"> };
}

/** Returns the message in an event of a stream. The event's id must be the message's place. */
export function eventOf({ id, event, data }: StreamEvent): Event {
  const { message } = parseServer(data ?? "");
  if (message?.type !== "event") throw new Error(`expected an event, came ${data}`);
  expect(id).toBe(`${message.epoch}:${message.offset}`);
  expect(event, "one that `onmessage` hears").toBeUndefined();
  return message;
}

/** Takes the next events of a stream. */
export async function take(events: RawEventStream, count: number, options: Await = {}): Promise<Event[]> {
  const taken: Event[] = [];
  for (const _ of from(1, count)) taken.push(eventOf(await events.next(undefined, options)));
  return taken;
}
