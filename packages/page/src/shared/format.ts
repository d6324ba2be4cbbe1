const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** Writes a number of bytes: `12 B`, `1.5 KiB`, `3 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < kibibyte) return `${bytes} B`;
  if (bytes < mebibyte) return `${oneDecimal(bytes / kibibyte)} KiB`;
  return `${oneDecimal(bytes / mebibyte)} MiB`;
}

/** Writes a number with the noun that it counts: `1 event`, `3 events`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Writes a duration: `0.8 ms`, `12 ms`, `1.4 s`. Three digits are enough to compare. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 10) return `${oneDecimal(milliseconds)} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return `${oneDecimal(milliseconds / 1000)} s`;
}

/** Writes the clock time of a moment, to the millisecond: `14:03:07.045`. */
export function formatTime(epochMs: number): string {
  return `${formatClock(epochMs)}.${pad(new Date(epochMs).getMilliseconds(), 3)}`;
}

/** Writes the clock time of a moment, to the second: `14:03:07`. */
export function formatClock(epochMs: number): string {
  const date = new Date(epochMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => pad(part, 2)).join(":");
}

const encoder = new TextEncoder();

/** Returns the bytes that a text or a block of bytes takes on the wire, without the frame's header. */
export function byteLength(data: string | Uint8Array): number {
  return bytesOf(data).byteLength;
}

/** Returns a text as the UTF-8 that travels, and bytes as they are. */
export function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? encoder.encode(data) : data;
}

/** Bytes per line of a hex view: what fits beside their characters on a phone. */
const hexWidth = 8;

/** Writes offset, bytes and characters side by side, as in `0008  68 65 6c 6c 6f           hello`. */
export function hexView(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += hexWidth) {
    const line = bytes.subarray(start, start + hexWidth);
    lines.push(`${hex(start, 4)}  ${hexBytes(line).padEnd(hexWidth * 3 - 1)}  ${printable(line)}`);
  }
  return lines.join("\n");
}

/** Writes bytes in one line: `68 65 6c 6c 6f`. */
export function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => hex(byte, 2)).join(" ");
}

/** Reads bytes as UTF-8. What is none shows as U+FFFD, \u{fffd}. */
export function textOfBytes(bytes: Uint8Array): string {
  // A byte order mark is content here like anything else.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Writes JSON with one field per line, and any other text as it is. */
export function prettyText(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

/** Returns whether both are the same text, or the same bytes in the same order. */
export function sameData(a: string | Uint8Array, b: string | Uint8Array): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function oneDecimal(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

function printable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join(
    "",
  );
}
