/** Headers in the order in which they go over the wire. Any of them may be repeated or missing. */
export type HeaderList = (readonly [name: string, value: string])[];

/** Changes to the default headers, by name: another value, several of them, or none (`undefined`). */
export type HeaderChanges = Record<string, string | readonly string[] | undefined>;

/** The head of a response. */
export interface ResponseHead {
  httpVersion: string;
  status: number;
  statusText: string;
  headers: Headers;
  /** The same headers in the server's own order and spelling. */
  headerList: HeaderList;
}

/** A whole response. */
export interface RawAnswer extends ResponseHead {
  /** The body as text. */
  body: string;
  bytes: Buffer;
}

/** Returns a list as it is, or the defaults with the changes. */
export function headerList(defaults: HeaderList, given: HeaderList | HeaderChanges = {}): HeaderList {
  if (Array.isArray(given)) return given;
  const changes = Object.entries(given as HeaderChanges);
  const changed = new Set(changes.map(([name]) => name.toLowerCase()));
  const kept = defaults.filter(([name]) => !changed.has(name.toLowerCase()));
  const added = changes.flatMap(([name, value]) => [value ?? []].flat().map((each) => [name, each] as const));
  return [...kept, ...added];
}

/** Returns the bytes of a request up to its body. */
export function requestHead(method: string, path: string, headers: HeaderList, httpVersion = "1.1"): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/${httpVersion}\r\n${lines.join("")}\r\n`;
}

type Framing = { by: "nothing" | "chunks" | "end" } | { by: "length"; left: number };

/** Reads one response from the bytes of a connection, however they are cut: RFC 9112. */
export class ResponseReader {
  readonly #method: string;
  #bytes: Buffer = Buffer.alloc(0);
  #framing: Framing | undefined;
  #body: Buffer[] = [];
  /** The head, as soon as it is complete. */
  head: ResponseHead | undefined;
  /** Whether the body is complete. */
  complete = false;

  constructor(method = "GET") {
    this.#method = method;
  }

  /** The bytes after the head of a 101, or after the body. */
  get rest(): Buffer {
    return this.#bytes;
  }

  push(bytes: Buffer): void {
    this.#bytes = this.#bytes.length ? Buffer.concat([this.#bytes, bytes]) : bytes;
    while (!this.complete && this.#step());
  }

  /** Ends the input. Call it when the connection has ended, which completes a body without a length. */
  end(): void {
    if (this.#framing?.by === "end") this.complete = true;
  }

  /** Returns the bytes of the body that came since the last call. */
  takeBody(): Buffer {
    const body = Buffer.concat(this.#body);
    this.#body = [];
    return body;
  }

  // Returns whether there was something to read.
  #step(): boolean {
    if (!this.head) return this.#readHead();
    if (this.#framing?.by === "chunks") return this.#readChunk();
    if (this.#framing?.by === "length") return this.#readLength(this.#framing);
    if (this.#framing?.by === "nothing") this.complete = true;
    else this.#takeBytes(this.#bytes.length);
    return false;
  }

  #readHead(): boolean {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const head = parseHead(this.#bytes.toString("latin1", 0, end));
    this.#bytes = this.#bytes.subarray(end + 4);
    // 100 and 103 come before the response: RFC 9110 §15.2.
    if (head.status < 200 && head.status !== 101) return true;
    this.head = head;
    this.#framing = framingOf(head, this.#method);
    return true;
  }

  #readLength(framing: { left: number }): boolean {
    framing.left -= this.#takeBytes(Math.min(framing.left, this.#bytes.length));
    this.complete = framing.left === 0;
    return false;
  }

  #readChunk(): boolean {
    const lineEnd = this.#bytes.indexOf("\r\n");
    if (lineEnd < 0) return false;
    const size = Number.parseInt(this.#bytes.toString("latin1", 0, lineEnd), 16);
    if (Number.isNaN(size))
      throw new Error(`malformed chunk size: ${this.#bytes.toString("latin1", 0, lineEnd)}`);
    const end = lineEnd + 2 + size + 2;
    if (this.#bytes.length < end) return false;
    this.#bytes = this.#bytes.subarray(lineEnd + 2);
    this.#takeBytes(size);
    this.#bytes = this.#bytes.subarray(2);
    this.complete = size === 0;
    return true;
  }

  #takeBytes(count: number): number {
    this.#body.push(this.#bytes.subarray(0, count));
    this.#bytes = this.#bytes.subarray(count);
    return count;
  }
}

function parseHead(text: string): ResponseHead {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const [, httpVersion = "", status, statusText = ""] =
    /^HTTP\/(\d\.\d) (\d{3}) ?(.*)$/.exec(statusLine) ?? [];
  if (!status) throw new Error(`not an HTTP response: ${JSON.stringify(statusLine.slice(0, 80))}`);
  const headerList = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const headers = new Headers(headerList.map(([name, value]) => [name, value] as [string, string]));
  return { httpVersion, status: Number(status), statusText, headers, headerList };
}

// RFC 9112 §6.3.
function framingOf(head: ResponseHead, method: string): Framing {
  const { status, headers } = head;
  if (method === "HEAD" || status === 101 || status === 204 || status === 304) return { by: "nothing" };
  if (headers.get("transfer-encoding")?.toLowerCase().endsWith("chunked")) return { by: "chunks" };
  const length = headers.get("content-length");
  return length === null ? { by: "end" } : { by: "length", left: Number(length) };
}
