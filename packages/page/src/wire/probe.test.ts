import type { FrameEvent } from "@rosetta/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type FakeWebSocket, stubWebSocket } from "../shared/socket.testing.ts";
import { Probe, type ProbeEnd } from "./probe.ts";

let newest: () => FakeWebSocket;
beforeEach(() => {
  vi.useFakeTimers();
  newest = stubWebSocket();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function begin() {
  const frames: FrameEvent[] = [];
  const [opened, messages, ends] = [[] as string[], [] as unknown[], [] as ProbeEnd[]];
  const probe = new Probe("ws://here/ws", ["a", "b"], {
    frame: (frame) => void frames.push(frame),
    open: (protocol) => void opened.push(protocol),
    message: (data) => void messages.push(data),
    end: (end) => void ends.push(end),
  });
  return { probe, ws: newest(), frames, opened, messages, ends };
}

test("a probe offers the subprotocols it was given, and reports the chosen one", () => {
  const { ws, opened, probe } = begin();
  expect([ws.url, ws.protocols, ws.binaryType]).toEqual(["ws://here/ws", ["a", "b"], "arraybuffer"]);
  expect(probe.isOpen).toBe(false);
  ws.accept("b");
  expect(opened).toEqual(["b"]);
  expect(probe.isOpen).toBe(true);
});

test("text stays text and bytes stay bytes, both ways, and every message is reported", () => {
  const { probe, ws, messages, frames } = begin();
  probe.send("too early");
  ws.accept();
  probe.send("text");
  probe.send(Uint8Array.of(1));
  ws.receive("text");
  ws.receive(Uint8Array.of(2).buffer);
  expect(ws.sent).toEqual(["text", Uint8Array.of(1)]);
  expect(messages).toEqual(["text", Uint8Array.of(2)]);
  expect(frames.map(({ direction, kind }) => `${direction} ${kind}`)).toEqual([
    "in open",
    "out text",
    "out binary",
    "in text",
    "in binary",
  ]);
});

test("an end reports what the browser knows, whether it was open, who closed, and how long it was silent", () => {
  const refused = begin();
  refused.ws.end();
  expect(refused.ends).toMatchObject([{ code: 1006, opened: false, byPage: false, wasClean: false }]);
  const { probe, ws, ends } = begin();
  ws.accept();
  vi.advanceTimersByTime(1_000);
  ws.receive("x");
  vi.advanceTimersByTime(2_500);
  probe.close(4_123, "enough");
  ws.end(4_123, "enough", true);
  expect(ws.closed).toEqual([[4_123, "enough"]]);
  expect(ends).toEqual([
    { code: 4_123, reason: "enough", wasClean: true, opened: true, byPage: true, idleMs: 2_500 },
  ]);
});

test("sending ends a silence too", () => {
  const { probe, ws, ends } = begin();
  ws.accept();
  vi.advanceTimersByTime(5_000);
  probe.send("x");
  vi.advanceTimersByTime(700);
  ws.end();
  expect(ends[0]?.idleMs).toBe(700);
});

test("a code that must not be sent ends nothing", () => {
  const { probe, ws, frames, ends } = begin();
  ws.accept();
  expect(() => probe.close(999)).toThrow();
  ws.end(1006);
  expect(ends[0]?.byPage).toBe(false);
  expect(frames.some(({ direction, kind }) => direction === "out" && kind === "close")).toBe(false);
});

test("a second close does nothing, and after leaving nothing is heard", () => {
  const { probe, ws, frames, ends, messages } = begin();
  ws.accept();
  probe.leave();
  probe.close(1000);
  ws.receive("late");
  ws.end(1000, "", true);
  expect(ws.closed).toEqual([[1000, undefined]]);
  expect(frames.filter(({ kind }) => kind === "close")).toHaveLength(1);
  expect([ends, messages]).toEqual([[], []]);
});

test("leaving before it is open closes it as soon as it opens", () => {
  const { probe, ws, opened } = begin();
  probe.leave();
  expect(ws.closed).toEqual([]);
  ws.accept();
  expect(ws.closed).toEqual([[1000]]);
  expect(opened).toEqual([]);
});
