import fc from "fast-check";
import { expect, test } from "vitest";
import { World } from "../testing/index.ts";
import { Bucket } from "./bucket.ts";
import { Clock } from "./clock.ts";

function startClock(): { world: World; clock: Clock } {
  const world = new World();
  const clock = new Clock(world);
  clock.start();
  return { world, clock };
}

/** Tries to take `count` tokens. Returns how many it got. */
function taken(bucket: Bucket, count: number): number {
  return Array.from({ length: count }, () => bucket.take()).filter(Boolean).length;
}

test("a bucket gives what it holds at once, then tokens as it earns them", async () => {
  const { world, clock } = startClock();
  const bucket = new Bucket(3, 10, clock);
  expect(taken(bucket, 4)).toBe(3);
  expect(bucket.waitMs()).toBe(100);
  await world.pass(99);
  expect(bucket.take()).toBe(false);
  await world.pass(1);
  expect(taken(bucket, 2)).toBe(1);
});

test("a bucket can begin with fewer tokens than its size, but not with more", () => {
  const { clock } = startClock();
  expect(taken(new Bucket(3, 10, clock, 1), 4)).toBe(1);
  expect(taken(new Bucket(3, 10, clock, 9), 9)).toBe(3);
});

test("a bucket never holds more tokens than its size", async () => {
  const { world, clock } = startClock();
  const bucket = new Bucket(2, 10, clock);
  await world.pass(60_000);
  expect(taken(bucket, 3)).toBe(2);
});

test("a wait is rounded up to whole milliseconds, after which there is a token", async () => {
  const { world, clock } = startClock();
  const bucket = new Bucket(1, 3, clock);
  bucket.take();
  expect(bucket.waitMs()).toBe(334);
  await world.pass(333);
  expect(bucket.take()).toBe(false);
  await world.pass(1);
  expect(bucket.take()).toBe(true);
});

test("a wait of many fractions is as long as announced", async () => {
  for (let rate = 1; rate <= 50; rate++) {
    const { world, clock } = startClock();
    const bucket = new Bucket(1, rate, clock);
    for (let round = 0; round < 20; round++) {
      expect(bucket.take()).toBe(true);
      for (let ms = 0; ms < 3; ms++) {
        await world.pass(1);
        expect(bucket.take()).toBe(false);
      }
      await world.pass(bucket.waitMs());
    }
  }
});

test("after the announced wait there is a token, and never more than was earned", async () => {
  const size = fc.integer({ min: 1, max: 20 });
  const rate = fc.integer({ min: 1, max: 50 });
  const steps = fc.array(fc.tuple(fc.nat(300), fc.nat(300)), { minLength: 1, maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(size, rate, steps, async (size, rate, steps) => {
      const { world, clock } = startClock();
      const bucket = new Bucket(size, rate, clock);
      let count = 0;
      for (const [lived, lost] of steps) {
        await world.pass(lived);
        world.stall(lost);
        count += taken(bucket, 2);
      }
      expect(count).toBeLessThanOrEqual(size + (world.time / 1_000) * rate + 1e-6);
      taken(bucket, 1_000);
      await world.pass(bucket.waitMs());
      expect(bucket.take()).toBe(true);
    }),
  );
});

test("a standstill of the process costs nothing to peers that kept to the rate", () => {
  const { world, clock } = startClock();
  const bucket = new Bucket(200, 100, clock);
  world.stall(100 + 3_000);
  expect(taken(bucket, 1_000)).toBe(200 + 300);
});

test("the extra tokens of a standstill expire as quickly as they came", async () => {
  const { world, clock } = startClock();
  const bucket = new Bucket(200, 100, clock);
  world.stall(100 + 3_000);
  expect(bucket.tokens).toBe(500);
  await world.pass(1_000);
  expect(bucket.tokens).toBe(400);
  await world.pass(60_000);
  expect(bucket.tokens).toBe(200);
});

test("a standstill of an hour counts for a minute", () => {
  const { world, clock } = startClock();
  const bucket = new Bucket(200, 100, clock);
  world.stall(3_600_000);
  expect(bucket.tokens).toBe(200 + 6_000);
});

test("the short standstills of a busy process add up to nothing", async () => {
  const { world, clock } = startClock();
  const bucket = new Bucket(10, 10, clock);
  for (let beat = 0; beat < 1_000; beat++) {
    await world.pass(90);
    world.stall(20);
  }
  expect(bucket.tokens).toBeLessThan(11);
});
