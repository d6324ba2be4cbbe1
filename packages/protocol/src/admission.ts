import type { Limits } from "./limits.ts";
import { subprotocol } from "./messages.ts";

/** What a stack knows of a request before anything is answered. */
export interface RequestFacts {
  method: string;
  /** The target of the request line: path and query, as they were sent. */
  url: string;
  /** HTTP's version, `1.1`; nothing where a stack does not tell. */
  version?: string;
  /** The value of a header by its lower-case name; several with commas between (RFC 9110 §5.3). */
  header(name: string): string | undefined;
}

/** How full a server is at this moment. */
export interface Load {
  draining: boolean;
  /** Open connections: sockets, event streams and polls. */
  connections: number;
  /** Those of them that came from the address that asks. */
  fromAddress: number;
}

/** Who may connect: the origins that are listed, and how many at a time. */
export interface DoorPolicy {
  origins: ReadonlySet<string>;
  limits: Pick<Limits, "connections" | "connectionsPerAddress">;
}

/** An answer that ends a request: an HTTP status (RFC 9110 §15), a sentence, headers. */
export interface Refusal {
  status: number;
  reason: string;
  headers: Record<string, string>;
}

/** The endpoints that a WebSocket may be opened to. */
export const endpoints = { echo: "/echo", application: "/ws" } as const;
export type Endpoint = (typeof endpoints)[keyof typeof endpoints];

/** The bare text that ends a connection to `/echo`. */
export const echoStop = "stop";

/** The endpoints that answer a plain GET with something that stays open: it counts as a connection. */
const held = new Set(["/events", "/poll"]);

const health = "/healthz";

/** What one `Host` looks like: a name or an address, and a port (RFC 9112 §3.2). Two of them have a comma between. */
const oneHost = /^[\w.-]*(?:\[[\da-f:.]+\])?(?::\d*)?$/i;

/** Pages that another site may link to. */
const open = new Set(["/", "/greet", health]);

/**
 * Segments of letters, digits, `_`, `-` and `.`, none of which begins with a dot: every path that is served looks so.
 * What else a path can hold, `%65`, `/../`, `//`, `\\`, `#`, each router reads in its own way.
 */
const plainPath = /^(?:\/[\w-][\w.-]*)*\/?$/;

/** The path of a request, as it was sent, without its query. The target may be a whole URL (RFC 9112 §3.2.2). */
export function pathOf({ url }: Pick<RequestFacts, "url">): string {
  return /^(?:https?:\/\/[^/?]*)?([^?]*)/i.exec(url)?.[1] ?? "";
}

/** A parameter of a request's query, or `undefined` if it is missing or cannot be decoded. */
export function queryOf({ url }: Pick<RequestFacts, "url">, name: string): string | undefined {
  const [, query = ""] = /\?(.*)$/s.exec(url) ?? [];
  const pair = query.split("&").find((each) => each.startsWith(`${name}=`));
  if (pair === undefined) return undefined;
  try {
    return decodeURIComponent(pair.slice(name.length + 1));
  } catch {
    return undefined;
  }
}

/** True if `path` speaks WebSocket. */
export function isEndpoint(path: string): path is Endpoint {
  return path === endpoints.echo || path === endpoints.application;
}

/** True if `path` answers a plain GET with something that stays open. */
export function isHeld(path: string): boolean {
  return held.has(path);
}

/** True if the request asks to become a WebSocket (RFC 6455 §4.2.1, 3 and 4). */
export function wantsWebSocket(facts: RequestFacts): boolean {
  return hasToken(facts.header("upgrade"), "websocket") && hasToken(facts.header("connection"), "upgrade");
}

/**
 * Who may come in. Answers a refusal, or nothing for a request that is welcome.
 * The checks stand in the order of what they cost the server to get wrong: identity, then form, then room.
 */
export function admit(facts: RequestFacts, policy: DoorPolicy, load: Load): Refusal | undefined {
  return (
    refuseHost(facts, policy) ??
    refuseOrigin(facts, policy) ??
    (wantsWebSocket(facts) ? refuseHandshake(facts) : refuseRequest(facts)) ??
    refuseLoad(facts, policy, load)
  );
}

/** The headers that every answer carries: who may read it, and that it is what it says it is. */
export function commonHeaders(facts: RequestFacts, policy: DoorPolicy): Record<string, string> {
  const origin = facts.header("origin");
  const headers = { Vary: "Origin", "X-Content-Type-Options": "nosniff" };
  if (origin === undefined || !policy.origins.has(origin)) return headers;
  return { ...headers, "Access-Control-Allow-Origin": origin };
}

/** The subprotocol to speak with a client that offered some, as a set or as its header: ours, or none. */
export function chooseSubprotocol(offered: Set<string> | string): string | undefined {
  const names = typeof offered === "string" ? listOf(offered) : [...offered];
  return names.includes(subprotocol) ? subprotocol : undefined;
}

