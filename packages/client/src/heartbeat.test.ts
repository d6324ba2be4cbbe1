import { expect, test } from "vitest";
import { defaultHeartbeat, startHeartbeat } from "./heartbeat.ts";
import { FakeHost } from "./testing/fake-host.ts";

function started() {
  const host = new FakeHost();
  const calls: string[] = [];
  const heartbeat = startHeartbeat(host, defaultHeartbeat, {
    ping: () => void calls.push("ping"),
    dead: () => void calls.push("dead"),
  });
  return { host, calls, heartbeat };
}

test("asks after 25 s of silence, and gives up 10 s later", () => {
  const { host, calls } = started();
  host.advance(24_999);
  expect(calls).toEqual([]);
  host.advance(1);
  expect(calls).toEqual(["ping"]);
  host.advance(9_999);
  expect(calls).toEqual(["ping"]);
  host.advance(1);
  expect(calls).toEqual(["ping", "dead"]);
});

test("any message is a sign of life, before and after it asked", () => {
  const { host, calls, heartbeat } = started();
  host.advance(24_999);
  heartbeat.heard();
  host.advance(24_999);
  expect(calls).toEqual([]);
  host.advance(1);
  host.advance(9_999);
  heartbeat.heard();
  host.advance(24_999);
  expect(calls).toEqual(["ping"]);
});

test("however many messages come, one timer runs", () => {
  const { host, heartbeat } = started();
  for (let message = 0; message < 3; message++) {
    heartbeat.heard();
    expect(host.timers).toBe(1);
  }
});

test.each(["visible", "online", "pageshow"] as const)(
  "on `%s` it asks at once, and gives up after 3 s",
  (event) => {
    const { host, calls } = started();
    host.happen(event);
    expect(calls).toEqual(["ping"]);
    host.advance(2_999);
    expect(calls).toEqual(["ping"]);
    host.advance(1);
    expect(calls).toEqual(["ping", "dead"]);
  },
);

test("hiding is no reason to ask", () => {
  const { host, calls } = started();
  host.happen("hidden");
  expect(calls).toEqual([]);
});

test("a hidden page asks, but does not judge; when it is visible again, it asks anew", () => {
  const { host, calls } = started();
  host.happen("hidden");
  host.advance(600_000);
  expect(calls).toEqual(["ping"]);
  host.happen("visible");
  expect(calls).toEqual(["ping", "ping"]);
  host.advance(3_000);
  expect(calls).toEqual(["ping", "ping", "dead"]);
});

test("a machine that slept through the deadline asks anew before it judges", () => {
  const { host, calls, heartbeat } = started();
  host.advance(25_000);
  host.sleep(3_600_000);
  expect(calls).toEqual(["ping", "ping"]);
  host.advance(2_999);
  heartbeat.heard();
  host.advance(24_999);
  expect(calls).toEqual(["ping", "ping"]);
});

test("a deadline that is noticed 2 s too late is one, and no sleep", () => {
  const { host, calls } = started();
  host.advance(25_000);
  host.sleep(12_000);
  expect(calls).toEqual(["ping", "dead"]);
});

test("a machine that slept and finds nobody gives up after 3 s", () => {
  const { host, calls } = started();
  host.advance(25_000);
  host.sleep(3_600_000);
  host.advance(3_000);
  expect(calls).toEqual(["ping", "ping", "dead"]);
});

test("stopped, it neither asks nor watches", () => {
  const { host, calls, heartbeat } = started();
  heartbeat.stop();
  host.happen("visible");
  host.advance(600_000);
  expect([calls, host.timers, host.watchers]).toEqual([[], 0, 0]);
});

test("times can be set", () => {
  const host = new FakeHost();
  const calls: number[] = [];
  const times = { idleMs: 100, deadlineMs: 50, probeMs: 10 };
  const note = () => void calls.push(host.now());
  const start = host.now();
  startHeartbeat(host, times, { ping: note, dead: note });
  host.advance(1_000);
  expect(calls).toEqual([start + 100, start + 150]);
});
