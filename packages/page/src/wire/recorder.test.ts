import type { SocketState } from "@rosetta/client";
import { expect, test } from "vitest";
import { recorderOf, text } from "./recorder.testing.ts";
import { keptLength, WireRecorder, wireCapacity } from "./recorder.ts";

test("the log keeps the newest rows and goes on counting", () => {
  const recorder = new WireRecorder();
  for (let count = 0; count < wireCapacity + 5; count += 1) recorder.record("express-ws", "/ws", text("x"));
  expect(recorder.entries).toHaveLength(wireCapacity);
  expect(recorder.entries[0]?.number).toBe(6);
  expect(recorder.entries.at(-1)?.number).toBe(wireCapacity + 5);
});

test("a follower hears of every change until it stops", () => {
  const recorder = recorderOf();
  let heard = 0;
  const stop = recorder.follow(() => {
    heard += 1;
  });
  recorder.record("express-ws", "/ws", text("x"));
  recorder.clear();
  stop();
  recorder.record("express-ws", "/ws", text("x"));
  expect(heard).toBe(2);
});

test("a long message is cut, its size is not", () => {
  const recorder = recorderOf("ä".repeat(keptLength + 1), "short");
  const [long, short] = recorder.entries;
  expect(long?.data).toHaveLength(keptLength);
  expect(long?.size).toBe(2 * (keptLength + 1));
  expect(short?.data).toBe("short");
});

test("a row knows the message's type and numbers, however long it is", () => {
  const recorder = recorderOf(
    JSON.stringify({ text: `"id":"2",${"x".repeat(keptLength)}`, type: "echo", re: "1" }),
    '{"type":"event","data":{"id":"1","re":"1"}}',
    '{"type":"echo","id":5}',
  );
  expect(recorder.entries.map(({ head }) => head)).toEqual([
    { type: "echo", re: "1" },
    { type: "event" },
    { type: "echo" },
  ]);
});

test("a row of what is no message of the protocol knows no type", () => {
  const recorder = recorderOf("x", "null", "7", '{"type":"Not <one>"}', '{"type":["echo"]}');
  recorder.record("express-ws", "/echo", text('{"type":"event"}'));
  expect(recorder.entries.map(({ head }) => head)).toEqual(Array.from({ length: 6 }));
});

test("a change of state says how long the wait is and for which attempt, or why it is the end", () => {
  const recorder = new WireRecorder();
  const state = (state: SocketState) =>
    recorder.record("express-ws", "/ws", { direction: "out", at: 0, kind: "state", state });
  const windowMs: [number, number] = [1000, 2000];
  state({ name: "waiting", attempt: 3, untilAt: 0, delayMs: 1499.6, windowMs, code: 1012, cause: "" });
  state({ name: "stopped", code: 4500, reason: "4500 Invalid" });
  expect(recorder.entries.map(({ note }) => note)).toEqual([
    "waiting 1500 ms before attempt 3",
    "stopped 4500 Invalid",
  ]);
});

test("a state that the handshake shows has no row of its own", () => {
  const recorder = new WireRecorder();
  for (const state of [{ name: "idle" }, { name: "open", since: 0, protocol: "", extensions: "" }] as const)
    recorder.record("express-ws", "/ws", { direction: "out", at: 0, kind: "state", state });
  expect(recorder.entries).toEqual([]);
});

test("a row says what its message carries, unless the protocol does not know it", () => {
  const recorder = recorderOf('{"type":"echo","text":"hi"}', '{"type":"event"}', '{"type":"other"}', "x");
  expect(recorder.entries.map(({ sentence }) => sentence)).toEqual(['"hi"', undefined, undefined, undefined]);
});

test("an event of a stream says what the same message on a WebSocket would say", () => {
  const recorder = new WireRecorder();
  const sse = (event: "event" | "subscribed", data: string) =>
    recorder.record("express-ws", "/events", { kind: "sse", direction: "in", at: 0, event, data });
  sse("subscribed", '{"topic":"scores","mode":"stream","epoch":"e","offset":3,"recovered":true}');
  sse("event", '{"type":"event","topic":"scores","data":{"kind":"chat","text":"x"}}');
  expect(recorder.entries.map(({ sentence }) => sentence)).toEqual([
    "scores, at #3, nothing was missed",
    'scores · "x"',
  ]);
});

test("a row notes the open lesson, and whether the lesson is about its connection", () => {
  const recorder = recorderOf("x");
  recorder.begin({ title: "One", isOwn: (path, connection) => path === "/ws" && connection === "mine" });
  recorder.record("express-ws", "/ws", text("x"), "mine");
  recorder.record("express-ws", "/ws", text("x"));
  expect(recorder.entries.map(({ section, isOwn }) => [section.title, section.number, isOwn])).toEqual([
    ["", 0, true],
    ["One", 1, true],
    ["One", 1, false],
  ]);
});

test("an entry is found by its number as long as the log has it", () => {
  const recorder = recorderOf(...Array.from({ length: wireCapacity + 2 }, () => "x"));
  expect([0, 2, 3, wireCapacity + 2, undefined].map((number) => recorder.entry(number)?.number)).toEqual([
    undefined,
    undefined,
    3,
    wireCapacity + 2,
    undefined,
  ]);
});
