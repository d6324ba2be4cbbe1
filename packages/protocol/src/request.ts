// A request is parsed once, into facts. Every rule works on these facts, never on the text.
import { type HostName, parseAuthority, parseHost, type Scheme } from "./origin.ts";

/** A request as a stack provides it, before anything is answered. */
export interface IncomingRequest {
  /** As it was sent, such as `GET`. */
  method: string;
  /** The target of the request line as it was sent. */
  url: string;
  /** The HTTP version, such as `1.1`. Left out where the stack does not report it. */
  version?: string | undefined;
  /**
   * True if the stack has treated a handshake as an ordinary request: it is answered in its turn and can no longer
   * become a WebSocket. Default: false.
   */
  isOrdinary?: boolean;
  /** Returns the value of a header by its lower-case name; several values are joined by commas (RFC 9110 §5.3). */
  header(name: string): string | undefined;
}

/** The facts of an HTTP request that decide about it, parsed once. */
export interface RequestFacts extends Omit<IncomingRequest, "url"> {
  /** As it was sent, without the query. Empty if the target is malformed. */
  path: string;
  /** The query as it was sent, without the question mark. `queryOf` reads it. */
  query: string;
  /** True if it asks to become a WebSocket (RFC 6455 §4.2.1, 3 and 4). */
  wantsWebSocket: boolean;
  /** The host it is meant for, from the target if that is a whole URL, otherwise from `Host`. */
  host: HostName | undefined;
  /** The fault of the request, in words, or `undefined` if it has none. */
  problem: string | undefined;
}

interface Target {
  path: string;
  query: string;
  /** Only if the target is a whole URL. */
  scheme?: Scheme;
  authority?: string;
}

/** Returns `parse` so that it runs only once for each request, however often somebody asks for the request's facts. */
export function oncePerRequest<R extends object>(
  parse: (request: R) => RequestFacts,
): (request: R) => RequestFacts {
  // On the request itself. In V8, a WeakMap that is old keeps every value until the next full garbage collection, even if
  // its key is gone, and these facts can reach all of their connection.
  const facts = Symbol("facts");
  return (request: R & { [facts]?: RequestFacts }) => (request[facts] ??= parse(request));
}

/** Parses a request. Never throws, whatever was sent. */
export function parseRequest({ method, url, version, header }: IncomingRequest): RequestFacts {
  const target = parseTarget(url);
  const sent = header("host");
  const sentHost = sent === undefined ? undefined : parseSentHost(sent);
  const host = target?.scheme ? parseAuthority(target.scheme, target.authority ?? "") : sentHost;
  // HTTP/1.0 has no Host, 1.1 requires one (RFC 9112 §3.2). Two arrive joined by a comma, which no host contains.
  const hasHost = sent === undefined ? version === "1.0" : sentHost !== undefined;
  return {
    ...{ method, version, header, host },
    path: target?.path ?? "",
    query: target?.query ?? "",
    wantsWebSocket:
      webSocketInList.test(header("upgrade") ?? "") && upgradeInList.test(header("connection") ?? ""),
    problem: problemOf(target, host, hasHost),
  };
}

/** Returns the path of a request as it was sent, without the query. */
export function pathOf({ path }: RequestFacts): string {
  return path;
}

/** Returns a target as a path with its query, even if it is a whole URL (RFC 9112 §3.2.1). */
export function originForm(url: string): string {
  const target = parseTarget(url);
  return target ? [target.path, target.query].filter((part) => part !== "").join("?") : url;
}

/** Parameters of a query that are read. A head has room for thousands, and each that cannot be decoded takes 10 µs. */
const mostParameters = 32;

/**
 * Returns a query parameter, decoded, or `undefined` if it is not among the first 32. If repeated, the first that can be
 * decoded counts.
 */
export function queryOf({ query }: RequestFacts, name: string): string | undefined {
  for (const pair of query.split("&", mostParameters)) {
    const end = pair.indexOf("=");
    if (end < 0 || decoded(pair.slice(0, end)) !== name) continue;
    const value = decoded(pair.slice(end + 1));
    if (value !== undefined) return value;
  }
  return undefined;
}

function problemOf(
  target: Target | undefined,
  host: HostName | undefined,
  hasHost: boolean,
): string | undefined {
  if (!target) return "a target is a path or a whole URL";
  if (!hasHost) return "exactly one Host is required";
  return target.scheme && !host ? "the target names no host" : undefined;
}

// A path or a whole URL (RFC 9112 §3.2). The other forms are for proxies (`host:port`) and for OPTIONS (`*`).
function parseTarget(url: string): Target | undefined {
  const end = url.indexOf("?");
  const query = end < 0 ? "" : url.slice(end + 1);
  const place = end < 0 ? url : url.slice(0, end);
  if (place.startsWith("/")) return { path: place, query };
  const [, scheme, authority = "", path = "/"] = /^(https?):\/\/([^/#]*)(\/.*)?$/is.exec(place) ?? [];
  return scheme === undefined
    ? undefined
    : { path, query, scheme: scheme.toLowerCase() as Scheme, authority };
}

let newestHost = { text: "", host: parseHost("") };

// Nearly all requests name the same host, so the newest one is kept.
function parseSentHost(text: string): HostName | undefined {
  if (text !== newestHost.text) newestHost = { text, host: parseHost(text) };
  return newestHost.host;
}

const webSocketInList = inListPattern("websocket");
const upgradeInList = inListPattern("upgrade");

/** Returns a pattern for a list that contains the item, whatever else it contains (RFC 9110 §5.6.1). */
function inListPattern(item: string): RegExp {
  return new RegExp(`(?:^|,)[ \\t]*${item}[ \\t]*(?:,|$)`, "i");
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
