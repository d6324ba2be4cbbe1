// Published servers, with bugs that are known or that our cases found.

import { createRequire } from "node:module";
import type { AddressInfo, Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import type { Result } from "../model/result.ts";
import { casesIn, frameCases, judgedAt } from "../testing/judging.ts";

const require = createRequire(import.meta.url);

/** What the releases of `ws` have in common. */
interface OldWs {
  Server: new (options: {
    host: string;
    port: number;
    perMessageDeflate: false;
  }) => {
    _server: Server;
    on(event: "connection", listener: (ws: OldWebSocket) => void): void;
    close(): void;
  };
}

interface OldWebSocket {
  on(event: "message", listener: (data: string | Buffer) => void): void;
  on(event: "error", listener: () => void): void;
  send(data: string | Buffer): void;
}

interface NodejsWebSocket {
  createServer(accept: (connection: NodejsConnection) => void): {
    listen(port: number, host: string): void;
    close(): void;
    socket: Server;
  };
}

interface NodejsConnection {
  on(event: "error", listener: () => void): void;
  on(event: "text", listener: (text: string) => void): void;
  sendText(text: string): void;
  socket: { destroy(): void };
}

const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function urlOf(server: Pick<Server, "address" | "listening" | "once">): Promise<string> {
  if (!server.listening) await new Promise<void>((resolve) => server.once("listening", resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function startOldWs(name: "ws-1" | "ws-7"): Promise<string> {
  const { Server } = require(name) as OldWs;
  const server = new Server({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  stops.push(() => server.close());
  server.on("connection", (ws) => {
    ws.on("error", () => {});
    ws.on("message", (data) => ws.send(data));
  });
  return urlOf(server._server);
}

async function startNodejsWebSocket(): Promise<string> {
  const { createServer } = require("nodejs-websocket") as NodejsWebSocket;
  const server = createServer((connection) => {
    stops.push(() => connection.socket.destroy());
    connection.on("error", () => {});
    connection.on("text", (text) => connection.sendText(text));
  });
  stops.push(() => server.close());
  server.listen(0, "127.0.0.1");
  return urlOf(server.socket);
}

async function startWs(skipUTF8Validation: boolean): Promise<string> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, skipUTF8Validation });
  stops.push(() => server.close());
  server.on("connection", (ws) => {
    ws.on("error", () => {});
    ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
  });
  await new Promise<void>((resolve) => server.once("listening", resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** The families that have a failed case, or the groups if `depth` is 1. */
function failed(results: ReadonlyMap<string, Result>, depth: 1 | 2): string[] {
  const ids = [...results.values()].filter(({ verdict }) => verdict === "fail").map(({ id }) => id);
  return [...new Set(ids.map((id) => id.split(".").slice(0, depth).join(".")))].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
}

// What fails without a check of UTF-8.
const unchecked = [
  "6.7",
  "6.8",
  "6.9",
  "6.10",
  "6.11",
  "6.12",
  "6.13",
  "6.14",
  "6.15",
  "6.16",
  "6.17",
  "6.19",
];

const light = frameCases.filter(({ heavy, id }) => !heavy && !id.startsWith("9."));
const timing = { settleMs: 100, deadlineMs: 10_000 };

test("ws passes every case", async () => {
  const results = await judgedAt(await startWs(false), { ...timing, cases: light });
  expect(failed(results, 1)).toEqual([]);
});

test("ws with skipUTF8Validation fails every case that requires UTF-8, and nothing else", async () => {
  const results = await judgedAt(await startWs(true), { ...timing, cases: light });
  expect(failed(results, 2)).toEqual(unchecked);
});

// Its receiver unmasks what is masked, and never checks whether it has to be. Without the optional package
// `utf-8-validate` it accepts every text as UTF-8.
test("ws 7.0.0 accepts frames that are not masked, and any bytes as text", async () => {
  const results = await judgedAt(await startOldWs("ws-7"), { ...timing, cases: casesIn(["1", "2", "6"]) });
  expect(failed(results, 2)).toEqual(["1.6", ...unchecked]);
});

// It stops reading once it has failed the connection, and so waits 30 s for a close frame that has already come.
test("ws 1.1.5 leaves TCP open after it has failed a connection", async () => {
  const cases = casesIn(["1.1", "3.1.1", "4.1.1", "5.4.1"]);
  const results = await judgedAt(await startOldWs("ws-1"), { settleMs: 100, deadlineMs: 1_000, cases });
  expect(failed(results, 2)).toEqual(["3.1", "4.1", "5.4"]);
  expect(results.get("3.1.1")?.close.why).toMatch(/did not close TCP/);
});

// It puts every payload through `toString()`, each fragment separately, and echoes whatever code a close frame has.
describe("nodejs-websocket 1.7.2", () => {
  const found = {
    "2.2.2": "treats the payload of a ping as text",
    "6.5.1": "breaks characters that are cut by fragments",
    "6.9.1": "accepts overlong sequences",
    "6.10.1": "accepts surrogates",
    "6.12.1": "takes half a character",
    "7.8.2": "answers a code that nobody may send with the same",
  };
  test.each(Object.entries(found))("%s: %s", async (id) => {
    const cases = casesIn([id]);
    const results = await judgedAt(await startNodejsWebSocket(), { settleMs: 100, deadlineMs: 1_000, cases });
    expect(results.get(id)?.behaviour.verdict).toBe("fail");
  });
});
