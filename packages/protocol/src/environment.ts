import { defaultLimits, type Limits } from "./limits.ts";

/** Another server of the same run: the page offers it in its switch. */
export interface Sibling {
  id: string;
  title: string;
  /** Its origin, `http://127.0.0.1:3001`. */
  url: string;
}

/** What a server's environment asks of it. */
export interface Settings {
  /** The port to listen on; 0 leaves the choice to the system. `PORT` */
  port: number;
  /** The address to listen on. `HOST` */
  host: string;
  /** The origins that may connect, if not the usual ones of this machine. `ALLOWED_ORIGINS` */
  origins: string[] | undefined;
  /** The servers of this run, this one among them. `SERVERS` */
  servers: Sibling[];
  /** True if clients may order failures. `CHAOS=1` */
  chaos: boolean;
  /** True if messages are compressed for peers that offer it (RFC 7692): bytes for memory and time. `COMPRESSION=1` */
  compression: boolean;
  /** How many proxies stand in front and add to `X-Forwarded-For`. `TRUST_PROXY` */
  proxies: number;
  /** What is served to others than this machine. `EXPOSE=metrics,log` */
  exposed: ReadonlySet<Exposable>;
  limits: Limits;
}

export type Exposable = "metrics" | "log";

/** The settings, or one line for each value that cannot be used. */
export type Environment =
  | { settings: Settings; problems?: undefined }
  | { settings?: undefined; problems: string[] };

/** What a server is called when its environment says nothing. */
export interface Defaults {
  port: number;
  servers: Sibling[];
}

/**
 * Reads a server's environment: the same names, bounds and words in every server.
 * Never throws; every value that cannot be used is named with what was expected.
 */
export function readEnvironment(env: Record<string, string | undefined>, defaults: Defaults): Environment {
  const problems: string[] = [];

  function value<T>(name: string, fallback: T, read: (text: string) => T | undefined, expected: string): T {
    const text = env[name];
    if (text === undefined || text === "") return fallback;
    const result = read(text);
    if (result !== undefined) return result;
    problems.push(`${name}=${JSON.stringify(text)} cannot be used: expected ${expected}`);
    return fallback;
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
      toServers,
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
    limits,
  };
  return problems.length > 0 ? { problems } : { settings };
}

const day = 86_400_000;
const limitNames: [keyof Limits, string, number, number][] = [
  ["messageBytes", "MAX_MESSAGE_BYTES", 1024, 256 * 1024 * 1024],
  ["fragments", "MAX_FRAGMENTS", 1, 1_048_576],
  ["queueBytes", "MAX_QUEUE_BYTES", 1024, 1024 * 1024 * 1024],
  ["connections", "MAX_CONNECTIONS", 1, 10_000_000],
  ["connectionsPerAddress", "MAX_CONNECTIONS_PER_ADDRESS", 1, 10_000_000],
  ["topics", "MAX_TOPICS", 1, 100_000],
  ["messagesPerSecond", "MAX_MESSAGES_PER_SECOND", 1, 10_000_000],
  ["burst", "MAX_BURST", 1, 10_000_000],
  ["badMessages", "MAX_BAD_MESSAGES", 1, 1_000_000],
  ["rooms", "MAX_ROOMS", 1, 1_000_000],
  ["jobs", "MAX_JOBS", 1, 1_000],
  ["jobsTotal", "MAX_JOBS_TOTAL", 1, 1_000],
  ["heartbeatMs", "HEARTBEAT_MS", 100, day],
  ["pongMs", "PONG_MS", 100, day],
  ["helloMs", "HELLO_MS", 100, day],
  ["handshakeMs", "HANDSHAKE_MS", 100, 255_000],
  ["pollMs", "POLL_MS", 100, day],
  ["drainMs", "DRAIN_MS", 0, day],
  ["lingerMs", "LINGER_MS", 0, day],
];

/** The origins that may connect to a server on `port` when none are listed: those of this machine. */
export function usualOrigins(port: number, servers: Sibling[]): Set<string> {
  const ports = new Set([String(port), ...servers.map((server) => portOf(server.url))]);
  const names = ["localhost", "127.0.0.1", "[::1]"];
  return new Set([...ports].flatMap((each) => names.map((name) => originOf(name, each))));
}

/**
 * The page's policy: its own files, and connections to the origins that may connect to the server.
 * Without the IPv6 ones: a CSP has no syntax for them (CSP3 §2.3.1), and `'self'` covers one's own.
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

/** True if only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * The address a request came from. Behind `proxies` proxies it is the one that the outermost of them added to
 * `X-Forwarded-For`; what stands left of it was sent by the client and proves nothing.
 */
export function clientAddress(remote: string, forwardedFor: string | undefined, proxies: number): string {
  if (proxies === 0) return remote;
  const hops = (forwardedFor ?? "").split(",").map((hop) => hop.trim());
  return hops.at(-proxies) || remote;
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

// An IPv6 address has two colons at least: `127.0.0.1:3000` is no address, though often given as one.
function toHost(text: string): string | undefined {
  return /^([A-Za-z0-9.-]+|[0-9A-Fa-f.]*(:[0-9A-Fa-f.]*){2,})$/.test(text) ? text : undefined;
}

function toOrigins(text: string): string[] | undefined {
  const origins = text.split(",").map((origin) => origin.trim());
  return origins.every(isOrigin) ? origins.map(withoutUsualPort) : undefined;
}

function toServers(text: string): Sibling[] | undefined {
  const servers = text.split(",").map((entry) => /^\s*([a-z0-9-]+)=(\S+)\s*$/.exec(entry));
  if (!servers.every((match) => match !== null && isOrigin(match[2] ?? ""))) return undefined;
  return servers.map((match) => ({ id: match?.[1] ?? "", title: match?.[1] ?? "", url: match?.[2] ?? "" }));
}

function toExposed(text: string): Set<Exposable> | undefined {
  const names = text.split(",").map((name) => name.trim());
  return names.every((name) => name === "metrics" || name === "log") ? new Set(names) : undefined;
}

// No URL class here: this package has no I/O types in scope. An origin is scheme, host, port and nothing else.
function isOrigin(text: string): boolean {
  return /^https?:\/\/(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?$/.test(text);
}

// As browsers write it: the port of the scheme is left out (RFC 6454 §6.1).
function withoutUsualPort(origin: string): string {
  return origin.replace(/^(http:.*):80$|^(https:.*):443$/, "$1$2");
}

function portOf(url: string): string {
  return /:(\d+)$/.exec(url)?.[1] ?? (url.startsWith("https") ? "443" : "80");
}

function originOf(name: string, port: string): string {
  return port === "80" ? `http://${name}` : `http://${name}:${port}`;
}
