// The opening handshake over HTTP/1.1 as a strict client does it: RFC 6455 §4.1 and RFC 9112.

import { createHash, randomBytes } from "node:crypto";
import { describeBytes } from "./bytes.ts";
import type { Opened } from "./duplex.ts";
import { type Dial, dial, type TcpDuplex } from "./tcp.ts";
import type { WireLog } from "./wire-log.ts";

/** The head of a response. */
export interface HandshakeResponse {
  /** The HTTP version. */
  version: "1.0" | "1.1";
  status: number;
  statusText: string;
  /** Names in lower case, in the order they came. */
  headers: readonly (readonly [name: string, value: string])[];
}

/**
 * Why a handshake did not end in a WebSocket. `answer`: the status was not 101. `ended`: the connection ended.
 * `silent`: nothing came in time. `http2`: a frame of HTTP/2 came. `malformed`: what came is not a response.
 * `wrong`: a 101 that opens no WebSocket.
 */
export type HandshakeFault = "answer" | "ended" | "silent" | "http2" | "malformed" | "wrong";

/** The handshake did not end in a WebSocket. */
export class HandshakeError extends Error {
  override readonly name = "HandshakeError";
  readonly fault: HandshakeFault;
  /** The first bytes of what came, if it is no response of HTTP/1. */
  readonly foreign?: Uint8Array | undefined;

  constructor(message: string, fault: HandshakeFault, foreign?: Uint8Array) {
    super(message);
    this.fault = fault;
    this.foreign = foreign;
  }
}

/** Where to open a WebSocket. */
export interface Address extends Omit<Dial, "deadlineMs"> {
  /** The target in the request line: path and query. */
  path: string;
  /** The value of `Host`. */
  authority: string;
  /** More headers, such as a token. */
  headers?: readonly (readonly [name: string, value: string])[];
}

const maxHeadBytes = 64 * 1024;
const maxInterim = 8;

/** Parses a `ws:` or `wss:` URL. Throws a `TypeError` that says what is wrong with it. */
export function addressOf(url: string, options: Pick<Address, "insecure" | "headers"> = {}): Address {
  if (!URL.canParse(url))
    throw new TypeError(`"${url}" is not a URL; expected something like ws://127.0.0.1:3001/echo`);
  const { protocol, hostname, port, host, pathname, search, hash, username, password } = new URL(url);
  if (hash) throw new TypeError(`"${url}" has a fragment, ${hash}, which no WebSocket has (RFC 6455 §3)`);
  if (username || password) {
    throw new TypeError(
      "the URL has a name or a password, which is not sent; give --header 'Authorization: Basic …'",
    );
  }
  if (protocol !== "ws:" && protocol !== "wss:") {
    throw new TypeError(`"${url}" begins with ${protocol}, expected ws: or wss:`);
  }
  const secure = protocol === "wss:";
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port || (secure ? 443 : 80)),
    secure,
    path: `${pathname}${search}`,
    authority: host,
    ...options,
  };
}

/** Opens a WebSocket. Rejects with a `ConnectError` or a `HandshakeError`. */
export async function open(
  address: Address,
  offer: string,
  log: WireLog,
  deadlineMs: number,
): Promise<Opened> {
  const duplex = await dial({ ...address, deadlineMs });
  try {
    const key = randomBytes(16).toString("base64");
    const request = upgradeRequest(address, key, offer);
    log.add("sent", "http", request.split("\r\n", 1)[0] ?? "", Buffer.from(request));
    await duplex.write(Buffer.from(request));
    const head = await readAnswer(duplex, log, deadlineMs);
    checkHead(head, key, offer, subprotocolsOf(address));
    return { duplex, extensions: valuesOf(head, "sec-websocket-extensions").join(", ") };
  } catch (error) {
    duplex.destroy();
    throw error;
  }
}

