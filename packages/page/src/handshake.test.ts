import { expect, test } from "vitest";
import { acceptOf, answerLines, randomKey, requestLines } from "./handshake.ts";

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
