// A request is read once, into facts that mean something. Every rule asks these, never the text.
import { type HostName, parseAuthority, parseHost, type Scheme } from "./origin.ts";

/** A request as a stack hands it out, before anything is answered. */
export interface IncomingRequest {
  method: string;
  /** The target of the request line as it was sent. */
  url: string;
  /** HTTP's version, `1.1`; nothing where a stack does not tell. */
  version?: string | undefined;
  /**
   * True where the stack has taken a handshake for an ordinary request: it is answered in its turn, and cannot become a
   * WebSocket any more. Left out: it can.
   */
  isOrdinary?: boolean;
  /** The value of a header by its lower-case name; several with commas between (RFC 9110 §5.3). */
  header(name: string): string | undefined;
}

/** What a request means. */
export interface RequestFacts extends Omit<IncomingRequest, "url"> {
  /** As it was sent, without the query; empty if the target is none. */
  path: string;
  query: ReadonlyMap<string, string>;
  /** Whom it is meant for: by a target that is a whole URL, otherwise by `Host`. Nothing if neither says. */
  host: HostName | undefined;
  /** Why it is no proper request, in words. */
  problem: string | undefined;
}

interface Target {
  path: string;
  query: string;
  /** Of a target that is a whole URL. */
  scheme?: Scheme;
  authority?: string;
}

/** Reads what a stack hands out. Never throws, whatever was sent. */
export function parseRequest({ method, url, version, header }: IncomingRequest): RequestFacts {
  const target = parseTarget(url);
  const sent = header("host");
  const host = target?.scheme ? parseAuthority(target.scheme, target.authority ?? "") : parseHost(sent ?? "");
  return {
    ...{ method, version, header, host },
    path: target?.path ?? "",
    query: parseQuery(target?.query ?? ""),
    problem: problemOf(target, host, sent, version),
  };
}

/** The path of a request, as it was sent, without its query. */
export function pathOf({ path }: RequestFacts): string {
  return path;
}

/** A target as a path with its query, also where a whole URL was sent (RFC 9112 §3.2.1). */
export function originForm(url: string): string {
  const target = parseTarget(url);
  return target ? [target.path, target.query].filter((part) => part !== "").join("?") : url;
}

/** A parameter of a request's query, or `undefined` if it is missing. The first that can be decoded counts. */
export function queryOf({ query }: RequestFacts, name: string): string | undefined {
  return query.get(name);
}

// HTTP/1.0 knows no Host, 1.1 demands one (RFC 9112 §3.2). Two of them come with a comma between, which no host has.
function problemOf(
  target: Target | undefined,
  host: HostName | undefined,
  sent: string | undefined,
  version: string | undefined,
): string | undefined {
  if (!target) return "a target is a path or a whole URL";
  if (sent === undefined ? version !== "1.0" : !parseHost(sent)) return "exactly one Host is required";
  return target.scheme && !host ? "the target names no host" : undefined;
}

// A path or a whole URL (RFC 9112 §3.2). The other forms are for proxies (`host:port`) and for OPTIONS (`*`).
function parseTarget(url: string): Target | undefined {
  const [, scheme, authority = "", path = "", query = ""] =
    /^(?:(https?):\/\/([^/?#]*))?(\/[^?]*)?(?:\?(.*))?$/is.exec(url) ?? [];
  if (scheme === undefined) return path === "" ? undefined : { path, query };
  return { path: path || "/", query, scheme: scheme.toLowerCase() as Scheme, authority };
}

function parseQuery(query: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const pair of query.split("&")) {
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(pair)?.map(decoded) ?? [];
    if (name !== undefined && value !== undefined && !found.has(name)) found.set(name, value);
  }
  return found;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
