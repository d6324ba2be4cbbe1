import { expect, test } from "vitest";
import { protocolMeaning } from "./vocabulary.ts";

const forbidden = (value: string | number, argumentOf?: string) =>
  protocolMeaning({ value, line: 1, ...(argumentOf && { argumentOf }) }) !== undefined;

test.each([
  ...["hello", "echo", "publish", "subscribe", "stop", "chaos", "welcome", "subscribed", "event", "bye"],
  ...["chat", "presence", "weather", "score", "progress", "log"],
  ...["rosetta.v1.json", "room/lobby", "room/", "job/", "presence/lobby", "weather/"],
  ...['{"type":"bye"}', ',"kind": '],
])("%j belongs to the protocol", (word) => {
  expect(forbidden(word)).toBe(true);
});

test.each([
  ...["", "/", "/echo", "/events", "/ws", "upgrade", "message", "close", "drain", "data", "Upgrade", "utf8"],
  ...[
    "text/html",
    "text/event-stream",
    "application/json",
    "image/svg+xml",
    "./dist/index.html",
    "127.0.0.1",
  ],
  ...["Hello from Express", "event: x", "x-content-type-options", "type", "GET /events", "https://x.org/a"],
])("%j does not", (word) => {
  expect(forbidden(word)).toBe(false);
});

test.each(["error", "ping", "pong"])(
  "%j is the stack's as the name of an event, else the protocol's",
  (word) => {
    expect(forbidden(word, "on")).toBe(false);
    expect(forbidden(word, "once")).toBe(false);
    expect(forbidden(word)).toBe(true);
    expect(forbidden(word, "send")).toBe(true);
  },
);

test("a message type that no stack emits belongs to the protocol on an emitter, too", () => {
  expect(forbidden("publish", "on")).toBe(true);
});

test.each([1000, 1006, 1015, 4000, 4002, 4999])("%d is a close code", (code) => {
  expect(forbidden(code)).toBe(true);
});

test.each([0, 101, 426, 503, 999, 1016, 1024, 3999, 5000, 65536])("%d is not a close code", (code) => {
  expect(forbidden(code)).toBe(false);
});
