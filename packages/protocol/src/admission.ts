import type { Exposable } from "./environment.ts";
import type { Limits } from "./limits.ts";
import { subprotocol } from "./messages.ts";
import { isHostOf, parseOrigin } from "./origin.ts";
import { paths } from "./paths.ts";
import { pathOf, queryOf, type RequestFacts } from "./request.ts";

/** How full a server is at this moment. */
export interface Load {
  /** True once it shuts down: nothing new is let in. */
  draining: boolean;
  /** True if it cannot reach the other servers of its application. Default: false. */
  cutOff?: boolean;
  /** Open connections: sockets, event streams and polls. */
  connections: number;
  /** Those of them that came from the address of this request. */
  fromAddress: number;
  /**
   * Returns the milliseconds until this address may ask again, 0 if it may now. If left out, there is no limit. Called
   * at most once, and only for requests that name this server: a foreign page cannot use up its visitor's requests.
   */
  waitMs?(): number;
}

/** The rules of admission: the listed origins, and how many connections there may be at a time. */
export interface DoorPolicy {
  /** Each in canonical form, as `parseOrigin` returns it. */
  origins: ReadonlySet<string>;
  /** The resources that the operator chose to serve to other machines. Default: none. */
  exposed: ReadonlySet<Exposable>;
  /** How many connections may be open, in total and from one address. */
  limits: Pick<Limits, "connections" | "connectionsPerAddress">;
}

/** A response that refuses a request: an HTTP status (RFC 9110 §15), a sentence, headers. */
export interface Refusal {
  /** The HTTP status, 400 or above. */
  status: number;
  /** A sentence for people, without a line break: the body. */
  reason: string;
  /** `Connection: close`, and what the status asks for, such as `Retry-After`. */
  headers: Record<string, string>;
}

/** The endpoints that a WebSocket may be opened to. */
export const endpoints = { echo: paths.echo, application: paths.application } as const;
/** The path of an endpoint that speaks WebSocket. */
export type Endpoint = (typeof endpoints)[keyof typeof endpoints];

/** The bare text that ends a connection to `/echo`. */
export const echoStop = "stop";

/** The endpoints that answer a plain GET with something that stays open: it counts as a connection. */
const held = new Set<string>([paths.events, paths.poll]);

/** Pages that another site may link to. */
const linkable = new Set<string>([paths.page, paths.greet]);

/** Node also accepts `HTTP/0.9` and `HTTP/2.0`. */
const versions = new Set(["1.0", "1.1"]);

/**
 * Segments of letters, digits, `_`, `-` and `.`, none of which begins with a dot. Every path that is served fits this.
 * Anything else that a path can hold (`%65`, `/../`, `//`, `\\`, `#`) each router reads in its own way.
 */
const plainPath = /^(?:\/[\w-][\w.-]*)*\/?$/;

/** Returns whether `path` speaks WebSocket. */
export function isEndpoint(path: string): path is Endpoint {
  return path === endpoints.echo || path === endpoints.application;
}

/** Returns whether `path` answers a plain GET with an event stream. */
export function isStream(path: string): boolean {
  return path === paths.events;
}

/** Returns whether `path` answers a plain GET with something that stays open. */
export function isHeld(path: string): boolean {
  return held.has(path);
}

// #region admission
/**
 * Decides whether a request may come in. Returns the refusal, or `undefined` if the request is welcome.
 * A malformed message is refused first. The other checks are ordered by what a mistake would cost the server: identity,
 * then form, then room.
 */
export function admit(facts: RequestFacts, policy: DoorPolicy, load: Load): Refusal | undefined {
  return (
    refuseMessage(facts) ??
    refuseHost(facts, policy) ??
    refuseOrigin(facts, policy) ??
    refuseRate(facts, load) ??
    (facts.wantsWebSocket ? refuseHandshake(facts) : refuseRequest(facts)) ??
    refuseLoad(facts, policy, load) ??
    refuseTurn(facts)
  );
}
// #endregion admission

/**
 * Decides whether a request that `admit` has let in before may still come in. The rest of `admit` depends on the request
 * and the policy alone.
 */
export function admitAgain(facts: RequestFacts, policy: DoorPolicy, load: Load): Refusal | undefined {
  return refuseRate(facts, load) ?? refuseLoad(facts, policy, load);
}

/** Returns the headers of every response: who may read it, and that its Content-Type is to be believed. */
export function commonHeaders(facts: RequestFacts, policy: DoorPolicy): Record<string, string> {
  const origin = facts.header("origin");
  // After an upgrade that is not accepted, Node's parser still expects the other protocol and reads no further request.
  const isLast = facts.header("upgrade") !== undefined && !facts.wantsWebSocket;
  const last: Record<string, string> = isLast ? { Connection: "close" } : {};
  const headers = { Vary: "Origin", "X-Content-Type-Options": "nosniff", ...last };
  if (origin === undefined || !isListed(origin, policy)) return headers;
  return { ...headers, "Access-Control-Allow-Origin": origin };
}

