import { expect, test } from "vitest";
import { acceptOf, answerLines, randomKey, requestLines } from "./model.ts";

test("the accept is that of the RFC's example", async () => {
  expect(await acceptOf("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

test("a key is 16 bytes, and another each time", () => {
  const keys = new Set(Array.from({ length: 20 }, randomKey));
  expect(keys.size).toBe(20);
  for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9+/]{22}==$/);
});

test("request and answer name what was asked for", () => {
  const request = requestLines("ws://127.0.0.1:3001/ws", "http://127.0.0.1:3001", "key", "a.b").map(
    ([line]) => line,
  );
  expect(request[0]).toBe("GET /ws HTTP/1.1");
  expect(request).toContain("Host: 127.0.0.1:3001");
  expect(request).toContain("Sec-WebSocket-Protocol: a.b");
  expect(answerLines("accept", "a.b").map(([line]) => line)).toContain("Sec-WebSocket-Accept: accept");
});

test("the request has every header that RFC 6455 §4.1 requires of a browser", () => {
  const lines = requestLines("ws://a.example:81/ws?x=1", "https://b.example", "key", "p").map(
    ([line]) => line,
  );
  expect(lines).toEqual([
    "GET /ws HTTP/1.1",
    "Host: a.example:81",
    "Origin: https://b.example",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: key",
    "Sec-WebSocket-Protocol: p",
  ]);
  expect(answerLines("accept", "p")[0]?.[0]).toBe("HTTP/1.1 101 Switching Protocols");
});
