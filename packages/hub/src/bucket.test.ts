import fc from "fast-check";
import { expect, test } from "vitest";
import { Bucket } from "./bucket.ts";

test("a bucket gives what it holds at once, then what it earns", () => {
  const bucket = new Bucket(3, 10, 0);
  expect([1, 2, 3, 4].map(() => bucket.take(0))).toEqual([true, true, true, false]);
  expect(bucket.waitMs()).toBe(100);
  expect(bucket.take(99)).toBe(false);
  expect(bucket.take(100)).toBe(true);
  expect(bucket.take(100)).toBe(false);
});

test("a bucket earns no more than it holds", () => {
  const bucket = new Bucket(2, 10, 0);
  expect([1, 2, 3].map(() => bucket.take(3_600_000))).toEqual([true, true, false]);
});

test("whoever waits as long as they are told gets one; and never more than was earned", () => {
  const waits = fc.array(fc.nat(300), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 50 }),
      waits,
      (size, rate, steps) => {
        const bucket = new Bucket(size, rate, 0);
        let now = 0;
        let taken = 0;
        for (const step of steps) {
          now += step;
          if (bucket.take(now)) taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(size + (now / 1_000) * rate + 1e-6);
        expect(bucket.take(now + bucket.waitMs() + 1)).toBe(true);
      },
    ),
  );
});
