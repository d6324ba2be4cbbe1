import type { Queue } from "./budget.ts";
import type { Clock } from "./clock.ts";

/** Why a connection without a session was cut. */
export type CutReason = "full" | "address" | "late" | "unread" | "pipelined";

/** The part of a hub that the keeper of the TCP connections uses. */
export interface Supervision {
  /** Lived time: it stands still while the process does. */
  readonly clock: Pick<Clock, "after" | "behind">;
  /** Adds a queue to the shared budget. Returns the function that removes it. */
  share(queue: Queue): () => void;
  /** Counts a connection without a session that was cut. */
  cut(why: CutReason): void;
}
