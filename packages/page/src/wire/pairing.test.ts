import type { FrameEvent } from "@rosetta/client";
import { expect, test } from "vitest";
import { WireRecorder } from "./recorder.ts";

const out = (data: string, at = 0): FrameEvent => ({ direction: "out", at, kind: "text", data });
const text = (data: string, at = 0): FrameEvent => ({ direction: "in", at, kind: "text", data });
const closed = (wasClean: boolean): FrameEvent => ({
  direction: "in",
  at: 9,
  kind: "close",
  code: wasClean ? 1000 : 1006,
  reason: "",
  wasClean,
});

const partners = (recorder: WireRecorder) => recorder.entries.map(({ partner }) => partner);

test("a reply and what it replies to find each other, on their own connection", () => {
  const recorder = new WireRecorder();
  const record = (frame: FrameEvent, server = "express-ws", connection = ""): void =>
    recorder.record(server, "/ws", frame, connection);
  record(out('{"type":"subscribe","topic":"scores","id":"1"}'));
  record(out('{"type":"ping","at":1,"id":"1"}'), "fastify-ws");
  record(out('{"type":"echo","text":"x","id":"1"}'), "express-ws", "rosetta-flood");
  record(text('{"type":"subscribed","re":"1","topic":"scores"}', 3));
  record(text('{"type":"event","topic":"scores","data":{"id":"1","re":"1"}}'));
  // A later connection starts counting again.
  record(out('{"type":"stop","id":"1"}'));
  record(text('{"type":"bye","re":"1"}'));
  expect(partners(recorder)).toEqual([4, undefined, undefined, 1, undefined, 7, 6]);
  expect(recorder.entries[3]?.afterMs).toBe(3);
});

test("a reply that nobody asked for belongs to nothing", () => {
  const recorder = new WireRecorder();
  recorder.record("express-ws", "/ws", text('{"type":"bye","re":"1"}'));
  recorder.record("express-ws", "/ws", out('{"type":"stop","id":"1"}'));
  expect(partners(recorder)).toEqual([undefined, undefined]);
});

test("a message from /echo answers the oldest message without an answer", () => {
  const recorder = new WireRecorder();
  for (const frame of [out("a", 1), out("b", 2), text("a", 4), text("b", 7)])
    recorder.record("express-ws", "/echo", frame);
  expect(partners(recorder)).toEqual([3, 4, 1, 2]);
  expect(recorder.entries.map(({ afterMs }) => afterMs)).toEqual([undefined, undefined, 3, 5]);
});

test("HTTP answers in order, and a stream has no single answer", () => {
  const recorder = new WireRecorder();
  recorder.record("express-ws", "/poll", { kind: "request", direction: "out", at: 0, data: "/poll" });
  recorder.record("express-ws", "/events", { kind: "request", direction: "out", at: 0, data: "/events" });
  recorder.record("express-ws", "/events", {
    kind: "sse",
    direction: "in",
    at: 1,
    event: "event",
    data: "{}",
  });
  recorder.record("express-ws", "/poll", {
    kind: "response",
    direction: "in",
    at: 2,
    status: 204,
    says: "",
    data: "",
  });
  expect(partners(recorder)).toEqual([4, undefined, undefined, 1]);
});

test("a proper close answers the message that caused it, and other waiting messages are lost", () => {
  const recorder = new WireRecorder();
  for (const frame of [out("stop"), out("more"), closed(true)]) recorder.record("express-ws", "/echo", frame);
  expect(partners(recorder)).toEqual([3, undefined, 1]);
  expect(recorder.entries.map(({ isLost }) => isLost)).toEqual([false, true, false]);
});

test("a cut answers nothing", () => {
  const recorder = new WireRecorder();
  recorder.record("express-ws", "/echo", out("hello"));
  recorder.record("express-ws", "/echo", closed(false));
  recorder.record("express-ws", "/ws", out('{"type":"stop","id":"1"}'));
  recorder.record("express-ws", "/ws", closed(false));
  expect(partners(recorder)).toEqual(Array.from({ length: 4 }));
  expect(recorder.entries.map(({ isLost }) => isLost)).toEqual([true, false, true, false]);
});

test("after the log was cleared a reply belongs to nothing", () => {
  const recorder = new WireRecorder();
  recorder.record("express-ws", "/echo", out("a"));
  recorder.clear();
  recorder.record("express-ws", "/echo", text("a"));
  expect(partners(recorder)).toEqual([undefined]);
});

test("of a thousand requests without a reply the oldest are forgotten", () => {
  const recorder = new WireRecorder();
  for (let id = 0; id <= 1000; id++)
    recorder.record("express-ws", "/ws", out(`{"type":"stop","id":"${id}"}`));
  recorder.record("express-ws", "/ws", text('{"type":"bye","re":"0"}'));
  recorder.record("express-ws", "/ws", text('{"type":"bye","re":"1"}'));
  expect(recorder.entries.slice(-2).map(({ partner }) => partner)).toEqual([undefined, 2]);
});
