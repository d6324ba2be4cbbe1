import { describe, expect, test } from "vitest";
import { parseRedisUrl, shownRedisUrl } from "./redis-url.ts";

const local = {
  hosts: [{ host: "127.0.0.1", port: 6379 }],
  sentinels: undefined,
  isEncrypted: false,
  login: {},
  database: 0,
};

describe("an address of a Redis", () => {
  test.each([
    ["redis://127.0.0.1", {}],
    ["redis://127.0.0.1/", {}],
    ["redis://[::1]:6380/2", { hosts: [{ host: "::1", port: 6380 }], database: 2 }],
    ["rediss://redis.example.org", { hosts: [{ host: "redis.example.org", port: 6379 }], isEncrypted: true }],
    ["redis://anna:s3cret@127.0.0.1", { login: { username: "anna", password: "s3cret" } }],
    ["redis://:%40%2F%3A%25@127.0.0.1", { login: { password: "@/:%" } }],
    ["redis://anna@127.0.0.1", { login: { username: "anna" } }],
  ])("%s names one server", (url, differs) => {
    const { shown, ...address } = parseRedisUrl(url).address ?? {};
    expect(address).toEqual({ ...local, ...differs });
  });

  test("names sentinels, the servers that they watch, and both logins", () => {
    const query = "sentinel_username=ben&sentinel_password=p%26q";
    const url = `rediss+sentinel://anna:s3cret@one,two:26380/mymaster/1?${query}`;
    expect(parseRedisUrl(url).address).toEqual({
      hosts: [
        { host: "one", port: 26379 },
        { host: "two", port: 26380 },
      ],
      sentinels: { master: "mymaster", login: { username: "ben", password: "p&q" } },
      isEncrypted: true,
      login: { username: "anna", password: "s3cret" },
      database: 1,
      shown: "rediss+sentinel://…@one,two:26380/mymaster/1?…",
    });
    const plain = parseRedisUrl("redis+sentinel://one/mymaster?sentinel_password=p").address;
    expect(plain?.sentinels).toEqual({ master: "mymaster", login: { password: "p" } });
    expect(parseRedisUrl("redis+sentinel://one/mymaster").address?.sentinels?.login).toEqual({});
  });

  test.each([
    ["127.0.0.1:6379", "redis://host:6379"],
    ["http://127.0.0.1", "redis://host:6379"],
    ["redis://", "redis://host:6379"],
    ["redis:///0", "redis://host:6379"],
    ["redis://anna:a/b@host", "%2F for /"],
    ["redis://anna:a@b@host", "%40 for @"],
    ["redis://anna:a:b@host", "%3A for :"],
    ["redis://anna:100%@host", "%25 for %"],
    ["redis://ho st", "hosts like"],
    ["redis://host:0", "hosts like"],
    ["redis://host:65536", "hosts like"],
    ["redis+sentinel://one,,two/mymaster", "hosts like"],
    ["redis://one,two", "redis+sentinel://host:26379,host:26379/mymaster"],
    ["redis://host/name", "the number of a database"],
    ["redis://host/-1", "the number of a database"],
    ["redis://host/0/1", "the number of a database"],
    ["redis+sentinel://one", "the name of the servers"],
    ["redis+sentinel://one/mymaster/name", "the name of the servers"],
    ["redis+sentinel://one/mymaster&sentinel_password=p", "the name of the servers"],
    ["redis://host?db=1", "no query"],
    ["redis://host?sentinel_password=p", "no query"],
    ["redis+sentinel://one/mymaster?db=1", "no query"],
    ["redis+sentinel://one/mymaster?sentinel_username=ben", "no query"],
    ["redis+sentinel://one/mymaster?sentinel_password=100%", "no query"],
  ])("cannot be %s, and the problem says what was expected", (url, expected) => {
    expect(parseRedisUrl(url)).toEqual({ expected: expect.stringContaining(expected) });
  });

  test.each([
    ["redis://anna:s3cret@host/0", "redis://…@host/0"],
    ["redis://s3cret@host", "redis://…@host"],
    ["redis://:s3/cr@et@host", "redis://…@host"],
    ["anna:s3cret@host", "…@host"],
    ["redis+sentinel://one/mymaster?sentinel_password=s3cret", "redis+sentinel://one/mymaster?…"],
    ["redis+sentinel://one/mymaster&sentinel_password=s3cret", "redis+sentinel://one/mymaster?…"],
    ["redis://anna:s3?cret@host", "redis://…@host"],
    ["redis://anna:s3\ncret@host", "redis://…@host"],
  ])("%s is shown without its logins", (url, shown) => {
    expect(shownRedisUrl(url)).toBe(shown);
  });
});
