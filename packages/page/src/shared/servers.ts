import { endpoints } from "@rosetta/protocol";
import { ask, askPatiently, type HttpAnswer } from "./http.ts";

/** A server of this run, as `/servers.json` names it. */
export interface ServerEntry {
  id: string;
  title: string;
  /** The address of its HTTP side, without a trailing slash. Behind a proxy it can have a path. */
  url: string;
  /** True for the server that sent this page. */
  self: boolean;
}

/** The id of the entry for the one address of all servers, where they are one application. */
export const balancerId = "balancer";

/** Returns whether an entry is a server of its own, and not the address of all of them. */
export function isStack({ id }: ServerEntry): boolean {
  return id !== balancerId;
}

/** How many colours there are. A fifth server begins anew. */
const colours = 4;

/** Returns which colour is a server's own, by its place among all: 1 to 4. */
export function scriptOf(place: number): number {
  return (place % colours) + 1;
}

/** Returns the colour of one of these servers, or 0 for the address of all of them, which has the colour of none. */
export function scriptIn(servers: readonly ServerEntry[], server: ServerEntry | undefined): number {
  return server && isStack(server) ? scriptOf(servers.indexOf(server)) : 0;
}

/** The state of a server as far as it is known: nothing, or what its `/healthz` said. */
export type Health = "unknown" | "asking" | "running" | "not running";

/** Milliseconds a server may take to say that it is well. */
const healthTimeoutMs = 2000;

/** Returns where a page was loaded from, without a trailing slash. All paths of its server lie below that. */
export function baseOf(address: string): string {
  return addressOf(new URL(".", address));
}

/**
 * Yields the servers of this run. If the list cannot be loaded at first, it yields this server alone, and the list once
 * it arrives. `base` is where the page came from, `balancer` the one address of all servers, if there is one.
 */
export async function* readServers(
  base: string,
  signal: AbortSignal,
  balancer?: string,
): AsyncGenerator<ServerEntry[]> {
  const failed = Promise.withResolvers<void>();
  const asked = askPatiently(`${base}/servers.json`, signal, failed.resolve).then(readList);
  const list = await Promise.race([asked, failed.promise.then(() => unanswered)]);
  yield toServers(list, base, balancer);
  if (list === unanswered) yield toServers(await asked, base, balancer);
}

const unanswered = Symbol("unanswered");

function readList(answer: HttpAnswer | undefined): unknown {
  return answer?.status === 200 ? parse(answer.text) : undefined;
}

/**
 * Makes a list that came over the wire safe to use: never empty, one entry for this server, addresses only. `balancer` is
 * the one address of all of them, if there is one. It comes last, and is *this server* for a page that came from there.
 */
export function toServers(list: unknown, base: string, balancer?: string): ServerEntry[] {
  const isThere = balancer !== undefined && new URL(balancer).port === new URL(base).port;
  const entries = (Array.isArray(list) ? list : [])
    .filter(isEntry)
    .sort(byAddress)
    .map((entry) => ({ ...entry, self: entry.self && !isThere }));
  if (balancer !== undefined)
    entries.push({ id: balancerId, title: "One address", url: balancer, self: isThere });
  // If the page was opened under another name (localhost for 127.0.0.1, or a proxy's), reach this server by that name.
  const servers = entries.map((entry) => ({
    ...entry,
    url: entry.self ? base : addressOf(new URL(entry.url)),
  }));
  if (servers.some((server) => server.self)) return servers;
  return [{ id: "this-server", title: new URL(base).host, url: base, self: true }, ...servers];
}

function addressOf({ origin, pathname }: URL): string {
  return origin + pathname.replace(/\/+$/, "");
}

/** Returns where a server speaks WebSocket: `http` becomes `ws`, `https` becomes `wss`. */
export function socketUrl(server: ServerEntry, path: string = endpoints.application): string {
  return `${server.url.replace(/^http/, "ws")}${path}`;
}

/** Asks a server whether it runs. The browser notes a refused connection on its console: ask only when told to. */
export async function askHealth(server: ServerEntry): Promise<Health> {
  const answer = await ask(`${server.url}/healthz`, AbortSignal.timeout(healthTimeoutMs)).catch(
    () => undefined,
  );
  return answer && healthOf(answer) === "ok" ? "running" : "not running";
}

/** Returns what `/healthz` says, `ok` or `draining`, or `undefined` if the answer is not from one of our servers. */
export function healthOf(answer: Pick<HttpAnswer, "text">): string | undefined {
  const { status } = Object(parse(answer.text)) as { status?: unknown };
  return typeof status === "string" ? status : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Each server begins the list with itself; here every server has the same place, and so the same colour, in all.
function byAddress(a: ServerEntry, b: ServerEntry): number {
  const [one, other] = [new URL(a.url), new URL(b.url)];
  if (one.hostname !== other.hostname) return one.hostname < other.hostname ? -1 : 1;
  return Number(one.port) - Number(other.port);
}

function isEntry(value: unknown): value is ServerEntry {
  const entry = value as Partial<ServerEntry> | null;
  return (
    typeof entry === "object" &&
    entry !== null &&
    typeof entry.id === "string" &&
    typeof entry.title === "string" &&
    typeof entry.self === "boolean" &&
    typeof entry.url === "string" &&
    /^https?:$/.test(URL.parse(entry.url)?.protocol ?? "")
  );
}
