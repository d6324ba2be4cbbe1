import { afterEach, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import type { PeerAddress } from "../generator-job.ts";
import { connections, idle, openMany } from "./connect-and-idle.ts";
import { type TestServer, tcpServer } from "./servers.testing.ts";

let server: TestServer | undefined;
afterEach(() => server?.stop());

test("connections are opened a few at a time, and each gets its own number", async () => {
  let now = 0;
  let most = 0;
  const opened = await openMany(async (index) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
    return index;
  }, 150);
  expect(opened).toEqual(Array.from({ length: 150 }, (_, index) => index));
  expect(most).toBe(64);
});

const connectJob = (peer: PeerAddress) =>
  ({ kind: "connect", peer, atOnce: 4, warmupMs: 5, measureMs: 100 }) as const;

test("a connection counts once it is upgraded, and is dropped again", async () => {
  const wss = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => wss.once("listening", resolve));
  let most = 0;
  wss.on("connection", (ws) => {
    ws.on("error", () => {});
    most = Math.max(most, wss.clients.size);
  });
  const { port } = wss.address() as { port: number };
  const { count } = await connections(connectJob({ host: "127.0.0.1", port, pid: process.pid, path: "/" }));
  await new Promise((resolve) => wss.close(resolve));
  expect(count).toBeGreaterThan(0);
  expect(most).toBeLessThan(64);
});

test("a refused handshake does not count as a connection", async () => {
  server = await tcpServer((socket) => socket.write("HTTP/1.1 503 Full\r\n\r\n"));
  await expect(connections(connectJob({ ...server.peer, path: "/" }))).rejects.toThrow("HTTP/1.1 503 Full");
});

test("idle connections that get closed are reported and do not count", async () => {
  let number = 0;
  const wss = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => wss.once("listening", resolve));
  // Connections from before the first look may come and go.
  wss.on("connection", (ws) => void (++number % 10 === 0 && ws.terminate()));
  const peer = {
    host: "127.0.0.1",
    port: (wss.address() as { port: number }).port,
    pid: process.pid,
    path: "/",
  };
  await expect(idle({ kind: "idle", peer, connections: 20, compressed: false })).rejects.toThrow(
    "2 of 20 idle connections were closed",
  );
  for (const ws of wss.clients) ws.terminate();
  await new Promise((resolve) => wss.close(resolve));
});

test("if the job asks for compression, each counted connection has had a compressed message echoed", async () => {
  const said: string[] = [];
  const offers: (string | undefined)[] = [];
  const wss = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: true });
  await new Promise((resolve) => wss.once("listening", resolve));
  wss.on("connection", (ws, request) => {
    offers.push(request.headers["sec-websocket-extensions"]);
    ws.on("error", () => {});
    ws.on("message", (data: Buffer) => {
      said.push(data.toString());
      ws.send(data.toString());
    });
  });
  const peer = {
    host: "127.0.0.1",
    port: (wss.address() as { port: number }).port,
    pid: process.pid,
    path: "/",
  };
  const slice = await idle({ kind: "idle", peer, connections: 3, compressed: true });
  expect(slice.count).toBe(3);
  expect(new Set(offers)).toEqual(new Set(["permessage-deflate"]));
  // The fifty opened before, and the three that are measured.
  expect(said.map((text) => text.length)).toEqual(Array(53).fill(2_048));
  for (const ws of wss.clients) ws.terminate();
  await new Promise((resolve) => wss.close(resolve));
});

test("a handshake that fails before the compressed message is reported once", async () => {
  server = await tcpServer((socket) => socket.end());
  const peer = { ...server.peer, path: "/" };
  await expect(idle({ kind: "idle", peer, connections: 1, compressed: true })).rejects.toThrow(
    "the server closed the connection",
  );
});
