import { expect, test } from "vitest";
import { socketUrl, toServers } from "./servers.ts";

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