// A foreign name that resolves to this address is DNS rebinding: only names that are listed are answered. But for
// the question whether the server is well: a probe knows it by an address of which the server knows nothing.
function refuseHost(facts: RequestFacts, policy: DoorPolicy): Refusal | undefined {
  const host = facts.header("host");
  if (!host || !oneHost.test(host)) return refuse(400, "exactly one Host is required");
  if (pathOf(facts) === health) return undefined;
  if (listedHosts(policy.origins).has(host.toLowerCase())) return undefined;
  return refuse(421, "this Host is not served here");
}

// Browsers send no Origin on same-origin GETs, and no Sec-Fetch-Site on WebSockets. Programs send neither.
function refuseOrigin(facts: RequestFacts, policy: DoorPolicy): Refusal | undefined {
  const origin = facts.header("origin");
  if (origin !== undefined) {
    return policy.origins.has(origin) ? undefined : refuse(403, "this Origin is not listed");
  }
  const site = facts.header("sec-fetch-site");
  if (site === undefined || site === "same-origin" || site === "none") return undefined;
  return open.has(pathOf(facts)) ? undefined : refuse(403, "requests from other sites are not answered");
}

// RFC 6455 §4.2.1, in the order of its list.
function refuseHandshake(facts: RequestFacts): Refusal | undefined {
  if (facts.version === "1.0" || facts.version === "0.9") return refuse(400, "a handshake is HTTP/1.1");
  if (hasBody(facts)) return refuse(400, "a handshake has no body");
  if (!isEndpoint(pathOf(facts))) return refuse(404, "no WebSocket is spoken here");
  if (facts.method !== "GET") return refuse(405, "a handshake is a GET", { Allow: "GET" });
  if (facts.header("sec-websocket-version") !== "13") {
    return refuse(426, "WebSocket version 13 is spoken here", upgradeHeaders);
  }
  if (!isKey(facts.header("sec-websocket-key"))) return refuse(400, "Sec-WebSocket-Key must be 16 bytes");
  return refuseSubprotocol(facts);
}

// Declining every offer would be allowed (§4.2.2), but Bun cannot: oven-sh/bun#18243. So no stack does.
function refuseSubprotocol(facts: RequestFacts): Refusal | undefined {
  const offered = facts.header("sec-websocket-protocol") ?? "";
  if (pathOf(facts) === endpoints.echo) {
    return offered === "" ? undefined : refuse(400, "/echo speaks no subprotocol");
  }
  return chooseSubprotocol(offered) ? undefined : refuse(400, `offer the subprotocol ${subprotocol}`);
}

function refuseRequest(facts: RequestFacts): Refusal | undefined {
  if (isEndpoint(pathOf(facts))) return refuse(426, "this is a WebSocket endpoint", upgradeHeaders);
  if (!plainPath.test(pathOf(facts))) return refuse(404, "no path here is written so");
  if (facts.method === "GET") return undefined;
  if (isHeld(pathOf(facts))) return refuse(405, "only GET is answered", { Allow: "GET" });
  return facts.method === "HEAD" ? undefined : refuse(405, "only GET is answered", { Allow: "GET, HEAD" });
}

function refuseLoad(facts: RequestFacts, policy: DoorPolicy, load: Load): Refusal | undefined {
  if (!isEndpoint(pathOf(facts)) && !isHeld(pathOf(facts))) return undefined;
  if (load.draining) return refuse(503, "the server is going down", { "Retry-After": "1" });
  if (load.connections >= policy.limits.connections) {
    return refuse(503, "the server is full", { "Retry-After": "5" });
  }
  if (load.fromAddress < policy.limits.connectionsPerAddress) return undefined;
  return refuse(429, "too many connections from this address", { "Retry-After": "5" });
}

const upgradeHeaders = { Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Version": "13" };

function refuse(status: number, reason: string, headers: Record<string, string> = {}): Refusal {
  return { status, reason, headers };
}

// What follows a handshake is frames. Of a body one reader would take away what another takes for them: Node waits for
// it behind a stand-in of the socket (nodejs/node#60016), Bun swallows the frame after it (oven-sh/bun#43716).
function hasBody(facts: RequestFacts): boolean {
  if (facts.header("transfer-encoding") !== undefined) return true;
  return !/^0*$/.test(facts.header("content-length") ?? "");
}

function listedHosts(origins: ReadonlySet<string>): Set<string> {
  return new Set([...origins].map((origin) => origin.replace(/^https?:\/\//, "")));
}

/** 16 bytes in base64: 22 characters and the padding (RFC 6455 §4.2.1, 5). */
function isKey(key: string | undefined): boolean {
  return key !== undefined && /^[A-Za-z0-9+/]{22}==$/.test(key);
}

function hasToken(list: string | undefined, token: string): boolean {
  return listOf(list).some((item) => item.toLowerCase() === token);
}

function listOf(header: string | undefined): string[] {
  return (header ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
