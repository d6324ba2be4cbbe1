import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CodeEvents } from "../events.ts";
import { awayMs, FailureDesk, possibleFailures } from "./failure-desk.ts";

const origin = "http://localhost:3001";
// One for all tests: a second one on the same port would be asked on connections that `fetch` kept from the first.
let events: CodeEvents;
beforeAll(async () => {
  events = await CodeEvents.start();
});
afterAll(() => events.stop());

function setUp(url = "http://127.0.0.1:9") {
  const caused: unknown[] = [];
  const desk = new FailureDesk({
    servers: ["one", "two"],
    urls: new Map([["one", url]]),
    slowUrls: new Map([["one", "http://127.0.0.1:4711"]]),
    origins: new Set([origin]),
    supervisor: {
      restart: async (...given) => void caused.push(["restart", ...given]),
      kill: async (...given) => void caused.push(["kill", ...given]),
      freeze: (...given) => void caused.push(["freeze", ...given]),
    },
  });
  events.open(desk);
  const ask = (init: RequestInit = {}, from = origin) =>
    fetch(events.failuresUrl, { ...init, headers: { Origin: from } });
  const order = (content: unknown) => ask({ method: "POST", body: JSON.stringify(content) });
  return { ask, order, caused };
}

test("a page of the run gets the list of failures that it can order", async () => {
  const { ask } = setUp();
  const response = await ask();
  expect(response.headers.get("access-control-allow-origin")).toBe(origin);
  expect(await response.json()).toEqual({
    failures: possibleFailures(process.platform),
    awayMs,
    servers: ["one", "two"],
    up: ["one"],
    slowUrls: { one: "http://127.0.0.1:4711" },
  });
});

test("an order is carried out", async () => {
  const { order, caused } = setUp();
  for (const failure of possibleFailures(process.platform)) {
    expect((await order({ server: "one", failure })).status).toBe(202);
  }
  expect(caused.slice(0, 2)).toEqual([
    ["restart", "one", "a page asked for it"],
    ["kill", "one", awayMs.kill],
  ]);
});

test("a request that a page made up is sent as it is, and its answer told", async () => {
  const server = createServer((request, response) => {
    const { host, origin } = request.headers;
    response.writeHead(request.url === "/in" ? 200 : 403).end(`${host} ${origin}\n`);
  });
  server.on("upgrade", (_, socket) =>
    socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n"),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { order } = setUp(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const answer = async (path: string, headers: object) => {
    const response = await order({ server: "one", request: { path, headers } });
    return response.ok ? response.json() : response.status;
  };
  const stranger = { host: "rebound.example", origin: "https://stranger.example" };
  expect(await answer("/out", stranger)).toEqual({
    status: 403,
    text: "rebound.example https://stranger.example",
  });
  // An event stream would never end, so its body is left alone.
  expect(await answer("/in", stranger)).toEqual({ status: 200, text: "" });
  expect(await answer("/ws", { connection: "Upgrade", upgrade: "websocket" })).toEqual({
    status: 101,
    text: "",
  });
  expect(await answer("/out", { host: "a\nb" })).toBe(502);
  server.close();
  server.closeAllConnections();
  expect(await answer("/out", stranger)).toBe(502);
});

test.each([
  [{ server: "two", request: { path: "/", headers: {} } }],
  [{ server: "one", request: { path: "http://stranger.example", headers: {} } }],
  [{ server: "one", request: { path: "/", headers: { host: 1 } } }],
])("%j is no request to send", async (content) => {
  const { order } = setUp();
  expect((await order(content)).status).toBe(400);
});

test("a preflight request of a browser is allowed", async () => {
  const { ask } = setUp();
  const response = await ask({ method: "OPTIONS" });
  expect(response.status).toBe(204);
  expect(response.headers.get("access-control-allow-methods")).toBe("POST");
});

test.each(["https://stranger.example", "http://localhost:3001.stranger.example", "null"])(
  "a page of %s may neither ask nor order",
  async (stranger) => {
    const { ask, caused } = setUp();
    expect((await ask({}, stranger)).status).toBe(403);
    const body = JSON.stringify({ server: "one", failure: "kill" });
    expect((await ask({ method: "POST", body }, stranger)).status).toBe(403);
    expect(caused).toEqual([]);
  },
);

test.each([
  [{ server: "three", failure: "kill" }],
  [{ server: "one", failure: "toString" }],
  [{ server: ["one"], failure: "kill" }],
  [null],
  ["a".repeat(5_000)],
])("%j is no order", async (content) => {
  const { order, caused } = setUp();
  expect((await order(content)).status).toBe(400);
  expect(caused).toEqual([]);
});

test("Windows cannot freeze a process", () => {
  expect(possibleFailures("win32")).toEqual(["restart", "kill"]);
});
