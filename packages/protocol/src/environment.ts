import { parseAddress } from "./address.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { originOf, parseOrigin, portOf } from "./origin.ts";
import { parseRedisUrl, type RedisAddress, shownRedisUrl } from "./redis-url.ts";

/** Another server of the same run. The page's menu of servers offers it. */
export interface Sibling {
  /** The name of its folder, such as `express-ws`. */
  id: string;
  /** Its name for people, such as `Express + ws`. */
  title: string;
  /** Its origin, `http://127.0.0.1:3001`. */
  url: string;
}

/** The settings in a server's environment. Each variable is named below. */
export interface Settings {
  /** The port to listen on; 0 leaves the choice to the system. `PORT` */
  port: number;
  /** The address to listen on. `HOST` */
  host: string;
  /** The origins that may connect. If left out, see `usualOrigins`. `ALLOWED_ORIGINS` */
  origins: string[] | undefined;
  /** The servers of this run, this one among them. One that the defaults know keeps its title. `SERVERS` */
  servers: Sibling[];
  /** True if clients may order failures. `CHAOS=1` */
  chaos: boolean;
  /** True if messages are compressed for peers that offer it (RFC 7692). Saves bytes, costs memory. `COMPRESSION=1` */
  compression: boolean;
  /** The number of proxies in front that add to `X-Forwarded-For`. `TRUST_PROXY` */
  proxies: number;
  /** The resources that are served to other machines, too: `EXPOSE=metrics,log`. Default: none. */
  exposed: ReadonlySet<Exposable>;
  /** The Redis through which several servers are one application. If left out, there is only this one. `REDIS_URL` */
  engine: RedisAddress | undefined;
  /** What it allows its peers. Each limit has a variable of its own. */
  limits: Limits;
}

/** A resource that is served only to this machine, unless the operator exposes it. */
export type Exposable = "metrics" | "log";

/** Either the settings, or one line for each value that cannot be used. */
export type Environment =
  | { settings: Settings; problems?: undefined }
  | { settings?: undefined; problems: string[] };

/** The settings that apply if the environment does not say otherwise. */
export interface Defaults {
  /** The port of `server.json`. */
  port: number;
  /** The servers of this run: those of this repository, on their usual ports. */
  servers: Sibling[];
}

/**
 * Reads a server's environment, with the same names, bounds and messages for every server. Never throws. For every
 * value that cannot be used, `problems` has a line that says what was expected.
 */
export function readEnvironment(env: Record<string, string | undefined>, defaults: Defaults): Environment {
  const problems: string[] = [];

  function value<T>(name: string, fallback: T, read: (text: string) => T | undefined, expected: string): T {
    const text = env[name];
    if (text === undefined || text === "") return fallback;
    const result = read(text);
    if (result !== undefined) return result;
    // A URL can have a password in it.
    refuse(name, text.replace(/\/\/[^/@:]*:.*@/, "//…@"), expected);
    return fallback;
  }
  function refuse(name: string, shown: string, expected: string): void {
    problems.push(`${name}=${JSON.stringify(shown)} cannot be used: expected ${expected}`);
  }
  function redis(name: string): RedisAddress | undefined {
    const text = env[name];
    if (text === undefined || text === "") return undefined;
    const { address, expected } = parseRedisUrl(text);
    if (!address) refuse(name, shownRedisUrl(text), expected);
    return address;
  }
  function integer(name: string, fallback: number, least: number, most: number): number {
    return value(
      name,
      fallback,
      (text) => toInteger(text, least, most),
      `a whole number from ${least} to ${most}`,
    );
  }

  const limits = Object.fromEntries(
    limitNames.map(([key, name, least, most]) => [key, integer(name, defaultLimits[key], least, most)]),
  ) as unknown as Limits;
  const settings: Settings = {
    port: integer("PORT", defaults.port, 0, 65_535),
    host: value("HOST", "127.0.0.1", toHost, "an IP address or a host name"),
    origins: value(
      "ALLOWED_ORIGINS",
      undefined,
      toOrigins,
      "origins like https://example.org, with commas between",
    ),
    servers: value(
      "SERVERS",
      defaults.servers,
      (text) => toServers(text, defaults.servers),
      "servers like id=http://127.0.0.1:3001, with commas between",
    ),
    chaos: value("CHAOS", false, toSwitch, "0 or 1"),
    compression: value("COMPRESSION", false, toSwitch, "0 or 1"),
    proxies: integer("TRUST_PROXY", 0, 0, 10),
    exposed: value<ReadonlySet<Exposable>>(
      "EXPOSE",
      new Set(),
      toExposed,
      "metrics, log, or both with a comma between",
    ),
    engine: redis("REDIS_URL"),
    limits,
  };
  return problems.length > 0 ? { problems } : { settings };
}

