import { expect, test } from "vitest";
import { Latencies, startSchedule } from "./schedule.ts";

test("each percentile is reported under its own name", () => {
  const latencies = new Latencies();
  // 1 ms to 1 s, each once.
  for (let ms = 1; ms <= 1_000; ms++) latencies.note(0, ms);
  const { p50, p90, p99, p999, max } = latencies.read();
  const ms = [p50, p90, p99, p999, max].map((micros) => Math.round(micros / 1_000));
  expect(ms).toEqual([500, 900, 990, 999, 1_000]);
});

test("a latency is given in microseconds, and anything below one counts as one", () => {
  const latencies = new Latencies();
  latencies.note(10, 10.25);
  expect(latencies.read()).toMatchObject({ p50: 250, max: 250 });
  const none = new Latencies();
  none.note(10, 10);
  expect(none.read().max).toBe(1);
});

test("a message that could not be sent in time still counts from when it was due", async () => {
  const dues: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const began = performance.now();
  const end = startSchedule(1_000, (due) => {
    dues.push(due);
    // Nothing can be sent for a while.
    if (dues.length === 2) block(30);
    if (dues.length === 20) resolve();
  });
  await promise;
  end();
  const first = dues[0] ?? Number.NaN;
  expect(first).toBeGreaterThanOrEqual(began);
  expect(dues.slice(0, 20).map((due) => Math.round(due - first))).toEqual(
    Array.from({ length: 20 }, (_, index) => index),
  );
});

test("a stopped schedule sends nothing more", async () => {
  let sent = 0;
  const end = startSchedule(10_000, () => {
    sent++;
  });
  end();
  const before = sent;
  block(2);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toBe(before);
});

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
