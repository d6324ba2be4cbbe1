import { afterAll, beforeAll, expect, test } from "vitest";
import { CodeEvents } from "../events.ts";
import { awayMs, FaultDesk, possibleFaults } from "./fault-desk.ts";

const origin = "http://localhost:3001";
// One for all tests: a second one on the same port would be asked on connections that `fetch` kept from the first.
let events: CodeEvents;
beforeAll(async () => {
  events = await CodeEvents.start();
});
afterAll(() => events.stop());

function setUp() {
  const caused: unknown[] = [];
  const desk = new FaultDesk({
    servers: ["one", "two"],
    up: () => ["one"],
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
    fetch(events.faultsUrl, { ...init, headers: { Origin: from } });
  const order = (content: unknown) => ask({ method: "POST", body: JSON.stringify(content) });
  return { ask, order, caused };
}

test("a page of the run gets the list of faults that it can order", async () => {
  const { ask } = setUp();
  const response = await ask();
  expect(response.headers.get("access-control-allow-origin")).toBe(origin);
  expect(await response.json()).toEqual({
    faults: possibleFaults(process.platform),
    awayMs,
    servers: ["one", "two"],
    up: ["one"],
    slowUrls: { one: "http://127.0.0.1:4711" },
  });
});

test("an order is carried out", async () => {
  const { order, caused } = setUp();
  for (const fault of possibleFaults(process.platform)) {
    expect((await order({ server: "one", fault })).status).toBe(202);
  }
  expect(caused.slice(0, 2)).toEqual([
    ["restart", "one", "a page asked for it"],
    ["kill", "one", awayMs.kill],
  ]);
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
    const body = JSON.stringify({ server: "one", fault: "kill" });
    expect((await ask({ method: "POST", body }, stranger)).status).toBe(403);
    expect(caused).toEqual([]);
  },
);

test.each([
  [{ server: "three", fault: "kill" }],
  [{ server: "one", fault: "toString" }],
  [{ server: ["one"], fault: "kill" }],
  [null],
  ["a".repeat(2_000)],
])("%j is no order", async (content) => {
  const { order, caused } = setUp();
  expect((await order(content)).status).toBe(400);
  expect(caused).toEqual([]);
});

test("Windows cannot freeze a process", () => {
  expect(possibleFaults("win32")).toEqual(["restart", "kill"]);
});
