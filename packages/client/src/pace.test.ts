import { describe, expect, test } from "vitest";
import { Pace } from "./pace.ts";

const allowance = { messageBytes: 2_048, messagesPerSecond: 10, burst: 20 };

/** Sends as fast as the pace allows between the two times. Returns when each message went out. */
function sendAll(pace: Pace, fromMs: number, untilMs: number): number[] {
  const sent: number[] = [];
  for (let now = fromMs; ; ) {
    const waitMs = pace.waitMs(100, now);
    if (now + waitMs > untilMs) return sent;
    now += waitMs;
    pace.spend();
    sent.push(now);
  }
}

describe("before the server has said what it accepts", () => {
  test("16 messages can go out, and then none", () => {
    const pace = new Pace();
    expect(sendAll(pace, 0, 1_000_000)).toEqual(new Array(16).fill(0));
    expect(pace.waitMs(1, 1_000_000)).toBe(Infinity);
  });

  test("they can be as long as every server accepts, 1 KiB", () => {
    const pace = new Pace();
    expect([1_024, 1_025].map((bytes) => pace.waitMs(bytes, 0))).toEqual([0, Infinity]);
    expect(pace.isTooLong(1_000_000)).toBe(false);
  });
});

describe("once the server has said", () => {
  test("four fifths of what it allows go out, at once and each second", () => {
    const pace = new Pace();
    pace.learn(allowance, 5_000);
    const sent = sendAll(pace, 5_000, 7_000);
    expect(sent.filter((at) => at === 5_000)).toHaveLength(16);
    expect(sent).toHaveLength(16 + 16);
    expect(sent.at(-1)).toBe(7_000);
  });

  test("messages sent before count", () => {
    const pace = new Pace();
    for (let message = 0; message < 6; message++) pace.spend();
    pace.learn(allowance, 0);
    expect(sendAll(pace, 0, 0)).toHaveLength(10);
  });

  test("too many messages sent before delay the next one", () => {
    const pace = new Pace();
    for (let message = 0; message < 16; message++) pace.spend();
    pace.learn({ ...allowance, burst: 10 }, 0);
    expect(pace.waitMs(1, 0)).toBe(1_125);
  });

  test("silence refills the burst, and no more", () => {
    const pace = new Pace();
    pace.learn(allowance, 0);
    expect(sendAll(pace, 0, 0)).toHaveLength(16);
    expect(sendAll(pace, 60_000, 60_000)).toHaveLength(16);
  });

  test("a burst of one allows one message", () => {
    const pace = new Pace();
    pace.learn({ ...allowance, messagesPerSecond: 1, burst: 1 }, 0);
    expect(sendAll(pace, 0, 3_000)).toEqual([0, 1_250, 2_500]);
  });

  test("a message over its limit is too long, one at the limit is not", () => {
    const pace = new Pace();
    pace.learn(allowance, 0);
    expect([2_048, 2_049].map((bytes) => pace.isTooLong(bytes))).toEqual([false, true]);
  });

  test("nothing goes out for as long as it says", () => {
    const pace = new Pace();
    pace.learn(allowance, 0);
    pace.hold(700, 100);
    pace.hold(300, 200);
    expect([100, 799, 800].map((now) => pace.waitMs(1, now))).toEqual([700, 1, 0]);
  });

  test("a wait is whole milliseconds, and at least one", () => {
    const pace = new Pace();
    pace.learn({ ...allowance, messagesPerSecond: 3, burst: 1 }, 0);
    pace.spend();
    expect(pace.waitMs(1, 0)).toBe(417);
    expect([pace.waitMs(1, 416.666_666), pace.waitMs(1, 417)]).toEqual([1, 0]);
  });
});
