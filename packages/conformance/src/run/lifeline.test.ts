// An endpoint that does not echo gets one sentence instead of a thousand failures.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { main } from "../cli/main.ts";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function serve(peer: (ws: WebSocket) => void): Promise<string> {
  const http: Server = createServer();
  const server = new WebSocketServer({ server: http });
  server.on("connection", (ws) => {
    ws.on("error", () => {});
    peer(ws);
  });
  http.listen(0, "127.0.0.1");
  await new Promise((resolve) => http.once("listening", resolve));
  stops.push(() => {
    server.close();
    http.close();
    http.closeAllConnections();
    for (const ws of server.clients) ws.terminate();
  });
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`;
}

async function conform(url: string) {
  let stdout = "";
  const screen = { write: (text: string) => (stdout += text), columns: 140 };
  const code = await main([url, "--only", "1.1"], { stdout: screen, stderr: { write: () => true } });
  return { code, words: stdout.replaceAll(/\s+/g, " ") };
}

test.each<[string, (ws: WebSocket) => void, string]>([
  ["says nothing", () => {}, "it did not answer the text"],
  [
    "greets and echoes nothing",
    (ws) => ws.send("Welcome!"),
    'it answered with a text message of 8 bytes "Welcome!"',
  ],
  [
    "greets and then echoes",
    (ws) => {
      ws.send("Welcome!");
      ws.on("message", (data, binary) => ws.send(data, { binary }));
    },
    'beside the text it also sent a text message of 8 bytes "Welcome!"',
  ],
  [
    "echoes and greets a moment later",
    (ws) => {
      ws.on("message", (data, binary) => {
        ws.send(data, { binary });
        setTimeout(() => ws.send("Welcome!"), 10);
      });
    },
    'beside the text it also sent a text message of 8 bytes "Welcome!"',
  ],
  [
    "echoes as JSON",
    (ws) => ws.on("message", (data) => ws.send(JSON.stringify({ echo: `${data}` }))),
    '"{\\"echo\\":\\"Does this endpoint echo?\\"}"',
  ],
  [
    "shouts",
    (ws) => ws.on("message", (data) => ws.send(`${data}`.toUpperCase())),
    "DOES THIS ENDPOINT ECHO?",
  ],
  ["closes", (ws) => ws.on("message", () => ws.close(1008, "JSON, please")), '1008 (policy) "JSON, please"'],
  ["hangs up", (ws) => ws.on("message", () => ws.terminate()), "it answered with the end of the connection"],
])("an endpoint that %s", async (_what, peer, instead) => {
  const { code, words } = await conform(await serve(peer));
  expect(code).toBe(3);
  expect(words).toContain("this endpoint does not echo: ");
  expect(words).toContain(instead);
  expect(words).not.toContain("✗ 1.1.1");
});
