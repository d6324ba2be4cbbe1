/** The address of a Redis, and its login. */
export interface RedisAddress {
  /** The servers: one, or the sentinels that know which one it is. */
  hosts: { host: string; port: number }[];
  /** The name by which sentinels know the servers. Undefined if there are no sentinels. */
  master: string | undefined;
  isEncrypted: boolean;
  username: string | undefined;
  password: string | undefined;
  /** The number of the database. Default: 0. */
  database: number;
}

const form = /^(rediss?)(\+sentinel)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?#]+)(?:\/([^?#]*))?$/;

/**
 * Reads an address such as `redis://user:password@127.0.0.1:6379/0`; `rediss` is encrypted. With sentinels,
 * `redis+sentinel://user:password@one:26379,two:26379/name/0`. Returns `undefined` for anything else.
 */
export function parseRedisUrl(url: string): RedisAddress | undefined {
  const [, scheme, sentinel, username, password, hosts = "", path = ""] = form.exec(url) ?? [];
  if (scheme === undefined) return undefined;
  const parts = path.split("/").filter((part) => part !== "");
  const master = sentinel ? parts.shift() : undefined;
  const database = Number(parts.shift() ?? 0);
  const places = hosts.split(",").map((host) => parseHost(host, sentinel ? 26_379 : 6_379));
  const isWhole = places.every((place) => place !== undefined) && parts.length === 0;
  if (!isDecodable(username) || !isDecodable(password)) return undefined;
  if (!isWhole || !Number.isInteger(database) || database < 0 || Boolean(sentinel) !== Boolean(master)) {
    return undefined;
  }
  if (!sentinel && places.length > 1) return undefined;
  return {
    hosts: places,
    master,
    isEncrypted: scheme === "rediss",
    username: decoded(username),
    password: decoded(password),
    database,
  };
}

function parseHost(text: string, usualPort: number): { host: string; port: number } | undefined {
  const [, name, port] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const number = port === undefined ? usualPort : Number(port);
  if (name === undefined || number < 1 || number > 65_535) return undefined;
  return { host: name.replace(/[[\]]/g, ""), port: number };
}

// A `%` that begins no escape.
function isDecodable(text = ""): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function decoded(text: string | undefined): string | undefined {
  return text ? decodeURIComponent(text) : undefined;
}

/** Returns an address as it may be shown: without its password. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z+]+:\/\/).*@/, "$1…@");
}