const day = 86_400_000;
const limitNames: [keyof Limits, string, number, number][] = [
  ["messageBytes", "MAX_MESSAGE_BYTES", 1024, 256 * 1024 * 1024],
  ["fragments", "MAX_FRAGMENTS", 1, 1_048_576],
  ["queueBytes", "MAX_QUEUE_BYTES", 1024, 1024 * 1024 * 1024],
  ["queueBytesTotal", "MAX_QUEUE_BYTES_TOTAL", 1024, 64 * 1024 * 1024 * 1024],
  ["connections", "MAX_CONNECTIONS", 1, 10_000_000],
  ["connectionsPerAddress", "MAX_CONNECTIONS_PER_ADDRESS", 1, 10_000_000],
  ["requestsPerSecond", "MAX_REQUESTS_PER_SECOND", 1, 10_000_000],
  ["requestBurst", "MAX_REQUEST_BURST", 1, 10_000_000],
  ["topics", "MAX_TOPICS", 1, 100_000],
  ["messagesPerSecond", "MAX_MESSAGES_PER_SECOND", 1, 10_000_000],
  ["burst", "MAX_BURST", 1, 10_000_000],
  ["badMessages", "MAX_BAD_MESSAGES", 1, 1_000_000],
  ["rooms", "MAX_ROOMS", 1, 1_000_000],
  ["logBytes", "MAX_LOG_BYTES", 1024, 64 * 1024 * 1024 * 1024],
  ["rememberedBytes", "MAX_REMEMBERED_BYTES", 1024, 64 * 1024 * 1024 * 1024],
  ["jobs", "MAX_JOBS", 1, 1_000],
  ["jobsTotal", "MAX_JOBS_TOTAL", 1, 1_000],
  ["heartbeatMs", "HEARTBEAT_MS", 100, day],
  ["pongMs", "PONG_MS", 100, day],
  ["helloMs", "HELLO_MS", 100, day],
  ["handshakeMs", "HANDSHAKE_MS", 100, 255_000],
  ["messageMs", "MESSAGE_MS", 100, day],
  ["keepAliveMs", "KEEP_ALIVE_MS", 100, 255_000],
  ["streamMs", "STREAM_MS", 100, day],
  ["pollMs", "POLL_MS", 100, day],
  ["drainMs", "DRAIN_MS", 0, day],
  ["lingerMs", "LINGER_MS", 0, day],
  ["engineTimeoutMs", "ENGINE_TIMEOUT_MS", 50, day],
  ["engineGraceMs", "ENGINE_GRACE_MS", 100, day],
];

/** Returns the origins that may connect if none are listed: this machine at all ports of the run, and its servers. */
export function usualOrigins(port: number, servers: Sibling[]): Set<string> {
  const urls = servers.map(({ url }) => url);
  const ports = new Set([port, ...urls.map(portOf)]);
  const names = ["localhost", "127.0.0.1", "[::1]"];
  const local = [...ports].flatMap((each) => names.map((name) => originOf("http", { name, port: each })));
  return new Set([...local, ...urls]);
}

/**
 * Returns the page's Content-Security-Policy. It allows the page's own files, and connections to the origins that may
 * connect to the server. Those with an IPv6 address are left out, because a CSP has no syntax for them (CSP3 §2.3.1);
 * `'self'` covers the server's own.
 */
export function contentSecurityPolicy(origins: Iterable<string>): string {
  const reachable = [...origins].filter((origin) => !origin.includes("["));
  const connect = reachable.flatMap((origin) => [origin, origin.replace(/^http/, "ws")]);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ${connect.join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function toInteger(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,12}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= least && number <= most ? number : undefined;
}

function toSwitch(text: string): boolean | undefined {
  if (text === "0") return false;
  return text === "1" ? true : undefined;
}

function toHost(text: string): string | undefined {
  return parseAddress(text) ?? (/^[A-Za-z0-9.-]+$/.test(text) ? text : undefined);
}

function toOrigins(text: string): string[] | undefined {
  return allOf(text.split(",").map((origin) => parseOrigin(origin.trim())));
}

function toServers(text: string, known: Sibling[]): Sibling[] | undefined {
  return allOf(text.split(",").map((item) => toServer(item, known)));
}

// A server of this repository keeps its title at another address.
function toServer(text: string, known: Sibling[]): Sibling | undefined {
  const [, id, origin = ""] = /^\s*([a-z0-9-]+)=(\S+)\s*$/.exec(text) ?? [];
  const url = parseOrigin(origin);
  if (!id || !url) return undefined;
  return { id, title: known.find((server) => server.id === id)?.title ?? id, url };
}

// One invalid item makes the whole list invalid.
function allOf<T>(items: (T | undefined)[]): T[] | undefined {
  return items.every((item) => item !== undefined) ? (items as T[]) : undefined;
}

function toExposed(text: string): Set<Exposable> | undefined {
  const names = text.split(",").map((name) => name.trim());
  return names.every((name) => name === "metrics" || name === "log") ? new Set(names) : undefined;
}