/** Returns the request of RFC 6455 §4.1. Nothing is offered if `offer` is empty. */
export function upgradeRequest({ path, authority, headers = [] }: Address, key: string, offer = ""): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${authority}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
    ...(offer ? [`Sec-WebSocket-Extensions: ${offer}`] : []),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Reads the head of the final response and skips interim ones (RFC 9110 §15.2). */
export async function readAnswer(
  duplex: TcpDuplex,
  log: WireLog,
  deadlineMs: number,
): Promise<HandshakeResponse> {
  for (let interim = 0; interim < maxInterim; interim++) {
    const head = await readHead(duplex, log, deadlineMs);
    if (head.status === 101 || head.status >= 200) return head;
  }
  throw new HandshakeError(`${maxInterim} interim answers and no final one`, "malformed");
}

/** Reads a response's head. The bytes after it stay for the next listener. */
export async function readHead(
  duplex: TcpDuplex,
  log: WireLog,
  deadlineMs: number,
): Promise<HandshakeResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HandshakeResponse>();
  let bytes: Uint8Array<ArrayBufferLike> = new Uint8Array();
  const deadline =
    deadlineMs === Number.POSITIVE_INFINITY
      ? undefined
      : setTimeout(
          () => reject(new HandshakeError(`no answer to the handshake after ${deadlineMs} ms`, "silent")),
          deadlineMs,
        );
  duplex.listen({
    data: (more) => {
      bytes = Buffer.concat([bytes, more]);
      const end = Buffer.from(bytes).indexOf("\r\n\r\n");
      if (end === -1 && bytes.length <= maxHeadBytes && !isForeign(bytes)) return;
      try {
        const head =
          end === -1 || isForeign(bytes)
            ? refuse(bytes)
            : parseHead(Buffer.from(bytes.subarray(0, end)).toString("latin1"));
        log.add(
          "received",
          "http",
          `HTTP/${head.version} ${head.status} ${head.statusText}`,
          bytes.subarray(0, end + 4),
        );
        duplex.unread(bytes.subarray(end + 4));
        resolve(head);
      } catch (error) {
        log.add("received", "bytes", (error as Error).message, bytes);
        reject(error);
      }
    },
    end: (how) => {
      const got = bytes.length > 0 ? `after ${bytes.length} bytes of an answer` : "without an answer";
      reject(
        new HandshakeError(`the connection was ${how === "reset" ? "reset" : "closed"} ${got}`, "ended"),
      );
    },
  });
  return promise.finally(() => clearTimeout(deadline));
}

// Whether the first bytes already show that this is no response of HTTP/1.1.
function isForeign(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 5)).toString("latin1");
  return !"HTTP/".startsWith(start);
}

function refuse(bytes: Uint8Array): never {
  const start = Buffer.from(bytes);
  // An HTTP/2 server begins with a SETTINGS frame: 24 bits of length, then type 4 on stream 0 (RFC 9113 §3.4,
  // §6.5).
  if (start.length >= 9 && start[3] === 4 && start.readUInt32BE(5) === 0) {
    throw new HandshakeError("the server speaks HTTP/2, expected HTTP/1.1", "http2");
  }
  // A TLS alert, with a version (RFC 8446 §5.1).
  if (start[0] === 0x15 && start[1] === 3) {
    throw new HandshakeError("the server speaks TLS; try wss: in place of ws:", "malformed");
  }
  if (!isForeign(bytes))
    throw new HandshakeError(`an answer whose head is longer than ${maxHeadBytes} bytes`, "malformed");
  throw new HandshakeError(
    `the answer is not HTTP: ${JSON.stringify(start.toString("latin1", 0, 40))}`,
    "malformed",
    start.subarray(0, 40),
  );
}

