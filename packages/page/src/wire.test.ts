import type { FrameEvent } from "@rosetta/client";
import { expect, test } from "vitest";
import { isCut, keptLength, summaryOf, typeOf, WireFilter, WireRecorder, wireCapacity } from "./wire.ts";

function text(data: string): FrameEvent {
  return { direction: "in", at: 0, kind: "text", data };
}

function recorderOf(...texts: string[]): WireRecorder {
  const recorder = new WireRecorder();
  for (const data of texts) recorder.record("express-ws", "/ws", text(data));
  return recorder;
}

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
  expect(long && isCut(long)).toBe(true);
  expect(short && isCut(short)).toBe(false);
});

test("the type is the message's own, not one that its text talks of", () => {
  const message = JSON.stringify({ text: '"type":"welcome"', type: "echo" });
  const [entry] = recorderOf(message).entries;
  expect(entry && typeOf(entry)).toBe("echo");
});

test("what is no message of the protocol is named by its kind", () => {
  const recorder = new WireRecorder();
  recorder.record("express-ws", "/echo", text('{"type":"event"}'));
  recorder.record("express-ws", "/echo", {
    direction: "in",
    at: 0,
    kind: "binary",
    data: new Uint8Array([0, 255]),
  });
  recorder.record("express-ws", "/echo", {
    direction: "in",
    at: 0,
    kind: "close",
    code: 1000,
    note: "clean",
  });
  expect(recorder.entries.map(typeOf)).toEqual(["text", "binary", "close"]);
  expect(recorder.entries.map(summaryOf)).toEqual(['{"type":"event"}', "00 ff", "/echo 1000 clean"]);
});

test("a filter finds text whatever its case, and follows the log", () => {
  const recorder = recorderOf("Alpha", "beta");
  const filter = new WireFilter();
  const shown = () => filter.apply(recorder.entries, " ALPHA ").map((entry) => entry.data);
  expect(shown()).toEqual(["Alpha"]);
  recorder.record("express-ws", "/ws", text("alphabet"));
  recorder.record("express-ws", "/ws", text("gamma"));
  expect(shown()).toEqual(["Alpha", "alphabet"]);
  recorder.clear();
  expect(shown()).toEqual([]);
  recorder.record("express-ws", "/ws", text("alpha again"));
  expect(shown()).toEqual(["alpha again"]);
});

test("a filter forgets rows that the log dropped", () => {
  const recorder = recorderOf("alpha");
  const filter = new WireFilter();
  filter.apply(recorder.entries, "alpha");
  for (let count = 0; count < wireCapacity; count += 1) recorder.record("express-ws", "/ws", text("x"));
  expect(filter.apply(recorder.entries, "alpha")).toEqual([]);
});

test("a filter finds everything again when a paused view is shown after a newer one", () => {
  const recorder = recorderOf("alpha");
  const paused = [...recorder.entries];
  recorder.record("express-ws", "/ws", text("alpha two"));
  const filter = new WireFilter();
  filter.apply(recorder.entries, "alpha");
  expect(filter.apply(paused, "alpha")).toHaveLength(1);
  expect(filter.apply(recorder.entries, "")).toHaveLength(2);
});
