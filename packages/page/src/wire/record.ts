import type { FrameEvent } from "@rosetta/client";

/** HTTP traffic under its own names: a request, its one response, or an event of a stream that stays open. */
export type HttpFrame = { at: number; data: string } & (
  | { kind: "request"; direction: "out" }
  /** `says`: its content in words. */
  | { kind: "response"; direction: "in"; status: number; says: string }
  /** `event`: which message of the protocol it stands for. */
  | { kind: "sse"; direction: "in"; event: "subscribed" | "event" }
);

/** Part of the log: what was recorded while one lesson was open. */
export interface WireSection {
  /** Counts 0, 1, 2 … as the lessons are opened. */
  number: number;
  /** The heading of the lesson, empty if there is none. */
  title: string;
  /** Returns whether the lesson is about a connection. */
  isOwn(path: string, connection: string): boolean;
}

/** One line of the wire log: a message, or something that happened to a connection. */
export interface WireRecord {
  /** Counts 1, 2, 3 … for the life of the page. */
  number: number;
  /** Milliseconds since 1970, for the clock time. */
  at: number;
  /** The id of the server on the other side. */
  server: string;
  /** The path of the connection: `/ws` or `/echo`. */
  path: string;
  /** Which of several connections to that path: nothing for the page's own, otherwise a name. */
  connection: string;
  direction: FrameEvent["direction"];
  kind: FrameEvent["kind"] | HttpFrame["kind"];
  /** The lesson that was open. */
  section: WireSection;
  /** That lesson is about its connection. */
  isOwn: boolean;
  /** Of a message of the protocol. */
  head: MessageHead | undefined;
  /** The content of a message of the protocol, in words. */
  sentence: string | undefined;
  /** Of a response: its HTTP status. */
  status: number | undefined;
  /** The number of the reply to this request, or of the request that this replies to, once it is known. */
  partner: number | undefined;
  /** Of a reply: the milliseconds since its request. */
  afterMs: number | undefined;
  /** Of a request: its connection ended before a reply came. */
  isLost: boolean;
  /** Of the end of a connection: it was cut, without a close frame. */
  isCut: boolean;
  /** Its connection was open, so that the end is not that of a refused handshake. */
  wasOpen: boolean;
  /** Bytes of the whole message, also where `data` is cut. */
  size: number;
  /** The beginning of the message, at most `keptLength`. */
  data: string | Uint8Array | undefined;
  note: string;
}

/** The fields that tell messages of the protocol apart, and which messages belong together. */
export interface MessageHead {
  type: string;
  /** The number of a request. */
  id: string | undefined;
  /** The number of the request that it replies to. */
  re: string | undefined;
}
