import type { ClientFrame, FrameEvent, SocketState } from "@rosetta/client";
import { endpoints } from "@rosetta/protocol";
import { byteLength } from "../shared/format.ts";
import { noteSent } from "../shared/just-sent.ts";
import { isWait } from "../shared/socket-state.ts";

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
  kind: FrameEvent["kind"];
  /** Of a message of the protocol. */
  head: MessageHead | undefined;
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

/** Rows the log holds; the oldest make room for new ones. */
export const wireCapacity = 2000;

/** Characters or bytes kept of one message: 2,000 rows of 64 KiB would be 125 MiB. */
export const keptLength = 16 * 1024;

/** The last `wireCapacity` entries, recorded whether or not anybody looks. */
export class WireRecorder {
  /** Oldest first. The same array all the time; read it, do not keep it. */
  readonly entries: WireRecord[] = [];
  #count = 0;
  #listeners = new Set<() => void>();

  record(server: string, path: string, frame: ClientFrame, connection = ""): void {
    this.#count += 1;
    const data = "data" in frame ? frame.data : undefined;
    if (data !== undefined && frame.direction === "out") noteSent();
    this.entries.push({
      number: this.#count,
      at: frame.at,
      server,
      path,
      connection,
      direction: frame.direction,
      kind: frame.kind,
      head: path === endpoints.application ? headOf(frame) : undefined,
      size: data === undefined ? 0 : byteLength(data),
      data: data?.slice(0, keptLength),
      note: noteOf(frame),
    });
    if (this.entries.length > wireCapacity) this.entries.shift();
    this.#notify();
  }

  clear(): void {
    this.entries.length = 0;
    this.#notify();
  }

  /** Calls `listener` after each change, until the answer is called. */
  follow(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

// Read now: of a long message the row keeps only the beginning. The client has read what came in already, but not what
// went out, nor a message that it does not know.
function headOf(frame: ClientFrame): MessageHead | undefined {
  if (frame.kind !== "text") return undefined;
  const { type, id, re } = Object(frame.message ?? parse(frame.data)) as Record<string, unknown>;
  if (typeof type !== "string" || !/^[a-z]+$/.test(type)) return undefined;
  return { type, id: numberOf(id), re: numberOf(re) };
}

function numberOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noteOf(frame: FrameEvent): string {
  return notesOf(frame)
    .filter((part) => part !== undefined && part !== "")
    .join(" ");
}

function notesOf(frame: FrameEvent): Array<string | number | undefined> {
  if (frame.kind === "open") return [frame.protocol];
  if (frame.kind === "close") return [frame.code, frame.reason];
  return frame.kind === "state" ? stateParts(frame.state) : [];
}

function stateParts(state: SocketState): Array<string | number | undefined> {
  if (isWait(state)) return [state.name, `${Math.round(state.delayMs)} ms before attempt ${state.attempt}`];
  if (state.name === "stopped") return [state.name, state.reason];
  return [state.name];
}
