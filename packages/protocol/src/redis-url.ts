// The addresses of Redis that `REDIS_URL` may have. There is no standard for those with sentinels: each Redis client
// has its own form, and this one is common.
import { parseHost } from "./origin.ts";

/** Where a Redis is, and how to log in. */
export interface RedisAddress {
  /** The server, or the sentinels that know which one it is. */
  hosts: RedisHost[];
  /** Undefined if there are no sentinels. */
  sentinels: Sentinels | undefined;
  /** True if all connections use TLS, those to sentinels, too. */
  isEncrypted: boolean;
  /** The login of the servers. */
  login: RedisLogin;
  /** The number of the database. Default: 0. */
  database: number;
  /** The address without logins, to be shown. */
  shown: string;
}

/** One server, or one sentinel. */
export interface RedisHost {
  /** A name, or an IP address without brackets. */
  host: string;
  /** Default: 6379, and 26379 for a sentinel. */
  port: number;
}

/** How to ask sentinels. */
export interface Sentinels {
  /** The name under which they watch the servers. */
  master: string;
  /** Their login, which is not that of the servers. */
  login: RedisLogin;
}

/** A login for Redis. Fields that are left out are not sent. */
export interface RedisLogin {
  /** Default: the user `default`. */
  username?: string;
  /** Default: none. */
  password?: string;
}

/** Either an address, or a description of what the text should have instead. */
export type ParsedRedisUrl =
  | { address: RedisAddress; expected?: undefined }
  | { address?: undefined; expected: string };

const form = /^(rediss?)(\+sentinel)?:\/\/(?:([^?#]*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const usualPorts = { server: 6_379, sentinel: 26_379 } as const;

const expectations = {
  form: "redis://host:6379, rediss://host:6379 or redis+sentinel://host:26379,host:26379/mymaster",
  login: "user:password@ with special characters as in a URL: %40 for @, %2F for /, %3A for :, %25 for %",
  host: "hosts like redis.example.org:6379, 127.0.0.1 or [::1]:6379",
  single: "one host. Several are sentinels: redis+sentinel://host:26379,host:26379/mymaster",
  database: "nothing after the host but the number of a database, as in redis://host:6379/0",
  master:
    "the name of the servers after the sentinels, as in redis+sentinel://host:26379/mymaster or …/mymaster/0",
  query: "no query, or with sentinels their login: ?sentinel_username=user&sentinel_password=password",
} as const;

/**
 * Parses an address such as `redis://user:password@127.0.0.1:6379/0`; with `rediss` it is encrypted. The same with sentinels:
 * `redis+sentinel://user:password@one:26379,two:26379/mymaster/0?sentinel_username=user&sentinel_password=password`.
 * Never throws.
 */
export function parseRedisUrl(url: string): ParsedRedisUrl {
  const [, scheme, sentinel, userinfo = "", places = "", path = "", query = ""] = form.exec(url) ?? [];
  if (scheme === undefined) return { expected: expectations.form };
  const login = parseLogin(userinfo);
  if (!login) return { expected: expectations.login };
  const usualPort = sentinel ? usualPorts.sentinel : usualPorts.server;
  const hosts = places.split(",").map((place) => parsePlace(place, usualPort));
  if (!isComplete(hosts)) return { expected: expectations.host };
  if (!sentinel && hosts.length > 1) return { expected: expectations.single };
  const [, master, database] = (sentinel ? /^([\w.-]+)(?:\/(\d{0,9}))?$/ : /^()(\d{0,9})$/).exec(path) ?? [];
  if (master === undefined) return { expected: sentinel ? expectations.master : expectations.database };
  const sentinelLogin = parseSentinelLogin(query);
  if (!sentinelLogin || (query !== "" && !sentinel)) return { expected: expectations.query };
  return {
    address: {
      ...{ hosts, login },
      sentinels: sentinel ? { master, login: sentinelLogin } : undefined,
      isEncrypted: scheme === "rediss",
      database: Number(database ?? 0),
      shown: shownRedisUrl(url),
    },
  };
}

/** Returns an address, or a text that is not one, without anything that may be a login. */
export function shownRedisUrl(url: string): string {
  return url.replace(/^([a-z+]*:\/\/)?.*@/is, "$1…@").replace(/[?&#].*$/s, "?…");
}

function parsePlace(text: string, usualPort: number): RedisHost | undefined {
  const host = parseHost(text);
  if (!host || host.port === 0) return undefined;
  return { host: host.name.replace(/[[\]]/g, ""), port: host.port ?? usualPort };
}

function parseLogin(text: string): RedisLogin | undefined {
  const [, username, password = ""] = /^([^:@/]*)(?::([^:@/]*))?$/.exec(text) ?? [];
  return username === undefined ? undefined : loginOf(username, password);
}

function parseSentinelLogin(query: string): RedisLogin | undefined {
  if (query === "") return {};
  const [, username = "", password = ""] =
    /^(?:sentinel_username=([^&=]+)&)?sentinel_password=([^&=]+)$/.exec(query) ?? [];
  return password === "" ? undefined : loginOf(username, password);
}

function loginOf(username: string, password: string): RedisLogin | undefined {
  try {
    return {
      ...(username !== "" && { username: decodeURIComponent(username) }),
      ...(password !== "" && { password: decodeURIComponent(password) }),
    };
  } catch {
    // A % that does not begin an escape.
    return undefined;
  }
}

function isComplete<T>(items: (T | undefined)[]): items is T[] {
  return items.every((item) => item !== undefined);
}
