// What one client of the fuzzer does on one connection: bytes, how they are cut into segments, and an ending.

/** How a client leaves. `after` is the share of its bytes that it has sent by then, in thousandths. */
export type Ending =
  /** Reads all that it is owed, then sends FIN and waits for the server's. */
  | { how: "wait" }
  /** Sends FIN and reads on: its half is over, its interest is not (RFC 9112 §9.6). */
  | { how: "fin"; after: number }
  /** Closes at once, unread: FIN, and RST for what the server still sends. */
  | { how: "close"; after: number }
  /** RST. */
  | { how: "reset"; after: number }
  /** Reads nothing, and sends RST when the server has had time to fill the buffers. */
  | { how: "unread" };

/** A conversation before it is held. */
export interface Script {
  /** What is said, in Latin-1, one character a byte. `{host}`, `{port}` and `{cursor}` are filled in when it is played. */
  pieces: readonly string[];
  /** Where the bytes are cut into segments, in thousandths of their number; none: one write. */
  cuts: readonly number[];
  ending: Ending;
}

/** What a script needs to know of the server it is played to. */
export interface Place {
  port: number;
  /** A cursor of `/poll` at the head of its topic: a poll from there is held until something happens. */
  cursor: string;
}

/** The bytes that a script sends before it leaves, in segments. */
export function segmentsOf({ pieces, cuts, ending }: Script, place: Place): Buffer[] {
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

function fill(name: string, { port, cursor }: Place): string {
  if (name === "cursor") return cursor;
  return name === "port" ? String(port) : `127.0.0.1:${port}`;
}

const endings = {
  wait: "then FIN, when all that is owed has come",
  fin: "then FIN, and it reads on",
  close: "then it closes at once",
  reset: "then RST",
  unread: "it reads nothing, then RST",
};

/** A script as a person reads it: each segment with its lines, bytes that cannot be read as `\xNN`. */
export function describeScript(script: Script, place: Place): string {
  const segments = segmentsOf(script, place);
  const lines = segments.flatMap((segment, index) => [
    `segment ${index + 1} of ${segments.length}, ${segment.length} B`,
    ...describeBytes(segment).map((line) => `  > ${line}`),
  ]);
  return [...lines, endings[script.ending.how]].join("\n");
}

/** Bytes line by line, at most 40 lines. */
export function describeBytes(bytes: Buffer): string[] {
  const lines = bytes
    .toString("latin1")
    .split(/(?<=\n)/)
    .filter((line) => line !== "");
  const shown = lines.slice(0, 40).map(describeLine);
  return lines.length > shown.length ? [...shown, `… ${lines.length - shown.length} more lines`] : shown;
}

function describeLine(line: string): string {
  // A long run of one character says as much by its number.
  const short = line.replace(/(.)\1{40,}/gs, (run: string, one: string) => `${one}{× ${run.length}}`);
  const cut = short.length > 200 ? `${short.slice(0, 200)}… (${line.length} B)` : short;
  return cut.replace(/[^\x20-\x7e…×]/g, (char) => names[char] ?? `\\x${hex(char)}`);
}

const names: Record<string, string> = { "\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0" };

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, "0");
}
