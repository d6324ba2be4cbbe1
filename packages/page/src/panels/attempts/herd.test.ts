import { defaultBackoff, retryWindow } from "@rosetta/client";
import { expect, test } from "vitest";
import { type Herd, stampede } from "./herd.ts";

/** Evenly spread, and the same in every run. */
function evenly(steps: number): () => number {
  let step = 0;
  return () => (step++ % steps) / steps;
}

const herd: Herd = { clients: 1000, code: 1006, awayMs: 0, jitter: true, random: evenly(1000) };

test("without jitter all come at once", () => {
  const { counts, peak } = stampede({ ...herd, jitter: false });
  expect(peak).toBe(1000);
  expect(counts.filter((count) => count > 0)).toEqual([1000]);
});

test("with jitter they are spread over the window", () => {
  const { counts, lastMs } = stampede(herd);
  expect(counts).toEqual([0, 300, 400, 300]);
  expect(lastMs).toBeLessThan(750);
});

test("a restart spreads them wider", () => {
  const { peak, counts } = stampede({ ...herd, code: 1012 });
  expect(peak).toBe(40);
  expect(counts.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
});

test("while nobody answers, each tries again, ever more seldom", () => {
  const { counts, lastMs } = stampede({ ...herd, awayMs: 4000, jitter: false });
  expect(counts.map((count, bin) => [bin, count]).filter(([, count]) => count !== 0)).toEqual([
    [3, 1000],
    [10, 1000],
    [21, 1000],
  ]);
  expect(lastMs).toBe(4250);
});

test("nobody makes no bars", () => {
  expect(stampede({ ...herd, clients: 0 })).toMatchObject({ counts: [], peak: 0 });
});

test("the first wait follows the close code, and waits after failed attempts follow 1006", () => {
  const high = (attempt: number, code: number) => retryWindow(defaultBackoff, attempt, code)[1];
  const { lastMs } = stampede({ ...herd, clients: 1, code: 1012, awayMs: high(1, 1012) + 1, jitter: false });
  expect(lastMs).toBe(high(1, 1012) + high(2, 1006));
  expect(high(2, 1012)).not.toBe(high(2, 1006));
});

test("a client that comes at the very moment the server is back gets through", () => {
  const [, high] = retryWindow(defaultBackoff, 1, 1006);
  expect(stampede({ ...herd, clients: 1, awayMs: high, jitter: false }).lastMs).toBe(high);
});

test("the last to be back need not be the last in the list", () => {
  const draws = [0.9, 0.1];
  const random = () => draws.shift() ?? 0;
  const [low, high] = retryWindow(defaultBackoff, 1, 1006);
  expect(stampede({ ...herd, clients: 2, random }).lastMs).toBeCloseTo(low + 0.9 * (high - low));
});
