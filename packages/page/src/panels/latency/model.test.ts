import { expect, test } from "vitest";
import { keptBeats, LatencyBook, readMetric } from "./model.ts";

test("percentiles are round trips that happened", () => {
  const book = new LatencyBook();
  for (let roundTripMs = 20; roundTripMs >= 1; roundTripMs--) book.answered(roundTripMs, 0);
  expect([book.percentile(50), book.percentile(95), book.percentile(100)]).toEqual([10, 19, 20]);
});

test("without an answer there is nothing to tell but that", () => {
  const book = new LatencyBook();
  book.unanswered("not connected");
  expect(book).toMatchObject({ count: 1, missed: 1, clockOffsetMs: undefined });
  expect(book.percentile(50)).toBeUndefined();
  expect(book.beats[0]).toMatchObject({ number: 1, roundTripMs: undefined, reason: "not connected" });
});

test("the clock offset is that of the fastest answer", () => {
  const book = new LatencyBook();
  book.answered(9, 100);
  book.answered(1, 5);
  book.answered(4, 50);
  expect(book.clockOffsetMs).toBe(5);
});

test("beats are bounded, their counts are not", () => {
  const book = new LatencyBook();
  for (let ping = 0; ping < keptBeats + 10; ping++) book.answered(ping, 0);
  book.unanswered("timeout");
  expect(book.beats).toHaveLength(keptBeats);
  expect(book).toMatchObject({ count: keptBeats + 11, missed: 1 });
  expect(book.beats.at(-1)?.number).toBe(keptBeats + 11);
});

test("a metric is found by its whole name, summed over its labels or with one of them", () => {
  const text = [
    "# HELP rosetta_connections Open connections by endpoint.",
    'rosetta_connections{endpoint="/ws"} 2',
    'rosetta_connections{endpoint="/echo"} 1',
    "rosetta_heartbeat_deaths_total 4",
  ].join("\n");
  expect(readMetric(text, "rosetta_connections")).toBe(3);
  expect(readMetric(text, "rosetta_connections", 'endpoint="/ws"')).toBe(2);
  expect(readMetric(text, "rosetta_heartbeat_deaths_total")).toBe(4);
  expect(readMetric(text, "rosetta_heartbeat")).toBeUndefined();
  expect(readMetric("<html>", "rosetta_connections")).toBeUndefined();
});

test("a percentile between two ranks is the higher one", () => {
  const book = new LatencyBook();
  for (const roundTripMs of [30, 10, 20]) book.answered(roundTripMs, 0);
  expect([0, 1, 34, 50, 67, 99].map((percent) => book.percentile(percent))).toEqual([10, 10, 20, 20, 30, 30]);
});
