import type { SocketState } from "@rosetta/client";
import { expect, test } from "vitest";
import { recorderOf, text } from "../../wire/recorder.testing.ts";
import { keptLength, WireRecorder, wireCapacity } from "../../wire/recorder.ts";
import { isCut, isRequest, jsonLine, rowText, summaryOf, typeOf, WireFilter } from "./model.ts";

test("a row tells whether only its beginning was kept", () => {
  const [long, short] = recorderOf("ä".repeat(keptLength + 1), "short").entries;
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
    reason: "clean",
    wasClean: true,
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

test("a row is exported as a line of JSON, its bytes in hex", () => {
  const recorder = recorderOf("ä\n");
  recorder.record("express-ws", "/echo", {
    direction: "out",
    at: 1,
    kind: "binary",
    data: Uint8Array.of(0, 255),
  });
  expect(recorder.entries.map((entry) => JSON.parse(jsonLine(entry)))).toEqual([
    {
      ...{ at: "1970-01-01T00:00:00.000Z", number: 1, server: "express-ws", path: "/ws", connection: "" },
      ...{ direction: "in", kind: "text", size: 3, text: "ä\n" },
    },
    {
      ...{ at: "1970-01-01T00:00:00.001Z", number: 2, server: "express-ws", path: "/echo", connection: "" },
      ...{ direction: "out", kind: "binary", size: 2, hex: "00ff" },
    },
  ]);
});

test("a filter is plain text, not a pattern", () => {
  const recorder = recorderOf("a.c", "abc", "(", "a|b", "\\d");
  const found = (wanted: string) => new WireFilter().apply(recorder.entries, wanted).map(({ data }) => data);
  expect(found("a.c")).toEqual(["a.c"]);
  expect(found("(")).toEqual(["("]);
  expect(found("a|b")).toEqual(["a|b"]);
  expect(found("\\d")).toEqual(["\\d"]);
});

test("a filter finds what a row is about: direction, server, path, type and note", () => {
  const recorder = recorderOf('{"type":"welcome"}');
  recorder.record("fastify-ws", "/echo", {
    direction: "out",
    at: 0,
    kind: "close",
    code: 4123,
    reason: "enough",
  });
  const found = (wanted: string) =>
    new WireFilter().apply(recorder.entries, wanted).map(({ number }) => number);
  for (const wanted of ["in express", "/ws welcome", "welcome"]) expect(found(wanted), wanted).toEqual([1]);
  for (const wanted of ["out fastify", "/echo", "close 4123 enough"])
    expect(found(wanted), wanted).toEqual([2]);
});

test("an unchanged filter checks new rows only", () => {
  const recorder = recorderOf("alpha 1");
  const filter = new WireFilter();
  filter.apply(recorder.entries, "alpha");
  recorder.record("express-ws", "/ws", text("alpha 2"));
  expect(filter.apply(recorder.entries, "alpha")).toHaveLength(2);
});

test("a row is one short line, whatever it contains", () => {
  const recorder = recorderOf(`{"type":"echo","text":"${"x".repeat(300)}"}`);
  const binary = (data: Uint8Array) =>
    recorder.record("express-ws", "/echo", { direction: "in", at: 0, kind: "binary", data });
  binary(new Uint8Array(300));
  binary(new Uint8Array(0));
  const [long = "", bytes = "", empty] = recorder.entries.map(summaryOf);
  expect(long).toBe(`"${"x".repeat(120)}…"`);
  expect(bytes.split(" ")).toHaveLength(24);
  expect(empty).toBe("");
});

test("an exported line says that it is cut, and keeps the note", () => {
  const recorder = recorderOf("x".repeat(keptLength + 1));
  recorder.record("express-ws", "/ws", {
    direction: "in",
    at: 0,
    kind: "close",
    code: 1000,
    reason: "clean",
    wasClean: true,
  });
  const [cut, noted] = recorder.entries.map((entry) => JSON.parse(jsonLine(entry)));
  expect(cut).toMatchObject({ cut: true, size: keptLength + 1 });
  expect(noted).toMatchObject({ note: "1000 clean" });
  expect(noted).not.toHaveProperty("cut");
});

test("only messages of this side await a reply", () => {
  const [received] = recorderOf('{"type":"welcome","id":"1"}').entries;
  expect(received && isRequest(received)).toBe(false);
});

test("a row that the protocol does not know is as short as any other", () => {
  const [unknown] = recorderOf("x".repeat(300)).entries;
  expect(unknown && summaryOf(unknown)).toHaveLength(200);
});

test("HTTP rows have the names of HTTP, and the address as people write it", () => {
  const recorder = new WireRecorder();
  recorder.record("express-ws", "/poll", {
    ...{ kind: "request", direction: "out", at: 0 },
    data: "/poll?topic=weather%2Fberlin",
  } as const);
  recorder.record("express-ws", "/poll", {
    ...{ kind: "response", direction: "in", at: 0, status: 200 },
    ...{ says: "1 event, at #4", data: "{}" },
  } as const);
  recorder.record("express-ws", "/events", {
    kind: "sse",
    direction: "in",
    at: 0,
    event: "event",
    data: "x",
  });
  expect(recorder.entries.map(typeOf)).toEqual(["GET", "HTTP 200", "SSE"]);
  expect(recorder.entries.map(summaryOf)).toEqual(["/poll?topic=weather/berlin", "1 event, at #4", "x"]);
});

test("the rows of a connection tell its life: the request, the result and the end", () => {
  const recorder = new WireRecorder();
  const record = (frame: Parameters<WireRecorder["record"]>[2]) =>
    recorder.record("express-ws", "/ws", frame);
  const state = (state: SocketState) => record({ direction: "out", at: 0, kind: "state", state });
  state({ name: "connecting", attempt: 0 });
  record({ direction: "in", at: 0, kind: "open", protocol: "rosetta.v1.json" });
  record({ direction: "in", at: 0, kind: "close", code: 1006, reason: "", wasClean: false });
  state({ name: "stopped", reason: "closed by the client" });
  expect(recorder.entries.map((entry) => `${typeOf(entry)}: ${summaryOf(entry)}`)).toEqual([
    "connecting: GET /ws, Upgrade: websocket",
    "open: 101 Switching Protocols, /ws rosetta.v1.json",
    "close: /ws 1006, cut without a close frame",
    "stopped: /ws closed by the client",
  ]);
  // A handshake that is refused looks the same to the page, but nothing was cut.
  record({ direction: "in", at: 0, kind: "close", code: 1006, reason: "", wasClean: false });
  expect(recorder.entries.map(summaryOf).at(-1)).toBe("/ws 1006, it never opened");
});

test("a row is a sentence for readers who cannot see the drawing", () => {
  const recorder = new WireRecorder();
  const data = '{"type":"publish","topic":"room/lobby","to":"all","text":"hi"}';
  recorder.record(
    "express-ws",
    "/ws",
    { direction: "out", at: 0, kind: "text", data },
    "rosetta-chat friend",
  );
  recorder.record("express-ws", "/ws", { direction: "in", at: 0, kind: "open", protocol: "" });
  const [said, opened] = recorder.entries.map((entry) => rowText(entry, "express-ws"));
  expect(said).toMatch(/^sent [\d:.]+ express-ws friend publish 62 B lobby, to all: "hi"$/);
  expect(opened).toMatch(/^[\d:.]+ express-ws open 101 Switching Protocols, \/ws$/);
});
