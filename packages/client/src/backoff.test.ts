import { expect, test } from "vitest";
import { defaultBackoff, patienceMs, retryWindow } from "./backoff.ts";
import { ReconnectingSocket } from "./socket.ts";
import { FakeHost, type FakeSocket } from "./testing/fake-host.ts";

const window = (attempt: number, code = 1006, spreadMs?: number) =>
  retryWindow(defaultBackoff, attempt, code, spreadMs);

// Written out, because the client must be installable without the tools, which have one of their own.
/** Returns a generator of numbers from 0 to 1, always the same: Park and Miller's. */
function chance(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state / 0x7fff_ffff;
  };
}

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
  expect(window(1, 1001, 0)).toEqual([1_000, 1_500]);
});

test("no server can send its clients away for longer than 5 min", () => {
  expect(window(1, 1012, 2 ** 40)).toEqual([1_000, 301_000]);
});

test("an overloaded server is left alone four times as long", () => {
  expect(window(1, 1013)).toEqual([1_000, 3_000]);
  expect(window(99, 1013)).toEqual([1_000, 41_000]);
});

test("offline waits four times as long, and no longer if the server is overloaded too", () => {
  expect(retryWindow(defaultBackoff, 1, 1006, undefined, true)).toEqual([1_000, 3_000]);
  expect(retryWindow(defaultBackoff, 9, 1013, undefined, true)).toEqual([1_000, 41_000]);
  expect(retryWindow(defaultBackoff, 1, 1012, undefined, true)).toEqual([1_000, 6_000]);
});

test("patience doubles with each try, up to 30 s or what is usual", () => {
  expect([0, 1, 2, 3, 2_000].map((attempt) => patienceMs(4_000, attempt))).toEqual([
    4_000, 8_000, 16_000, 30_000, 30_000,
  ]);
  expect([0, 1].map((attempt) => patienceMs(60_000, attempt))).toEqual([60_000, 60_000]);
});

interface Loss {
  clients: number;
  lose: (socket: FakeSocket) => void;
  goneMs: number;
  random: () => number;
}

/** Clients lose one server at once. Returns how many connect in each 100 ms from when it is back. */
function herd({ clients, random, lose, goneMs }: Loss): number[] {
  const host = Object.assign(new FakeHost(), { random });
  const arrivals = Array.from({ length: clients }, () => arrival(host, lose, goneMs));
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

test("10,000 clients do not come back as a herd", { timeout: 30_000 }, () => {
  const crash = { lose: (socket: FakeSocket) => socket.end(1006), goneMs: 10_000 };
  // Without chance, all of them come at once.
  expect(Math.max(...herd({ ...crash, clients: 100, random: () => 0.5 }))).toBe(100);
  const arrivals = herd({ ...crash, clients: 10_000, random: chance() });
  expect(Math.max(...arrivals)).toBeLessThan(300);
  // The last one waited for the longest delay.
  expect(arrivals.length).toBeLessThanOrEqual(103);
});

test("after a planned restart, 10,000 clients come back evenly", { timeout: 30_000 }, () => {
  const lose = (socket: FakeSocket) => socket.end(1012);
  const arrivals = herd({ clients: 10_000, lose, goneMs: 1_000, random: chance() });
  expect(arrivals.length).toBe(50);
  expect(Math.max(...arrivals)).toBeLessThan(300);
  expect(Math.min(...arrivals)).toBeGreaterThan(100);
});
