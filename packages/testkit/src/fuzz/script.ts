// What a client of the fuzzer does on one connection: the bytes, where they are cut into segments, and how it leaves.

/** How a client leaves. `after` is the share of its bytes that it sends before, in thousandths. */
export type ScriptEnding =
  /** Reads everything it is owed, then sends FIN and waits for the server's FIN. */
  | { how: "wait" }
  /** Sends FIN and keeps reading: it has no more to say but still wants its answers (RFC 9112 §9.6). */
  | { how: "fin"; after: number }
  /** Closes at once without reading: FIN, and RST for whatever the server still sends. */
  | { how: "close"; after: number }
  /** RST. */
  | { how: "reset"; after: number }
  /** Reads nothing, and sends RST once everything is sent. */
  | { how: "unread" };

/** The plan of a conversation. */
export interface Script {
  /** The bytes, as Latin-1 text. `{host}`, `{port}` and `{cursor}` are filled in when it is played. */
  pieces: readonly string[];
  /** Where the bytes are cut into segments, in thousandths of their length. Empty: one write. */
  cuts: readonly number[];
  ending: ScriptEnding;
}

/** The facts about the server that a script needs. */
export interface ScriptContext {
  port: number;
  /** A cursor for `/poll` at the head of its topic: a poll from there waits until something happens. */
  cursor: string;
}

/** Returns the bytes that a script sends before it leaves, in segments. */
export function segmentsOf({ pieces, cuts, ending }: Script, place: ScriptContext): Buffer[] {
  const text = pieces.join("").replace(/\{(host|port|cursor)\}/g, (_, name: string) => fill(name, place));
  const whole = Buffer.from(text, "latin1");
  const bytes = "after" in ending ? whole.subarray(0, share(whole.length, ending.after)) : whole;
  const places = cuts.map((cut) => share(bytes.length, cut)).toSorted((a, b) => a - b);
  const bounds = [0, ...places, bytes.length];
  return bounds
    .slice(1)
    .map((end, index) => bytes.subarray(bounds[index], end))
    .filter((segment) => segment.length > 0);
}

function share(length: number, thousandths: number): number {
  return Math.round((length * thousandths) / 1000);
}

function fill(name: string, { port, cursor }: ScriptContext): string {
  if (name === "cursor") return cursor;
  return name === "port" ? String(port) : `127.0.0.1:${port}`;
}

const endings = {
  wait: "then FIN, once everything owed has come",
  fin: "then FIN, and it keeps reading",
  close: "then it closes at once",
  reset: "then RST",
  unread: "it reads nothing, then RST",
};

/** Prints a script for a person: each segment line by line, with unprintable bytes as `\xNN`. */
export function describeScript(script: Script, place: ScriptContext): string {
  const segments = segmentsOf(script, place);
  const lines = segments.flatMap((segment, index) => [
    `segment ${index + 1} of ${segments.length}, ${segment.length} B`,
    ...describeBytes(segment).map((line) => `  > ${line}`),
  ]);
  return [...lines, endings[script.ending.how]].join("\n");
}

/** Prints bytes line by line, at most 40 lines. */
export function describeBytes(bytes: Buffer): string[] {
  const lines = bytes
    .toString("latin1")
    .split(/(?<=\n)/)
    .filter((line) => line !== "");
  const shown = lines.slice(0, 40).map(describeLine);
  return lines.length > shown.length ? [...shown, `… ${lines.length - shown.length} more lines`] : shown;
}

function describeLine(line: string): string {
  // A long run of one character is shortened to its length.
  const short = line.replace(/(.)\1{40,}/gs, (run: string, one: string) => `${one}{× ${run.length}}`);
  const cut = short.length > 200 ? `${short.slice(0, 200)}… (${line.length} B)` : short;
  return cut.replace(/[^\x20-\x7e…×]/g, (char) => names[char] ?? `\\x${hex(char)}`);
}

const names: Record<string, string> = { "\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0" };

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, "0");
}
