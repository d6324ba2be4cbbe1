import { setTimeout as pause } from "node:timers/promises";
import type { Seen } from "./history.ts";

/** How long a reader waits before it comes back (ms). A browser waits as long as the server says, which is longer. */
const backMs = 300;

/**
 * Follows a topic as an event stream until `signal` is aborted. It comes back after every end of its connection, from
 * where it was, as EventSource does. Calls `saw` for every event, and for every notice of a loss.
 *
 * @param url where `/events` is, such as `http://127.0.0.1:3000`.
 */
export async function followStream(
  url: string,
  topic: string,
  saw: (seen: Seen) => void,
  signal: AbortSignal,
): Promise<void> {
  let last: string | undefined;
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = last === undefined ? {} : { "Last-Event-ID": last };
      for await (const { id, name, data } of eventsOf(await open(url, topic, headers, signal))) {
        if (name !== "subscribed")
          saw({ epoch: data.epoch, offset: data.offset, text: data.data?.text ?? "" });
        else if (last !== undefined && !data.recovered) saw("told");
        last = id;
      }
    } catch {
      // The connection was lost, or the server has sent us away.
    }
    if (!signal.aborted) await pause(backMs);
  }
}

/** The data of an event in a room's stream. */
interface StreamData {
  epoch: string;
  offset: number;
  /** Only with `subscribed`. */
  recovered?: boolean;
  data?: { text?: string };
}

async function open(
  url: string,
  topic: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(`${url}/events?topic=${topic}`, { headers, signal });
  if (response.ok && response.body) return response.body;
  await response.body?.cancel();
  throw new Error(`refused with ${response.status}`);
}

async function* eventsOf(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ id: string; name: string; data: StreamData }> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
      // A comment, and the time to wait, come without data.
      if (field("data") === "") continue;
      yield { id: field("id"), name: field("event"), data: JSON.parse(field("data")) };
    }
  }
}
