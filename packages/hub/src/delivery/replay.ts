import type { Cursor } from "@rosetta/protocol";
import type { Kept, Log, Replay } from "./log.ts";
import { newest } from "./rings.ts";
import type { Topic } from "./topics.ts";

/** The receiver of a replay, and how much of it fits. */
interface ReplayOptions {
  /** The place of the last event that the reader has. If left out, it gets the newest events. */
  since?: Cursor | undefined;
  /** The key of the reader's client, which does not get back what it published to others. Default: nobody's. */
  key?: string;
  /** Bytes that the events may have together. Default: no limit beyond that of the log. */
  budget?: number;
}

// #region replay
/**
 * Returns what a new follower of a topic is sent before the live events, the same for WebSockets, event streams and
 * polls. It is everything after the follower's cursor, or the newest part and `recovered: false`: never a part of the
 * gap, never silence. A topic in which only the newest event matters gives that one.
 */
export function replayOf(
  topic: Pick<Topic<unknown>, "name" | "mode">,
  log: Log,
  options: ReplayOptions,
): Replay {
  const { since, key, budget = Number.POSITIVE_INFINITY } = options;
  const { recovered, entries } = log.since(topic.name, since);
  if (topic.mode === "latest") return { recovered, entries: entries.slice(-1) };
  // Compares keys, because two members can have the same name, and one that was forgotten gets a new name.
  const meant = key === undefined ? entries : entries.filter(({ except }) => except !== key);
  if (bytesOf(meant) <= budget) return { recovered, entries: meant };
  return { recovered: false, entries: newestWithin(budget, meant.slice(-newest)) };
}
// #endregion replay

/**
 * Returns the bytes that a replay may have in a queue with this limit, in which so many bytes already wait. It may fill
 * at most half of it, so that resuming does not end the connection.
 */
export function replayBudget(queueBytes: number, waiting: number): number {
  return Math.max(0, queueBytes / 2 - waiting);
}

function newestWithin(budget: number, entries: Kept[]): Kept[] {
  const first = entries.findIndex((_, index) => bytesOf(entries.slice(index)) <= budget);
  return first === -1 ? [] : entries.slice(first);
}

function bytesOf(entries: Kept[]): number {
  return entries.reduce((bytes, entry) => bytes + entry.bytes, 0);
}
