import { expect, test } from "vitest";
import { World } from "../testing/index.ts";
import { Clock } from "./clock.ts";

function startClock(): { world: World; clock: Clock; stop: () => void } {
  const world = new World();
  const clock = new Clock(world);
  return { world, clock, stop: clock.start() };
}

test("a clock runs like any other while the process runs", async () => {
  const { world, clock } = startClock();
  await world.pass(12_345);
  expect([clock.now(), clock.lost]).toEqual([12_345, 0]);
});

test("a clock stands still while the process does, whoever asks first", async () => {
  const { world, clock } = startClock();
  await world.pass(1_050);
  world.stall(3_000);
  // Messages are handled before timers. They must not see the clock run on.
  expect(clock.now()).toBe(1_100);
  expect(clock.lost).toBe(2_950);
  expect(clock.now()).toBe(1_100);
  await world.pass(400);
  expect([clock.now(), clock.lost]).toEqual([1_500, 2_950]);
});

test("a clock whose timers come first notices a standstill as well", async () => {
  const { world, clock } = startClock();
  await world.pass(1_050);
  world.stall(3_000);
  await world.pass(0);
  expect([clock.now(), clock.lost]).toEqual([1_100, 2_950]);
});

test("a timer waits for lived time", async () => {
  const { world, clock } = startClock();
  let ran = 0;
  clock.after(1_000, () => (ran = clock.now()));
  await world.pass(500);
  world.stall(10_000);
  await world.pass(0);
  world.stall(10_000);
  // Each standstill also took up to one pulse of lived time, which cannot be told apart from it.
  await world.pass(299);
  expect(ran).toBe(0);
  await world.pass(1);
  expect(ran).toBe(1_000);
});

test("a timer can be cancelled, even after it was postponed", async () => {
  const { world, clock } = startClock();
  let runs = 0;
  const cancelled = [clock.after(1_000, () => (runs += 1)), clock.after(1_000, () => (runs += 1))];
  cancelled[0]?.();
  world.stall(5_000);
  await world.pass(0);
  cancelled[1]?.();
  await world.pass(10_000);
  expect(runs).toBe(0);
});

test("a timer that fires a fraction of a millisecond too early is not postponed", () => {
  let now = 0;
  const timers: (() => void)[] = [];
  const after = (_ms: number, run: () => void): (() => void) => {
    timers.push(run);
    return () => {};
  };
  const clock = new Clock({ now: () => now, after });
  let runs = 0;
  clock.after(10, () => (runs += 1));
  now = 9.4;
  timers[0]?.();
  expect([runs, timers.length]).toEqual([1, 1]);
});

test("a stopped clock sets no timer and mistakes no pause for a standstill", async () => {
  const { world, clock, stop } = startClock();
  clock.start();
  expect(world.timers).toBe(1);
  stop();
  expect(world.timers).toBe(0);
  world.stall(60_000);
  expect([clock.now(), clock.lost]).toEqual([60_000, 0]);
});

test("the newest reading is at most one pulse old, and a standstill does not count in it either", async () => {
  const { world, clock } = startClock();
  await world.pass(1_234);
  expect(clock.newest).toBe(1_200);
  expect(clock.now()).toBe(1_234);
  expect(clock.newest).toBe(1_234);
  world.stall(3_000);
  await world.pass(100);
  expect(clock.newest).toBe(clock.now());
});

test("a clock is behind by the length of a standstill, until it has lived as long", async () => {
  const { world, clock } = startClock();
  expect(clock.behind()).toBe(0);
  world.stall(100 + 3_000);
  expect(clock.behind()).toBe(3_000);
  await world.pass(1_000);
  expect(clock.behind()).toBe(2_000);
  world.stall(100 + 500);
  expect(clock.behind()).toBe(2_400);
  await world.pass(10_000);
  expect(clock.behind()).toBe(0);
  world.stall(3_600_000);
  expect(clock.behind()).toBe(60_000);
});
