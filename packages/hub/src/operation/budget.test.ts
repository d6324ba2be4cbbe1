import { describe, expect, test } from "vitest";
import { setUp } from "../testing/index.ts";
import { type Queue, QueueBudget } from "./budget.ts";

/** A queue of a fixed number of bytes, until it is cut. */
class Reader implements Queue {
  bytes: number;
  isCut = false;
  asked = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  queued(): number {
    this.asked += 1;
    return this.isCut ? 0 : this.bytes;
  }

  cut(): void {
    this.isCut = true;
  }
}

function cutOf(readers: Reader[]): number[] {
  return readers.filter(({ isCut }) => isCut).map(({ bytes }) => bytes);
}

describe("a budget for waiting bytes", () => {
  test("cuts the longest queues, and only as many as necessary", () => {
    const readers = [100, 700, 300, 500].map((bytes) => new Reader(bytes));
    const budget = new QueueBudget(1_000, () => readers);
    budget.settle();
    expect(cutOf(readers)).toEqual([700]);
    for (const reader of readers) reader.bytes += 150;
    budget.settle();
    expect(cutOf(readers)).toEqual([850, 650]);
  });

  test("cuts nobody while all queues together are within it", () => {
    const readers = [400, 600].map((bytes) => new Reader(bytes));
    new QueueBudget(1_000, () => readers).settle();
    expect(cutOf(readers)).toEqual([]);
  });

  test("asks the queues only when it could be exceeded, that is once as much as had room was written", () => {
    const reader = new Reader(0);
    const budget = new QueueBudget(1_000_000, () => [reader]);
    for (let message = 0; message < 600; message++) budget.wrote(1_000, 1);
    expect(reader.asked).toBe(0);
    for (let message = 0; message < 100; message++) budget.wrote(1_000, 1);
    expect(reader.asked).toBe(1);
  });

  test("counts what a message costs beyond its bytes, for each of many readers", () => {
    const reader = new Reader(0);
    const budget = new QueueBudget(1_000_000, () => [reader]);
    budget.wrote(1, 1_000);
    expect(reader.asked).toBe(0);
    budget.wrote(1, 1_000);
    expect(reader.asked).toBe(1);
  });

  test("does not ask for each message when hardly any room is left", () => {
    const reader = new Reader(999_999);
    const budget = new QueueBudget(1_000_000, () => [reader]);
    budget.settle();
    for (let message = 0; message < 80; message++) budget.wrote(1_000, 1);
    expect(reader.asked).toBe(1);
    for (let message = 0; message < 10; message++) budget.wrote(1_000, 1);
    expect(reader.asked).toBe(2);
  });
});

describe("a round in which all queues are asked", () => {
  test("leaves the room that they have not filled, less the bytes written during the round", () => {
    const reader = new Reader(0);
    const budget = new QueueBudget(1_000_000, () => [reader]);
    budget.beginRound();
    budget.wrote(488, 500);
    budget.endRound(100_000);
    budget.wrote(488, 400);
    expect(reader.asked).toBe(0);
    budget.wrote(488, 1);
    expect(reader.asked).toBe(1);
  });

  test("cuts the longest if together they have too much", () => {
    const readers = [400, 700].map((bytes) => new Reader(bytes));
    const budget = new QueueBudget(1_000, () => readers);
    budget.beginRound();
    budget.endRound(1_100);
    expect(cutOf(readers)).toEqual([700]);
  });
});

test("bytes written in a round, after the queues were asked once more, count when the round ends", () => {
  const reader = new Reader(0);
  const budget = new QueueBudget(1_000_000, () => [reader]);
  const write = (bytes: number) => budget.wrote(bytes - 512, 1);
  write(500_000);
  budget.beginRound();
  write(600_000);
  expect(reader.asked).toBe(1);
  write(800_000);
  budget.endRound(0);
  write(300_000);
  expect(reader.asked).toBe(2);
});

describe("a server over its budget", () => {
  test("ends the slowest reader at once, counts it, and serves the others", async () => {
    const { hub, greet } = setUp({ limits: { queueBytesTotal: 100_000 } });
    const [slow, fast, author] = [await greet(), await greet(), await greet()];
    for (const peer of [slow, fast]) await peer.say({ type: "subscribe", id: "s", topic: "room/a" });
    slow.socket.queued = 101_000;
    fast.socket.queued = 900;
    for (let index = 0; index < 100; index++) {
      await author.say({
        type: "publish",
        id: `${index}`,
        topic: "room/a",
        to: "all",
        text: "x".repeat(500),
      });
    }
    expect([slow, fast, author].map(({ socket }) => socket.isTerminated)).toEqual([true, false, false]);
    expect(hub.metrics().body).toContain("rosetta_slow_total 1");
    expect(fast.heardOf("event").length).toBeGreaterThan(90);
  });

  test("counts a shared queue until that is removed", () => {
    const { hub, inside } = setUp();
    const reader = new Reader(77);
    const forget = inside.connections.share(reader);
    expect(hub.metrics().body).toContain("rosetta_queue_bytes 77");
    forget();
    expect(hub.metrics().body).toContain("rosetta_queue_bytes 0");
  });
});