function parseHead(text: string): HandshakeResponse {
  const [first = "", ...lines] = text.split("\r\n");
  const [, version, status, statusText = ""] = /^HTTP\/(1\.[01]) (\d{3})(?: (.*))?$/.exec(first) ?? [];
  if (status === undefined)
    throw new HandshakeError(`malformed status line: ${JSON.stringify(first)}`, "malformed");
  const headers = lines.map((line) => {
    const [, name, value = ""] = /^([!#$%&'*+.^_`|~\w-]+):(.*)$/.exec(line) ?? [];
    if (name === undefined) {
      const fault = status === "101" ? "wrong" : "malformed";
      throw new HandshakeError(`malformed header: ${JSON.stringify(line)}`, fault);
    }
    return [name.toLowerCase(), withoutBlanks(value)] as const;
  });
  return { version: version as HandshakeResponse["version"], status: Number(status), statusText, headers };
}

// One pattern for both ends would take time quadratic in the number of blanks in the middle.
function withoutBlanks(value: string): string {
  let [start, end] = [0, value.length];
  while (isBlank(value[start])) start++;
  while (end > start && isBlank(value[end - 1])) end--;
  return value.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

/** Checks what a client checks before it treats the connection as open: RFC 6455 §4.1, steps 1 to 6. */
export function checkHead(
  head: HandshakeResponse,
  key: string,
  offer: string,
  subprotocols: readonly string[] = [],
): void {
  if (head.status !== 101) {
    throw new HandshakeError(
      `the handshake was answered with ${head.status} ${head.statusText}`.trim(),
      "answer",
    );
  }
  const problem = handshakeProblem(head, key, offer, subprotocols);
  if (problem) throw new HandshakeError(`101, but ${problem}`, "wrong");
}

/** Returns what is wrong with a 101, given what was offered, or nothing if it opens a WebSocket. */
export function handshakeProblem(
  head: Pick<HandshakeResponse, "headers">,
  key: string,
  offer: string,
  subprotocols: readonly string[] = [],
): string | undefined {
  const [accept, ...more] = valuesOf(head, "sec-websocket-accept");
  const expected = acceptOf(key);
  if (valuesOf(head, "upgrade").join().toLowerCase() !== "websocket")
    return "without Upgrade: websocket (§4.1, 2)";
  if (!tokens(head, "connection").includes("upgrade")) return "without Connection: Upgrade (§4.1, 3)";
  if (accept !== expected || more.length > 0)
    return `Sec-WebSocket-Accept is ${accept}, expected ${expected} (§4.1, 4)`;
  const extensions = valuesOf(head, "sec-websocket-extensions").join(", ");
  const offered = offer.split(",").map((each) => each.split(";", 1)[0]?.trim());
  const unasked = extensions.split(",").find((each) => !offered.includes(each.split(";", 1)[0]?.trim()));
  if (extensions && unasked !== undefined)
    return `with an extension nobody offered: ${unasked.trim()} (§4.1, 5)`;
  const chosen = valuesOf(head, "sec-websocket-protocol");
  if (chosen.length > 1) return `with ${chosen.length} subprotocols, ${chosen.join(" and ")} (§11.3.4)`;
  const [only] = chosen;
  if (only === undefined || subprotocols.includes(only)) return undefined;
  return `with a subprotocol nobody offered: ${describeBytes(Buffer.from(only, "latin1"))} (§4.1, 6)`;
}

/** Returns the subprotocols that the headers of every handshake offer. */
export function subprotocolsOf({ headers = [] }: Pick<Address, "headers">): string[] {
  const lists = headers.filter(([name]) => name.toLowerCase() === "sec-websocket-protocol");
  return lists.flatMap(([, value]) => value.split(",").map((each) => each.trim()));
}

/** Returns the proof that the server has read the key: RFC 6455 §4.2.2, 5.4. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** Returns the values of a header, one for each line. */
export function valuesOf({ headers }: Pick<HandshakeResponse, "headers">, name: string): string[] {
  return headers.filter(([each]) => each === name).map(([, value]) => value);
}

function tokens(head: Pick<HandshakeResponse, "headers">, name: string): string[] {
  return valuesOf(head, name)
    .join()
    .toLowerCase()
    .split(",")
    .map((token) => token.trim());
}
