import { afterEach, expect, test, vi } from "vitest";
import {
  askHealth,
  baseOf,
  healthOf,
  readServers,
  scriptIn,
  scriptOf,
  socketUrl,
  toServers,
} from "./servers.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const origin = "http://localhost:3001";
const self = { id: "express-ws", title: "Express + ws", url: "http://127.0.0.1:3001", self: true };
const sibling = { id: "bun-hono", title: "Bun + Hono", url: "http://127.0.0.1:3003/", self: false };

test("this server is reached by the name it was opened with, the others by their own", () => {
  expect(toServers([self, sibling], origin).map((server) => server.url)).toEqual([
    origin,
    "http://127.0.0.1:3003",
  ]);
});

test("the servers stand in the order of their addresses, whoever answered", () => {
  const late = { ...sibling, url: "http://127.0.0.1:10003" };
  expect(toServers([late, self, sibling], origin).map(({ url }) => new URL(url).port)).toEqual([
    "3001",
    "3003",
    "10003",
  ]);
});

test.each([
  [undefined],
  [{}],
  [[null, 1, "x", {}, { ...self, url: "javascript:alert(1)" }, { ...self, url: "x" }]],
])("a list that cannot be used leaves this server alone", (list) => {
  expect(toServers(list, origin)).toEqual([
    { id: "this-server", title: "localhost:3001", url: origin, self: true },
  ]);
});

test("a socket's address follows from the server's", () => {
  expect(socketUrl({ ...self, url: "https://example.org" }, "/echo")).toBe("wss://example.org/echo");
  expect(socketUrl(self)).toBe("ws://127.0.0.1:3001/ws");
});

test.each([
  ["http://127.0.0.1:3001/", "http://127.0.0.1:3001"],
  ["http://127.0.0.1:3001/index.html?x=1#/lesson/3", "http://127.0.0.1:3001"],
  ["https://example.org/rosetta/#/all", "https://example.org/rosetta"],
  ["https://example.org/a/b/index.html", "https://example.org/a/b"],
])("a page from %s asks below %s", (address, base) => {
  expect(baseOf(address)).toBe(base);
});

test("a page below a path reaches this server there, and the others at their own address", () => {
  const below = { ...sibling, url: "https://example.org/bun/" };
  expect(
    toServers([self, below], "https://example.org/rosetta")
      .map(({ url }) => url)
      .sort(),
  ).toEqual(["https://example.org/bun", "https://example.org/rosetta"]);
  expect(socketUrl({ ...self, url: "https://example.org/rosetta" })).toBe("wss://example.org/rosetta/ws");
});

test("asks for the list of servers below the page's path, until it arrives", async () => {
  vi.useFakeTimers();
  const answers = [new Response("draining", { status: 503 }), Response.json([self, sibling])];
  const fetch = vi.fn(async () => answers.shift() ?? Promise.reject(new TypeError("asked once too often")));
  vi.stubGlobal("fetch", fetch);
  const lists = readServers("http://localhost:3001/rosetta", new AbortController().signal);
  expect((await lists.next()).value).toHaveLength(1);
  const second = lists.next();
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await second).value).toHaveLength(2);
  expect((await lists.next()).done).toBe(true);
  expect(fetch.mock.calls.map(([url]: unknown[]) => url)).toEqual([
    "http://localhost:3001/rosetta/servers.json",
    "http://localhost:3001/rosetta/servers.json",
  ]);
});

test("yields a list that arrives at once only once", async () => {
  vi.stubGlobal("fetch", async () => Response.json([self, sibling]));
  const told: unknown[] = [];
  for await (const list of readServers(origin, new AbortController().signal)) told.push(list.length);
  expect(told).toEqual([2]);
});

test.each([
  ['{"status":"ok","server":"one"}', "ok"],
  ['{"status":"draining"}', "draining"],
  ['{"status":7}', undefined],
  ["null", undefined],
  ["too many requests", undefined],
])("the health that %s tells is %s", (text, health) => {
  expect(healthOf({ text })).toBe(health);
});

test("a list that leaves this server out is headed by it", () => {
  expect(toServers([sibling], origin).map(({ id }) => id)).toEqual(["this-server", "bun-hono"]);
});

test("an entry is taken whole or not at all", () => {
  const broken = [
    { title: 1 },
    { title: undefined },
    { self: "no" },
    { self: undefined },
    { id: 1 },
    { url: 1 },
  ];
  for (const change of broken) {
    expect(toServers([self, { ...sibling, ...change }], origin), JSON.stringify(change)).toHaveLength(1);
  }
});

test("servers on other machines follow, sorted by name", () => {
  const [far, near] = ["http://b.example:1", "http://a.example:2"].map((url, index) => ({
    ...sibling,
    id: `${index}`,
    url,
  }));
  expect(toServers([far, near, { ...self, url: "http://c.example" }], origin).map(({ id }) => id)).toEqual([
    "1",
    "0",
    self.id,
  ]);
});

test("a page behind the one address of all servers is at none of them", () => {
  const balancer = "http://127.0.0.1:3000";
  const servers = toServers([self, sibling], "http://localhost:3000", balancer);
  expect(servers.map(({ id, url, self: isSelf }) => [id, url, isSelf])).toEqual([
    ["express-ws", "http://127.0.0.1:3001", false],
    ["bun-hono", "http://127.0.0.1:3003", false],
    ["balancer", "http://localhost:3000", true],
  ]);
  expect(servers.map((server) => scriptIn(servers, server))).toEqual([1, 2, 0]);
  expect(toServers([self], origin, balancer).map(({ self: isSelf }) => isSelf)).toEqual([true, false]);
});

test("the colours go round", () => {
  expect([0, 1, 2, 3, 4].map(scriptOf)).toEqual([1, 2, 3, 4, 1]);
});

test.each([
  ["ok", 200, "running"],
  ["draining", 503, "not running"],
  [undefined, 200, "not running"],
])("the health %s with %s means: %s", async (status, code, health) => {
  vi.stubGlobal("fetch", async () => Response.json({ status }, { status: code }));
  expect(await askHealth(self)).toBe(health);
});

test("nobody there, or something that is no JSON, means that a server does not run", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
  expect(await askHealth(self)).toBe("not running");
  vi.stubGlobal("fetch", async () => new Response("<html>"));
  expect(await askHealth(self)).toBe("not running");
});
