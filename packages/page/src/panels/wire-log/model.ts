import { bytesOf, formatBytes, formatTime, hexBytes } from "../../shared/format.ts";
import type { WireRecord } from "../../wire/record.ts";
import { clientOf } from "./lanes.ts";

/** The rows that contain a text. Looks only at rows it has not seen, so that a flood stays affordable. */
export class WireFilter {
  #text = "";
  #pattern = /^/;
  #seen = 0;
  #rows: WireRecord[] = [];

  /** Returns the entries that match, oldest first, or all of them without a text. */
  apply(entries: WireRecord[], text: string): WireRecord[] {
    const wanted = text.trim();
    if (wanted === "") return entries;
    const oldest = entries[0]?.number ?? Number.POSITIVE_INFINITY;
    const newest = entries.at(-1)?.number ?? 0;
    // Another text, or an older list (the view was resumed): begin again.
    if (wanted !== this.#text || newest < this.#seen) this.#begin(wanted);
    // Numbers follow each other, so one leads to its place.
    const fresh = entries.slice(Math.max(0, this.#seen + 1 - oldest));
    this.#rows = this.#rows.filter((entry) => entry.number >= oldest);
    this.#rows.push(...fresh.filter((entry) => contains(entry, this.#pattern)));
    this.#seen = newest;
    return this.#rows;
  }

  #begin(text: string): void {
    this.#text = text;
    // Cheaper than a copy of every text in small letters.
    this.#pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "i");
    this.#seen = 0;
    this.#rows = [];
  }
}

/** How the content of a message is shown. */
export type ContentView = "message" | "text" | "bytes";

/** Returns the ways to show the content of a row. */
export function viewsOf(entry: WireRecord): { view: ContentView; label: string }[] {
  const views: { view: ContentView; label: string }[] = [{ view: "message", label: "Message" }];
  if (typeof entry.data !== "string") views.push({ view: "text", label: "As UTF-8" });
  views.push({ view: "bytes", label: "Bytes" });
  return views;
}

/** Returns the type of a row in a word: the protocol's message type, its name in HTTP, or the event. */
export function typeOf({ head, kind, status, note }: WireRecord): string {
  if (kind === "request") return "GET";
  if (kind === "response") return `HTTP ${status}`;
  if (kind === "sse") return "SSE";
  if (kind === "state") return note.split(" ")[0] ?? kind;
  return head?.type ?? kind;
}

/** Returns the content of a row in one line: its message in words, its text, its first bytes, or the event. */
export function summaryOf(entry: WireRecord): string {
  if (entry.sentence !== undefined) return entry.sentence;
  if (entry.kind === "request") return decodeURIComponent(String(entry.data));
  if (typeof entry.data === "string") return entry.data.slice(0, 200);
  if (entry.data) return hexBytes(entry.data.subarray(0, 24));
  return happeningOf(entry);
}

/** Returns a row as a sentence, for readers who cannot see the drawing. `server` is its name, if there are several. */
export function rowText(entry: WireRecord, server = ""): string {
  const words = [
    hasDirection(entry) ? directionOf(entry) : "",
    formatTime(entry.at),
    server,
    clientOf(entry.connection),
    typeOf(entry),
    entry.data === undefined ? "" : formatBytes(entry.size),
    summaryOf(entry),
  ];
  return words.filter(Boolean).join(" ");
}

/** Returns whether a row goes one way. The opening handshake goes both ways, and a state does not travel. */
export function hasDirection({ kind }: WireRecord): boolean {
  return kind !== "open" && kind !== "state";
}

/** Returns the direction of a row, as this page sees it. */
export function directionOf({ direction }: WireRecord): string {
  return direction === "out" ? "sent" : "received";
}

/** Returns whether a row is about the page alone: nothing travels. */
export function isAside({ kind, note }: WireRecord): boolean {
  return kind === "state" && note !== "connecting";
}

// Both connections open and close: say which.
function happeningOf({ kind, path, note, isCut, wasOpen }: WireRecord): string {
  if (kind === "open") return `101 Switching Protocols, ${path} ${note}`.trim();
  if (note === "connecting") return `GET ${path}, Upgrade: websocket`;
  if (kind === "state") return `${path} ${note.slice(note.indexOf(" ") + 1)}`;
  if (!isCut) return `${path} ${note}`;
  return `${path} ${note}, ${wasOpen ? "cut without a close frame" : "it never opened"}`;
}

/** Returns whether only the beginning of the message was kept. */
export function isCut(entry: WireRecord): boolean {
  return entry.data !== undefined && bytesOf(entry.data).byteLength < entry.size;
}

/** Returns whether a reply to this row is due: only this side's messages await one. */
export function isRequest({ direction, head }: WireRecord): boolean {
  return direction === "out" && head?.id !== undefined;
}

/** Writes a row as one line of JSON, to be kept: bytes in hex, the time as ISO 8601. */
export function jsonLine(entry: WireRecord): string {
  const { at, number, server, path, connection, direction, kind, size, data, note } = entry;
  const content =
    typeof data === "string" ? { text: data } : data && { hex: hexBytes(data).replaceAll(" ", "") };
  return JSON.stringify({
    at: new Date(at).toISOString(),
    ...{ number, server, path, connection, direction, kind, size },
    ...content,
    ...(isCut(entry) && { cut: true }),
    ...(note && { note }),
  });
}

function contains(entry: WireRecord, pattern: RegExp): boolean {
  const { direction, server, path, note, data } = entry;
  return (
    pattern.test(`${direction} ${server} ${path} ${typeOf(entry)} ${note}`) ||
    pattern.test(summaryOf(entry)) ||
    (typeof data === "string" && pattern.test(data))
  );
}
