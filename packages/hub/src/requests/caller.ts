import type { ErrorCode, ServerMessage } from "@rosetta/protocol";
import type { ClientRecord } from "../delivery/clients.ts";
import type { Follower } from "../delivery/followers.ts";
import type { Topic } from "../delivery/topics.ts";

/** A session as the handlers of requests see it. */
export interface Requester<Ws> extends Follower<Ws> {
  /** Names the session in the server's log. */
  readonly id: string;
  readonly address: string;
  /** Messages that it could send at once when it opened. */
  readonly burst: number;
  /** Its client, or `undefined` before `hello`. */
  readonly client: ClientRecord<Follower<Ws>> | undefined;
  /** The topics that the session follows, by name. */
  readonly topics: ReadonlyMap<string, Topic<Follower<Ws>>>;
  /** Returns the bytes that wait for the peer to read. */
  waiting(): number;
  /** Notes the client that a `hello` has introduced. */
  greeted(client: ClientRecord<Follower<Ws>>): void;
  /** Sends a message that is already encoded. `bytes` are those of its UTF-8. */
  sendFrame(frame: string, bytes: number): void;
  /** Makes the session follow a topic: from now on it gets the topic's events. */
  follow(topic: Topic<Follower<Ws>>): void;
  /** Takes no more messages, and closes with 1000 behind `farewell`, after the replies to earlier requests. */
  stop(farewell: ServerMessage): void;
  /** Ends the connection without a closing handshake. */
  terminate(): void;
}

/** The connection on which a request came. */
export interface Caller<Ws> {
  readonly session: Requester<Ws>;
  readonly client: ClientRecord<Follower<Ws>>;
}

/** Sends an error as the reply to the request with the id `re`. */
export function refuse<Ws>(session: Requester<Ws>, re: string, code: ErrorCode, message: string): void {
  session.send({ type: "error", re, code, message });
}
