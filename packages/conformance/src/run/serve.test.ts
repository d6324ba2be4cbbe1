import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { allCases } from "../cases/index.ts";
import { drive } from "./drivers/drive.ts";
import { type Serving, serveConformance } from "./serve.ts";

const cases = allCases.filter(({ id }) => ["1.1.1", "1.5.1", "11.1.2", "11.6.11"].includes(id));
let serving: Serving;

beforeEach(async () => {
  serving = await serveConformance({ cases, deadlineMs: 500, settleMs: 50 });
});

afterEach(() => serving.close());

async function get(path: string): Promise<unknown> {
  return (await fetch(new URL(path, serving.url))).json();
}

test("the cases for clients are listed, and those for servers are not", async () => {
  expect(await get("/cases")).toMatchObject([{ id: "1.1.1" }, { id: "11.1.2" }, { id: "11.6.11" }]);
});

test("a client that runs the cases is judged, each agent separately", async () => {
  await drive(serving.url, "one");
  expect(await get("/results?agent=one")).toMatchObject([
    { id: "1.1.1", verdict: "pass" },
    { id: "11.1.2", verdict: "pass" },
    { id: "11.6.11", verdict: "pass" },
  ]);
  expect(await get("/verdict/1.1.1?agent=one")).toMatchObject({
    verdict: "pass",
    wire: [{ kind: "http" }, {}, {}, {}, {}, {}, {}],
  });
  expect(await get("/cases?left&agent=one")).toEqual([]);
  expect(await get("/cases?left&agent=two")).toHaveLength(3);
});

test("a case that has not run has no verdict, and one that does not exist cannot be run", async () => {
  expect((await fetch(`${serving.url}/verdict/1.1.1?agent=one`)).status).toBe(404);
  expect((await fetch(`${serving.url}/run/1.1.1`)).status).toBe(426);
  expect((await fetch(`${serving.url}/cases`, { method: "POST" })).status).toBe(405);
  await expect(upgraded("/run/1.5.1")).resolves.toMatch(/^HTTP\/1.1 404 /);
  await expect(upgraded("/elsewhere")).resolves.toMatch(/^HTTP\/1.1 404 /);
});

function upgraded(path: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(Number(new URL(serving.url).port), "127.0.0.1");
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n\r\n`,
  );
  socket.once("data", (bytes) => resolve(bytes.toString()));
  return promise;
}

test("any page may ask, and the server's own page may load nothing but its script", async () => {
  const { headers } = await fetch(serving.url);
  expect(headers.get("access-control-allow-origin")).toBe("*");
  expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  const script = await (await fetch(`${serving.url}/page.js`)).text();
  expect(script).toContain("async function drive(");
});

test("a client that reads nothing gets a verdict in time", async () => {
  const socket = connect(Number(new URL(serving.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  socket.write(
    "GET /run/11.6.11?agent=deaf HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n\r\n",
  );
  await expect
    .poll(() => get("/verdict/11.6.11?agent=deaf"), { timeout: 20_000 })
    .toMatchObject({ verdict: "fail" });
  socket.destroy();
});
