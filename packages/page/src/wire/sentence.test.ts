import type { EventData, ServerMessage } from "@rosetta/protocol";
import { expect, test } from "vitest";
import { sentenceOf } from "./sentence.ts";

function eventOf(topic: string, data: EventData, from?: string): ServerMessage<"event"> {
  return { type: "event", topic, epoch: "e", offset: 7, at: 0, data, ...(from && { from }) };
}

test.each<[string, EventData, string | undefined, string]>([
  ["room/lobby", { kind: "chat", text: "hi all" }, "guest-3f2a", 'lobby · guest-3f2a: "hi all"'],
  [
    "presence/lobby",
    { kind: "presence", count: 2, members: ["a", "b"] },
    undefined,
    "presence/lobby · 2 here: a, b",
  ],
  [
    "weather/berlin",
    { kind: "weather", station: "berlin", celsius: 3.5, windKmh: 12 },
    undefined,
    "weather/berlin · 3.5 °C, wind 12 km/h",
  ],
  [
    "scores",
    { kind: "score", minute: 57, home: 1, away: 0, what: "goal" },
    undefined,
    "scores · 57′ 1:0 goal",
  ],
  ["job/x", { kind: "progress", state: "running", done: 3, total: 8 }, undefined, "job/x · running, 3 of 8"],
  [
    "log",
    { kind: "log", name: "opened", details: { endpoint: "/ws", n: 1 } },
    undefined,
    "log · opened endpoint=/ws n=1",
  ],
])("an event in %s says what happened", (topic, data, from, words) => {
  expect(sentenceOf(eventOf(topic, data, from), "in")).toBe(words);
});

test.each([
  [{ type: "publish", topic: "room/lobby", to: "others", text: "hi" }, 'lobby, to others: "hi"'],
  [{ type: "subscribe", topic: "scores", since: { epoch: "e", offset: 4 } }, "scores, what came after #4"],
  [{ type: "subscribe", topic: "scores" }, "scores"],
  [{ type: "start", job: "hash", mebibytes: 8 }, "hash 8 MiB"],
  [{ type: "ping", at: 0 }, ""],
])("a request says what it asks for: %o", (message, words) => {
  expect(sentenceOf(message, "out")).toBe(words);
});

test.each([
  [{ type: "ack", topic: "room/lobby", offset: 3 }, "lobby #3"],
  [{ type: "ack", topic: "job/x", offset: 0 }, "job/x"],
  [{ type: "subscribed", topic: "scores", offset: 9, recovered: true }, "scores, at #9, nothing was missed"],
  [{ type: "error", code: "forbidden", message: "not yours" }, "forbidden: not yours"],
  [{ type: "bye", code: 1012, retryAfterMs: 5000 }, "1012, come back within 5 s"],
  [{ type: "bye", code: 1000, final: true }, "1000, for good"],
])("a message of the server says what it brings: %o", (message, words) => {
  expect(sentenceOf(message, "in")).toBe(words);
});

test("a type means something in one direction only, and only as a type of the protocol", () => {
  expect(sentenceOf({ type: "publish" }, "in")).toBeUndefined();
  expect(sentenceOf({ type: "welcome" }, "out")).toBeUndefined();
  expect(sentenceOf({ type: "constructor" }, "in")).toBeUndefined();
});

test("a message that lacks a field of its type has no sentence", () => {
  expect(sentenceOf({ type: "publish" }, "out")).toBeUndefined();
  expect(sentenceOf({ type: "event", topic: "scores" } as { type: string }, "in")).toBeUndefined();
});

test("a long text is cut, and stays on one line", () => {
  expect(sentenceOf({ type: "echo", text: "a\n b" } as { type: string }, "out")).toBe('"a b"');
  const long = sentenceOf({ type: "echo", text: "x".repeat(200) } as { type: string }, "out");
  expect(long).toBe(`"${"x".repeat(120)}…"`);
});
