import type { ClientFrame, FrameEvent, SocketState } from "@rosetta/client";
import { endpoints } from "@rosetta/protocol";
import { byteLength } from "../shared/format.ts";
import { noteSent } from "../shared/just-sent.ts";
import { isWait } from "../shared/socket-state.ts";
import { Pairing } from "./pairing.ts";
import type { HttpFrame, MessageHead, WireRecord, WireSection } from "./record.ts";
import { sentenceOf } from "./sentence.ts";

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
  #section: WireSection = { number: 0, title: "", isOwn: () => true };
  #pairing = new Pairing();
  /** Connections that are open, by server, path and name. */
  #open = new Set<string>();

  /** The lesson that is open. */
  get section(): WireSection {
    return this.#section;
  }

  /** Begins a section: rows from now on belong to another lesson. */
  begin(section: Omit<WireSection, "number">): void {
    this.#section = { ...section, number: this.#section.number + 1 };
    this.#notify();
  }

  /** Returns the entry with a number, if the log still has it. */
  entry(number: number | undefined): WireRecord | undefined {
    const oldest = this.entries[0]?.number;
    // Numbers follow each other, so one leads to its place.
    return number === undefined || oldest === undefined ? undefined : this.entries[number - oldest];
  }

  record(server: string, path: string, frame: ClientFrame | HttpFrame, connection = ""): void {
    // The frame `open` has already shown it.
    if (frame.kind === "state" && (frame.state.name === "open" || frame.state.name === "idle")) return;
    this.#count += 1;
    const data = "data" in frame ? frame.data : undefined;
    if (data !== undefined && frame.direction === "out") noteSent();
    const key = `${server} ${path} ${connection}`;
    if (frame.kind === "open") this.#open.add(key);
    const message = path === endpoints.echo ? undefined : messageOf(frame);
    const entry: WireRecord = {
      number: this.#count,
      at: frame.at,
      server,
      path,
      connection,
      direction: frame.direction,
      kind: frame.kind,
      section: this.#section,
      isOwn: this.#section.isOwn(path, connection),
      head: message && headOf(message),
      sentence: frame.kind === "response" ? frame.says : message && sentenceOf(message, frame.direction),
      status: frame.kind === "response" ? frame.status : undefined,
      partner: undefined,
      afterMs: undefined,
      isLost: false,
      isCut: frame.kind === "close" && frame.direction === "in" && !frame.wasClean,
      wasOpen: this.#open.has(key),
      size: data === undefined ? 0 : byteLength(data),
      data: data?.slice(0, keptLength),
      note: noteOf(frame),
    };
    if (frame.kind === "close" && frame.direction === "in") this.#open.delete(key);
    this.entries.push(entry);
    this.#pairing.add(entry);
    if (this.entries.length > wireCapacity) this.entries.shift();
    this.#notify();
  }

  clear(): void {
    this.entries.length = 0;
    this.#pairing.clear();
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
function messageOf(frame: ClientFrame | HttpFrame): { type: string } | undefined {
  if (frame.kind === "sse") return { ...Object(parse(frame.data)), type: frame.event };
  if (frame.kind !== "text") return undefined;
  const message = Object(frame.message ?? parse(frame.data)) as { type: unknown };
  const { type } = message;
  return typeof type === "string" && /^[a-z]+$/.test(type) ? (message as { type: string }) : undefined;
}

function headOf(message: { type: string; id?: unknown; re?: unknown }): MessageHead {
  return { type: message.type, id: numberOf(message.id), re: numberOf(message.re) };
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

function noteOf(frame: FrameEvent | HttpFrame): string {
  return notesOf(frame)
    .filter((part) => part !== undefined && part !== "")
    .join(" ");
}

function notesOf(frame: FrameEvent | HttpFrame): Array<string | number | undefined> {
  if (frame.kind === "open") return [frame.protocol];
  if (frame.kind === "close") return [frame.code, frame.reason];
  return frame.kind === "state" ? stateParts(frame.state) : [];
}

function stateParts(state: SocketState): Array<string | number | undefined> {
  if (isWait(state)) return [state.name, `${Math.round(state.delayMs)} ms before attempt ${state.attempt}`];
  if (state.name === "stopped") return [state.name, state.reason];
  return [state.name];
}