/** Returns our subprotocol if the client offered it, in a set or in its header, or `undefined` if it did not. */
export function chooseSubprotocol(offered: Set<string> | string): string | undefined {
  const names = typeof offered === "string" ? listOf(offered) : [...offered];
  return names.includes(subprotocol) ? subprotocol : undefined;
}

// Refuses messages that a stack should not have let through, or that stacks read differently.
function refuseMessage({ version, problem, header }: RequestFacts): Refusal | undefined {
  if (version !== undefined && !versions.has(version)) return refuse(505, "use HTTP/1.1");
  if (problem !== undefined) return refuse(400, problem);
  if (!hasClearEnd({ version, header })) return refuse(400, "it is not clear where the body ends");
  if (continueList.test(header("expect") ?? "100-continue")) return undefined;
  return refuse(417, "only 100-continue can be expected");
}

// A foreign name that resolves to this address is DNS rebinding, so only listed names are answered. A program that
// speaks HTTP/1.0 can leave the host out; no browser does.
function refuseHost(facts: RequestFacts, policy: DoorPolicy): Refusal | undefined {
  const { host } = facts;
  if (host === undefined || isHostOf(host, policy.origins) || isForAll(facts, policy)) return undefined;
  return refuse(421, "this Host is not served here");
}

// #region origin
// Browsers send no Origin on same-origin GETs, and no Sec-Fetch-Site on WebSockets. Programs send neither.
function refuseOrigin(facts: RequestFacts, policy: DoorPolicy): Refusal | undefined {
  const origin = facts.header("origin");
  if (origin !== undefined) {
    return isListed(origin, policy) ? undefined : refuse(403, "this Origin is not listed");
  }
  const site = facts.header("sec-fetch-site");
  if (site === undefined || site === "same-origin" || site === "none") return undefined;
  if (linkable.has(pathOf(facts)) || isForAll(facts, policy)) return undefined;
  return refuse(403, "requests from other sites are not answered");
}
// #endregion origin

// Probes and scrapers reach the server at an address that it does not know, and any site may link to what they read.
// So `/healthz`, and whatever the operator exposes, is served under every host.
function isForAll(facts: RequestFacts, { exposed }: DoorPolicy): boolean {
  const path = pathOf(facts);
  if (path === paths.metrics) return exposed.has("metrics");
  if (isHeld(path)) return exposed.has("log") && queryOf(facts, "topic") === "log";
  return path === paths.health;
}

// Origins are compared as scheme, host and port (RFC 6454 §5), not as text.
function isListed(origin: string, { origins }: DoorPolicy): boolean {
  return origins.has(parseOrigin(origin) ?? "");
}

// #region handshake
// RFC 6455 §4.2.1, in the order of its list.
function refuseHandshake(facts: RequestFacts): Refusal | undefined {
  if (facts.version === "1.0") return refuse(400, "a handshake is HTTP/1.1");
  if (hasBody(facts)) return refuse(400, "a handshake has no body");
  if (!isEndpoint(pathOf(facts))) return refuse(404, "no WebSocket is spoken here");
  if (facts.method !== "GET") return refuse(405, "a handshake is a GET", { Allow: "GET" });
  // RFC 9110 §7.8 allows a list here, but ws does not read it as one.
  if (facts.header("upgrade")?.toLowerCase() !== "websocket")
    return refuse(400, "upgrade to websocket alone");
  if (facts.header("sec-websocket-version") !== "13") {
    return refuse(426, "WebSocket version 13 is spoken here", upgradeHeaders);
  }
  if (!isKey(facts.header("sec-websocket-key"))) return refuse(400, "Sec-WebSocket-Key must be 16 bytes");
  return refuseSubprotocol(facts) ?? refuseExtensions(facts);
}
// #endregion handshake

// Declining every offer would be allowed (§4.2.2), but Bun cannot: oven-sh/bun#18243. So no stack does.
function refuseSubprotocol(facts: RequestFacts): Refusal | undefined {
  const offered = facts.header("sec-websocket-protocol");
  if (offered !== undefined && !isSetOfTokens(offered))
    return refuse(400, "subprotocols are tokens, each of them once");
  if (pathOf(facts) === endpoints.echo) {
    return offered === undefined ? undefined : refuse(400, "/echo speaks no subprotocol");
  }
  return chooseSubprotocol(offered ?? "") ? undefined : refuse(400, `offer the subprotocol ${subprotocol}`);
}

// RFC 6455 §9.1: a header that breaks the grammar fails the connection, even if no extension would be accepted.
function refuseExtensions(facts: RequestFacts): Refusal | undefined {
  const offered = facts.header("sec-websocket-extensions");
  if (offered === undefined || extensionList.test(offered)) return undefined;
  return refuse(400, "Sec-WebSocket-Extensions cannot be read");
}

