// Reads the bytes that a client sent as strictly as RFC 9112 allows. Where it would have to guess, it says `doubtful`:
// a server may guess, refuse or hang up there, and the oracle only requires its answer to be HTTP.
import type { IncomingRequest } from "@rosetta/protocol";
import type { HeaderList } from "../http.ts";

/** A request in which every byte follows RFC 9112. */
export interface HeardRequest extends IncomingRequest {
  version: string;
  headerList: HeaderList;
  /** Bytes of the body, without its framing. */
  bodyBytes: number;
  /** Where the next request begins. */
  end: number;
}

/** The thing found at an offset in the bytes. */
export type Heard =
  | { kind: "request"; request: HeardRequest }
  /** The bytes end here. */
  | { kind: "nothing" }
  /** An unfinished request: its head is incomplete if `head` is `undefined`, otherwise its body. */
  | { kind: "begun"; head: HeardRequest | undefined }
  /** Not a request, or one that can be read in two ways. */
  | { kind: "doubtful" };

// RFC 9110 §5.6.2, RFC 9112 §3; a request target has no spaces and no control characters.
const requestLine = /^([!#$%&'*+.^_`|~\w-]+) ([\x21-\x7e]+) HTTP\/(1\.[01])$/;
// RFC 9110 §5.5: no NUL, CR or LF, and no line that continues another (RFC 9112 §5.2).
const headerLine = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*?)[ \t]*$/;
// Every server accepts this much. Above it, their limits differ.
const most = { headBytes: 8_000, headers: 60 };

/** Reads what begins at offset `at`. */
export function hear(bytes: Buffer, at: number): Heard {
  if (at >= bytes.length) return { kind: "nothing" };
  const end = bytes.indexOf("\r\n\r\n", at);
  const text = bytes.toString("latin1", at, end < 0 ? bytes.length : end);
  if (text.length > most.headBytes) return { kind: "doubtful" };
  if (end < 0) return couldBecomeHead(text) ? { kind: "begun", head: undefined } : { kind: "doubtful" };
  const head = readHead(text, end + 4);
  return head ? withBody(head, bytes) : { kind: "doubtful" };
}

/** Returns all values of a header. `name` is in lower case. */
export function valuesOf({ headerList }: Pick<HeardRequest, "headerList">, name: string): string[] {
  return headerList.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

function readHead(text: string, end: number): HeardRequest | undefined {
  const [first = "", ...lines] = text.split("\r\n");
  const [, method, url, version] = requestLine.exec(first) ?? [];
  const headerList = lines.map(readHeader);
  if (method === undefined || url === undefined || version === undefined) return undefined;
  if (!isComplete(headerList) || headerList.length > most.headers) return undefined;
  const header = (name: string) => {
    const values = valuesOf({ headerList }, name);
    return values.length > 0 ? values.join(", ") : undefined;
  };
  return { method, url, version, header, headerList, bodyBytes: 0, end };
}

function readHeader(line: string): readonly [string, string] | undefined {
  const [, name, value] = headerLine.exec(line) ?? [];
  return name !== undefined && value !== undefined ? [name, value] : undefined;
}

function isComplete(list: (readonly [string, string] | undefined)[]): list is HeaderList {
  return list.every((each) => each !== undefined);
}

// Whole lines must be right already; the last, unfinished one only must not be wrong yet. All methods that servers know
// are upper-case letters.
function couldBecomeHead(text: string): boolean {
  const lines = text.split("\r\n");
  const last = lines.pop() ?? "";
  if (/[\0\n]/.test(last) || /\r./s.test(last)) return false;
  const [first, ...headers] = lines;
  if (first === undefined) return /^[A-Z]*( [\x21-\x7e]*( [\x21-\x7e]*\r?)?)?$/.test(last);
  return requestLine.test(first) && headers.every((line) => headerLine.test(line));
}

// RFC 9112 §6.3. Two framings, or a length that is not a number, are how requests are smuggled: §11.2.
function withBody(head: HeardRequest, bytes: Buffer): Heard {
  const lengths = valuesOf(head, "content-length");
  const codings = valuesOf(head, "transfer-encoding");
  if (lengths.length + codings.length === 0) return { kind: "request", request: head };
  if (lengths.length + codings.length > 1) return { kind: "doubtful" };
  if (codings.length === 1) return withChunks(head, codings[0] ?? "", bytes);
  const [length = ""] = lengths;
  if (!/^\d{1,9}$/.test(length)) return { kind: "doubtful" };
  const end = head.end + Number(length);
  if (end > bytes.length) return { kind: "begun", head };
  return { kind: "request", request: { ...head, bodyBytes: Number(length), end } };
}

function withChunks(head: HeardRequest, coding: string, bytes: Buffer): Heard {
  if (coding.toLowerCase() !== "chunked" || head.version === "1.0") return { kind: "doubtful" };
  let bodyBytes = 0;
  for (let at = head.end; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const line = bytes.toString("latin1", at, lineEnd < 0 ? bytes.length : lineEnd);
    if (lineEnd < 0) return /^[\da-f]{0,6}\r?$/i.test(line) ? { kind: "begun", head } : { kind: "doubtful" };
    if (!/^[\da-f]{1,6}$/i.test(line)) return { kind: "doubtful" };
    const size = Number.parseInt(line, 16);
    const end = lineEnd + 2 + size;
    if (end + 2 > bytes.length) return { kind: "begun", head };
    if (bytes.toString("latin1", end, end + 2) !== "\r\n") return { kind: "doubtful" };
    bodyBytes += size;
    at = end + 2;
    if (size === 0) return { kind: "request", request: { ...head, bodyBytes, end: at } };
  }
}
