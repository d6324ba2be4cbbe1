import { endpoints } from "@rosetta/protocol";

/** A server of this run, as `/servers.json` names it. */
export interface ServerEntry {
  id: string;
  title: string;
  /** The address of its HTTP side, without a trailing slash. */
  url: string;
  /** True for the server that sent this page. */
  self: boolean;
}

/** Which of the three typefaces and colours is a server's own, by its place among all: 1, 2 or 3. */
export function scriptOf(place: number): number {
  return (place % 3) + 1;
}

/** What is known of a server: nothing, or what its `/healthz` said. */
export type Health = "unknown" | "asking" | "running" | "not running";

/** Milliseconds a server may take to say that it is well. */
const healthTimeoutMs = 2000;

/** The servers of this run; only this one where the list cannot be had. */
export async function readServers(origin: string): Promise<ServerEntry[]> {
  const response = await fetch("/servers.json").catch(() => undefined);
  const list: unknown = response?.ok ? await response.json().catch(() => undefined) : undefined;
  return toServers(list, origin);
}

/** A list as it came over the wire, made safe to use: never empty, one entry for this server, addresses only. */
export function toServers(list: unknown, origin: string): ServerEntry[] {
  const entries = (Array.isArray(list) ? list : []).filter(isEntry).sort(byAddress);
  // Opened by another of its names (localhost for 127.0.0.1), this server is reached by that name.
  const servers = entries.map((entry) => ({
    ...entry,
    url: entry.self ? origin : new URL(entry.url).origin,
  }));
  if (servers.some((server) => server.self)) return servers;
  return [{ id: "this-server", title: new URL(origin).host, url: origin, self: true }, ...servers];
}

/** Where a server speaks WebSocket: `http` becomes `ws`, `https` becomes `wss`. */
export function socketUrl(server: ServerEntry, path: string = endpoints.application): string {
  return `${server.url.replace(/^http/, "ws")}${path}`;
}

/** Asks a server whether it runs. The browser notes a refused connection on its console: ask only when told to. */
export async function askHealth(server: ServerEntry): Promise<Health> {
  const health = await readHealth(server).catch(() => undefined);
  return health === "ok" ? "running" : "not running";
}

async function readHealth(server: ServerEntry): Promise<unknown> {
  const signal = AbortSignal.timeout(healthTimeoutMs);
  const response = await fetch(`${server.url}/healthz`, { cache: "no-store", signal });
  // Read whatever the status: a body that nobody reads is aborted later, as a failed request.
  const { status } = (await response.json()) as { status?: unknown };
  return status;
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
