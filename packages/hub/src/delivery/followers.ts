import type { ServerMessage } from "@rosetta/protocol";
import type { Entry, Kept } from "./log.ts";

/** A session as the delivery of events sees it. */
export interface Follower<Ws> {
  readonly ws: Ws;
  /** The client's name for others, or `undefined` before `hello`. */
  readonly member: string | undefined;
  /** True until one side begins to close. */
  readonly isOpen: boolean;
  /** Sends a message, unless the session is closing. */
  send(message: ServerMessage): void;
  /** Sends an event of a topic in which only the newest matters. Skips it while bytes wait. */
  latest(entry: Kept): void;
  /** Ends the subscription to a topic, if there is one. */
  unfollow(topic: string): void;
  /** Starts to close. `graceMs` is how long the peer may take to answer. */
  close(code: number, reason: string, graceMs?: number): void;
}

/** Something that follows a topic over plain HTTP. */
export interface Reader {
  /** Is called with each event of the topic. */
  event(entry: Entry): void;
  /** Is called when events are missing that do not come any more. */
  lost(): void;
  /** Is called when the server shuts down, or the room has made way for another. */
  end(): void;
}
