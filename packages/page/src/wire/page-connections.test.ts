import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeWebSocket, stubWebSocket } from "../shared/socket.testing.ts";
import { PageConnections } from "./page-connections.ts";

const [one, two] = ["one", "two"].map((id) => ({ id, title: id, url: `http://${id}`, self: false })) as [
  { id: string; title: string; url: string; self: boolean },
  { id: string; title: string; url: string; self: boolean },
];

beforeEach(() => {
  vi.useFakeTimers();
  stubWebSocket();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const urls = () => FakeWebSocket.made.map(({ url }) => url);

test("each server has two connections, and what goes over them is recorded with its name", () => {
  const connections = new PageConnections();
  connections.choose([one]);
  expect(urls().sort()).toEqual(["ws://one/echo", "ws://one/ws"]);
  const echo = FakeWebSocket.made.find(({ url }) => url.endsWith("/echo"));
  echo?.accept("");
  echo?.receive("x");
  const texts = connections.wire.entries.filter(({ kind }) => kind === "text");
  expect(texts.map(({ server, path, connection }) => [server, path, connection])).toEqual([
    ["one", "/echo", ""],
  ]);
});

test("a server that stays keeps its connections, one that goes loses them", () => {
  const connections = new PageConnections();
  const [first] = connections.choose([one, two]);
  for (const ws of FakeWebSocket.made) ws.accept(ws.url.endsWith("/echo") ? "" : undefined);
  expect(connections.choose([two, one])[1]).toBe(first);
  expect(FakeWebSocket.made).toHaveLength(4);
  connections.choose([one]);
  const closed = FakeWebSocket.made.filter((ws) => ws.closed.length > 0).map(({ url }) => url);
  expect(closed.sort()).toEqual(["ws://two/echo", "ws://two/ws"]);
  connections.close();
  expect(FakeWebSocket.made.filter((ws) => ws.closed.length > 0)).toHaveLength(4);
});

test("reopens only connections that were stopped", () => {
  const connections = new PageConnections();
  const [pair] = connections.choose([one]);
  for (const ws of FakeWebSocket.made) ws.accept(ws.url.endsWith("/echo") ? "" : undefined);
  connections.reopen();
  expect(FakeWebSocket.made).toHaveLength(2);
  pair?.echo.close();
  FakeWebSocket.made.find(({ url }) => url.endsWith("/echo"))?.end(1000, "", true);
  expect(pair?.echo.state.name).toBe("stopped");
  connections.reopen();
  expect(urls().filter((url) => url.endsWith("/echo"))).toHaveLength(2);
});
