// A strict opening handshake with rules that can be left out or replaced, to test the judge. It shares no code with
// the judge, and supports no subprotocol, no extension and no body.

import { acceptOf, type Handshake } from "./faulty-server.ts";

/** A request as it came. */
export interface HandshakeRequest {
  method: string;
  target: string;
  version: string;
  /** Names as they came. */
  headers: readonly (readonly [name: string, value: string])[];
}

/** A reason to refuse. */
export interface HandshakeRefusal {
  status: number;
  headers?: readonly string[];
}

/** Returns the values of a header, one for each line. */
export function values({ headers }: Pick<HandshakeRequest, "headers">, name: string): string[] {
  return headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

/** Returns the elements of a header that is a list. */
export function list(request: HandshakeRequest, name: string): string[] {
  return values(request, name)
    .join(",")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

const token = /^[\w!#$%&'*+.^`|~-]+$/;
const parameter = /^[\w!#$%&'*+.^`|~-]+(\s*=\s*([\w!#$%&'*+.^`|~-]+|"[\w!#$%&'*+.^`|~-]+"))?$/;

/** All checks, in this order. Each returns a refusal if it finds a fault. */
export const checks = {
  host(request) {
    const [host = "", ...more] = values(request, "host");
    return more.length === 0 && /^[\w.-]+(:\d+)?$/.test(host) ? undefined : { status: 400 };
  },
  body(request) {
    const lengths = values(request, "content-length");
    const empty = lengths.length === 0 || (lengths.length === 1 && lengths[0] === "0");
    return empty && values(request, "transfer-encoding").length === 0 ? undefined : { status: 400 };
  },
  method: ({ method }) => (method === "GET" ? undefined : { status: 405, headers: ["Allow: GET"] }),
  target: ({ target }) => (/^(http:\/\/[^/#\s]+)?\/[^#\s]*$/.test(target) ? undefined : { status: 400 }),
  version: ({ version }) => (/^HTTP\/1\.[1-9]$/.test(version) ? undefined : { status: 505 }),
  upgrade(request) {
    const asked = list(request, "upgrade").some((each) => each.toLowerCase() === "websocket");
    return asked ? undefined : { status: 426, headers: ["Upgrade: websocket"] };
  },
  connection(request) {
    const asked = list(request, "connection").some((each) => each.toLowerCase() === "upgrade");
    return asked ? undefined : { status: 426, headers: ["Upgrade: websocket"] };
  },
  webSocketVersion(request) {
    const [version, ...more] = values(request, "sec-websocket-version");
    if (version === "13" && more.length === 0) return undefined;
    return { status: 426, headers: ["Upgrade: websocket", "Sec-WebSocket-Version: 13"] };
  },
  key(request) {
    const [key = "", ...more] = values(request, "sec-websocket-key");
    return more.length === 0 && /^[A-Za-z\d+/]{22}==$/.test(key) ? undefined : { status: 400 };
  },
  subprotocols(request) {
    if (values(request, "sec-websocket-protocol").length === 0) return undefined;
    const offered = list(request, "sec-websocket-protocol");
    const right = offered.length > 0 && offered.every((each) => token.test(each));
    return right && new Set(offered).size === offered.length ? undefined : { status: 400 };
  },
  extensions(request) {
    const offered = list(request, "sec-websocket-extensions");
    const right = offered.every((each) => {
      const [name = "", ...parameters] = each.split(";").map((part) => part.trim());
      return token.test(name) && parameters.every((part) => parameter.test(part));
    });
    return right ? undefined : { status: 400 };
  },
} satisfies Record<string, (request: HandshakeRequest) => HandshakeRefusal | undefined>;

export type CheckName = keyof typeof checks;
export type HandshakeCheck = (request: HandshakeRequest) => HandshakeRefusal | undefined;

/** A difference from the correct behaviour. */
export interface HandshakeFlaws {
  /** Checks that are left out. */
  without?: readonly CheckName[];
  /** Checks that are replaced. */
  checks?: Partial<Record<CheckName, HandshakeCheck>>;
  /** Changes what comes in, before it is read. */
  read?: (text: string) => string;
  /** Parses one line. Returns nothing if it is no header. Default: RFC 9112 §5. */
  header?: (line: string) => readonly [name: string, value: string] | undefined;
  accept?: (key: string) => string;
  /** Changes the lines of a 101 at the end. */
  answer?: (lines: readonly string[], request: HandshakeRequest) => readonly string[];
  /** Changes the lines of a refusal at the end. Without any lines, the server hangs up. */
  refuse?: (lines: readonly string[]) => readonly string[];
  /** True if a refusal does not end the connection, which goes on as a WebSocket. */
  staysOpen?: true;
  /** Changes the bytes that came with the handshake. */
  rest?: (rest: Buffer) => Buffer;
  /** True if everything that may come in the first segment must be there. */
  impatient?: true;
}

const maxHead = 16 * 1024;
const maxHeaders = 100;

/** Returns a handshake with a fault. Without one it is strict. */
export function handshakeOf(fault: HandshakeFlaws = {}): Handshake {
  const { read = (text) => text, header = headerOf } = fault;
  return (bytes, negotiate) => {
    const refuse = (refusal: HandshakeRefusal) => refused(refusal, fault);
    const text = read(bytes.toString("latin1")).replace(/^(\r\n)+/, "");
    const end = text.indexOf("\r\n\r\n");
    if (end > maxHead || (end === -1 && text.length > maxHead)) return refuse({ status: 431 });
    if (end === -1) return fault.impatient ? refuse({ status: 400 }) : undefined;
    const request = parse(text.slice(0, end), header);
    if ("status" in request) return refuse(request);
    const refusal = findFault(request, fault);
    if (refusal) return refuse(refusal);
    const extension = negotiate(list(request, "sec-websocket-extensions").join(", "));
    const rest = Buffer.from(text.slice(end + 4), "latin1");
    return {
      response: responseOf(accepted(request, extension?.answer, fault)),
      accepted: { rest: fault.rest?.(rest) ?? rest, extension },
    };
  };
}

function findFault(request: HandshakeRequest, fault: HandshakeFlaws): HandshakeRefusal | undefined {
  for (const [name, check] of Object.entries<HandshakeCheck>({ ...checks, ...fault.checks })) {
    const refusal = fault.without?.includes(name as CheckName) ? undefined : check(request);
    if (refusal) return refusal;
  }
  return undefined;
}

function accepted(
  request: HandshakeRequest,
  extension: string | undefined,
  fault: HandshakeFlaws,
): readonly string[] {
  const { accept = acceptOf, answer = (lines) => lines } = fault;
  const [key = ""] = values(request, "sec-websocket-key");
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept(key)}`,
    ...(extension ? [`Sec-WebSocket-Extensions: ${extension}`] : []),
  ];
  return answer(lines, request);
}

function refused({ status, headers = [] }: HandshakeRefusal, fault: HandshakeFlaws) {
  const { refuse = (lines) => lines, staysOpen } = fault;
  const connection = staysOpen ? [] : ["Connection: close"];
  const lines = [`HTTP/1.1 ${status} Refused`, ...connection, "Content-Length: 0", ...headers];
  return {
    response: responseOf(refuse(lines)),
    ...(staysOpen && { accepted: { rest: Buffer.alloc(0) } }),
  };
}

function responseOf(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${lines.join("\r\n")}\r\n\r\n`;
}

function parse(
  head: string,
  header: NonNullable<HandshakeFlaws["header"]>,
): HandshakeRequest | HandshakeRefusal {
  const [line = "", ...lines] = head.split("\r\n");
  const [, method, target, version] = /^([\w!#$%&'*+.^`|~-]+) (\S+) (HTTP\/\d\.\d)$/.exec(line) ?? [];
  if (method === undefined || target === undefined || version === undefined) return { status: 400 };
  if (lines.length > maxHeaders) return { status: 431 };
  const headers = lines.map(header);
  if (headers.includes(undefined)) return { status: 400 };
  return { method, target, version, headers: headers.filter((each) => each !== undefined) };
}

/** Reads a header line: a token, a colon, and a value without control characters (RFC 9112 §5). */
export function headerOf(line: string): readonly [name: string, value: string] | undefined {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? [];
  // The only white space that the pattern allows at the ends is blanks and tabs.
  return name === undefined || value === undefined
    ? undefined
    : [name, value.replace(/^[ \t]+/, "").trimEnd()];
}