function refuseRequest(facts: RequestFacts): Refusal | undefined {
  if (isEndpoint(pathOf(facts))) return refuse(426, "this is a WebSocket endpoint", upgradeHeaders);
  if (!plainPath.test(pathOf(facts))) return refuse(404, "no path here is written so");
  if (facts.method === "GET") return undefined;
  if (isHeld(pathOf(facts))) return refuse(405, "only GET is answered", { Allow: "GET" });
  return facts.method === "HEAD" ? undefined : refuse(405, "only GET is answered", { Allow: "GET, HEAD" });
}

// `/healthz` has no rate limit: a probe must not mistake a busy server for a dead one.
function refuseRate(facts: RequestFacts, load: Load): Refusal | undefined {
  const waitMs = pathOf(facts) === paths.health ? 0 : (load.waitMs?.() ?? 0);
  if (waitMs === 0) return undefined;
  return refuse(429, "too many requests from this address", {
    "Retry-After": `${Math.ceil(waitMs / 1_000)}`,
  });
}

function refuseLoad(facts: RequestFacts, policy: DoorPolicy, load: Load): Refusal | undefined {
  if (!isEndpoint(pathOf(facts)) && !isHeld(pathOf(facts))) return undefined;
  if (load.draining) return refuse(503, "the server is going down", { "Retry-After": "1" });
  if (load.cutOff) return refuse(503, "the other servers cannot be reached", { "Retry-After": "5" });
  if (load.connections >= policy.limits.connections) {
    return refuse(503, "the server is full", { "Retry-After": "5" });
  }
  if (load.fromAddress < policy.limits.connectionsPerAddress) return undefined;
  return refuse(429, "too many connections from this address", { "Retry-After": "5" });
}

// The 101 would overtake answers to earlier requests (RFC 9112 §9.3.2). Or the server was too full for the handshake
// when the stack asked, and is not any more: then the client did nothing wrong. Either way, it may try again.
function refuseTurn(facts: RequestFacts): Refusal | undefined {
  if (!facts.isOrdinary || !facts.wantsWebSocket) return undefined;
  return refuse(503, "this handshake came too early; try it again", { "Retry-After": "1" });
}

const upgradeHeaders = {
  Upgrade: "websocket",
  Connection: "Upgrade, close",
  "Sec-WebSocket-Version": "13",
};

// The server hangs up after a refusal: keeping the connection would cost more than the refusal saved.
function refuse(status: number, reason: string, headers: Record<string, string> = {}): Refusal {
  return { status, reason, headers: { Connection: "close", ...headers } };
}

// RFC 9112 §6.1, §6.3: a body has either one length or chunks. HTTP/1.0 does not know chunks.
function hasClearEnd({ version, header }: Pick<RequestFacts, "version" | "header">): boolean {
  const [length, coding] = [header("content-length"), header("transfer-encoding")];
  if (length !== undefined && !/^\d+$/.test(length)) return false;
  return coding === undefined || (version !== "1.0" && /^chunked$/i.test(coding));
}

// Frames follow a handshake, and parsers disagree on where they begin if it has a body. Node waits for the body behind
// a stand-in for the socket (nodejs/node#60016); Bun swallows the frame after it (oven-sh/bun#43716).
function hasBody(facts: RequestFacts): boolean {
  if (facts.header("transfer-encoding") !== undefined) return true;
  return !/^0*$/.test(facts.header("content-length") ?? "");
}

/** Returns whether a key is 16 bytes in base64: 22 characters and the padding (RFC 6455 §4.2.1, 5). */
function isKey(key: string | undefined): boolean {
  return key !== undefined && /^[A-Za-z0-9+/]{22}==$/.test(key);
}

/** RFC 9110 §5.6.2. */
const token = "[!#$%&'*+.^_`|~\\w-]+";

/** RFC 6455 §9.1. The value of a quoted string must also be a token once its escapes are removed. */
const extension = `${token}(?:[ \\t]*;[ \\t]*${token}(?:=(?:${token}|"(?:\\\\?[!#$%&'*+.^_\`|~\\w-])+"))?)*`;

const tokenList = listPattern(token);
const extensionList = listPattern(extension);
const continueList = listPattern("100-continue");

/** Returns a pattern for a list of one or more items, none of them empty. */
function listPattern(item: string): RegExp {
  return new RegExp(`^${item}(?:[ \\t]*,[ \\t]*${item})*$`, "i");
}

/** Returns whether a header is a list of tokens without repetitions (RFC 6455 §4.1, 10). */
function isSetOfTokens(header: string): boolean {
  const names = listOf(header);
  return tokenList.test(header) && new Set(names).size === names.length;
}

// Call this only once the list has matched its grammar: trim() also removes characters that are not blanks in HTTP.
function listOf(header: string): string[] {
  return header.split(",").map((item) => item.trim());
}
