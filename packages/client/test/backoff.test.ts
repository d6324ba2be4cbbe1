import { expect, test } from "vitest";
import { defaultBackoff, retryWindow } from "../src/backoff.ts";
import { ReconnectingSocket } from "../src/socket.ts";
import { FakeHost, type FakeSocket, seededRandom } from "./fakes.ts";

const window = (attempt: number, code = 1006, spreadMs?: number) =>
  retryWindow(defaultBackoff, attempt, code, spreadMs);

test("the window doubles with each retry, above a floor, up to a cap", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 2_000].map((attempt) => window(attempt))).toEqual([
    [250, 750],
    [250, 1_250],
    [250, 2_250],
    [250, 4_250],
    [250, 8_250],
    [250, 10_250],
    [250, 10_250],
    [250, 10_250],
  ]);
});

test("a restarting server gets its clients back over 5 s, after 1 s", () => {
  expect(window(1, 1012)).toEqual([1_000, 6_000]);
});

test("a restarting server may name the time over which it wants its clients back", () => {
  expect(window(1, 1012, 20_000)).toEqual([1_000, 21_000]);
});

test("a server that names a time is obeyed whatever the code", () => {
  expect(window(1, 1001, 20_000)).toEqual([1_000, 21_000]);
});

test("a spread of nothing still has the backoff's width, which grows", () => {
  expect(window(1, 1012, 0)).toEqual([1_000, 1_500]);
  expect(window(9, 1012, 0)).toEqual([1_000, 11_000]);
});

test("no server can send its clients away for longer than 5 min", () => {
  expect(window(1, 1012, 2 ** 40)).toEqual([1_000, 301_000]);
});

test("an overloaded server is left alone four times as long", () => {
  expect(window(1, 1013)).toEqual([1_000, 3_000]);
  expect(window(99, 1013)).toEqual([1_000, 41_000]);
});

/** 10,000 clients lose one server at once. Returns how many connect in each 100 ms from when it is back. */
function herd(lose: (socket: FakeSocket) => void, goneMs: number, random: () => number): number[] {
  const host = Object.assign(new FakeHost(), { random });
  const arrivals = Array.from({ length: 10_000 }, () => arrival(host, lose, goneMs));
  const buckets = new Map<number, number>();
  for (const at of arrivals) {
    const bucket = Math.floor(at / 100);
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
  return Array.from({ length: Math.max(...buckets.keys()) + 1 }, (_, bucket) => buckets.get(bucket) ?? 0);
}

/** Milliseconds from the server's return to that of one client, whose every attempt before fails at once. */
function arrival(host: FakeHost, lose: (socket: FakeSocket) => void, goneMs: number): number {
  const socket = new ReconnectingSocket("ws://test", { host });
  socket.open();
  host.socket.accept();
  host.advance(defaultBackoff.stableMs);
  const backAt = host.now() + goneMs;
  lose(host.socket);
  while (host.now() < backAt) {
    if (socket.state.name === "connecting") host.socket.end();
    if (socket.state.name === "waiting") host.advance(socket.state.delayMs);
  }
  socket.close();
  return host.now() - backAt;
}

test("10,000 clients do not come back as a herd", () => {
  const crash = (socket: FakeSocket) => socket.end(1006);
  const together = herd(crash, 10_000, () => 0.5);
  const jittered = herd(crash, 10_000, seededRandom(1));
  expect(Math.max(...together)).toBe(10_000);
  expect(Math.max(...jittered)).toBeLessThan(300);
  // The last is there after the longest delay.
  expect(jittered.length).toBeLessThanOrEqual(103);
});

test("after a planned restart, 10,000 clients come back evenly", () => {
  const restart = (socket: FakeSocket) => socket.end(1012);
  const buckets = herd(restart, 1_000, seededRandom(2));
  expect(buckets.length).toBe(50);
  expect(Math.max(...buckets)).toBeLessThan(300);
  expect(Math.min(...buckets)).toBeGreaterThan(100);
});
