import { paths } from "@rosetta/protocol";
import { bytesOf, hexBytes } from "../../shared/format.ts";
import type { WireRecord } from "../../wire/recorder.ts";

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

/** Returns what a row is about, in a word: the protocol's message type, or what happened. */
export function typeOf(entry: Pick<WireRecord, "head" | "kind">): string {
  return entry.head?.type ?? entry.kind;
}

/** Returns the content of a row in one line: its text, the first bytes, or what happened. */
export function summaryOf(entry: WireRecord): string {
  if (typeof entry.data === "string") return withoutType(entry).slice(0, 200);
  if (entry.data) return hexBytes(entry.data.subarray(0, 24));
  // Both connections open and close: say which.
  return `${entry.path} ${entry.note}`;
}

/** Returns whether only the beginning of the message was kept. */
export function isCut(entry: WireRecord): boolean {
  return entry.data !== undefined && bytesOf(entry.data).byteLength < entry.size;
}

/**
 * Returns the row that a row of `/ws` replies to, or its reply: the row with the same number as `id` and `re`, on the
 * same connection.
 */
export function counterpartOf(entries: WireRecord[], entry: WireRecord): WireRecord | undefined {
  const { id, re } = entry.head ?? {};
  const isSame = (other: WireRecord): boolean =>
    other.server === entry.server && other.path === entry.path && other.connection === entry.connection;
  // Another connection may begin to count anew: the nearest is the right one.
  if (re !== undefined && entry.direction === "in") {
    return entries.findLast((other) => other.number < entry.number && isSame(other) && other.head?.id === re);
  }
  if (id === undefined || entry.direction === "in") return undefined;
  return entries.find((other) => other.number > entry.number && isSame(other) && other.head?.re === id);
}

/** Returns whether a reply to this row is due. */
export function isRequest(entry: WireRecord): boolean {
  return entry.direction === "out" && entry.head?.id !== undefined;
}

/** Writes a row as one line of JSON, to be kept: bytes in hex, the time as ISO 8601. */
export function jsonLine(entry: WireRecord): string {
  const { at, head: _, data, note, ...rest } = entry;
  const content =
    typeof data === "string" ? { text: data } : data && { hex: hexBytes(data).replaceAll(" ", "") };
  return JSON.stringify({
    at: new Date(at).toISOString(),
    ...rest,
    ...content,
    ...(isCut(entry) && { cut: true }),
    ...(note && { note }),
  });
}

// The type has a column of its own.
function withoutType(entry: WireRecord): string {
  return entry.path === paths.application
    ? String(entry.data).replace(/^{"type":"[a-z]+",/, "")
    : String(entry.data);
}

function contains(entry: WireRecord, pattern: RegExp): boolean {
  const { direction, server, path, note, data } = entry;
  return (
    pattern.test(`${direction} ${server} ${path} ${typeOf(entry)} ${note}`) ||
    pattern.test(typeof data === "string" ? data : summaryOf(entry))
  );
}
