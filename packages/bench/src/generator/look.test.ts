import { expect, test } from "vitest";
import { between, type Look, settled, watch } from "./look.ts";
import { Trouble } from "./trouble.ts";

function look(at: number, count: number, main: number, core: Partial<Look["server"]> = {}): Look {
  const used = { threads: new Map([["main", main]]), programs: 0, idle: 0, stolen: 0, ...core };
  return { at, count, server: used, generator: { ...used, threads: new Map([["main", main / 2]]) } };
}

test("the time between two looks is given as parts of a core", () => {
  // In 1,000 ms the server ran for 300. Its core was idle for 500 and ran programs for 450.
  const slice = between(look(0, 10, 100), look(1_000, 60, 400, { programs: 450, idle: 500, stolen: 20 }));
  expect(slice).toMatchObject({ count: 50, ms: 1_000, serverMs: 300, serverBusy: 0.5 });
  expect(slice.serverTaken).toBeCloseTo((450 + 20 - 300) / 1_000);
  expect(slice.generatorTaken).toBeCloseTo((450 + 20 - 150) / 1_000);
});

test("for a process that is not bound to a core only its own time is known", () => {
  const unknown = { programs: Number.NaN, idle: Number.NaN, stolen: Number.NaN };
  const slice = between(look(0, 0, 0, unknown), look(1_000, 1, 250, unknown));
  expect(slice.serverBusy).toBe(0.25);
  expect(slice.serverTaken).toBeNaN();
});

test("two clocks that differ by a tick make no part negative", () => {
  const slice = between(look(0, 0, 0), look(1_000, 1, 1_000, { programs: 990, idle: 1_005 }));
  expect([slice.serverBusy, slice.serverTaken]).toEqual([0, 0]);
});

const job = { peer: { pid: process.pid }, warmupMs: 5, measureMs: 5 };

test("what was counted before the measurement does not count", async () => {
  let count = 100;
  const slice = await watch(
    job,
    () => count,
    new Trouble(),
    () => {
      count += 7;
    },
  );
  expect(slice.count).toBe(7);
  expect(slice.ms).toBeGreaterThanOrEqual(4);
});

test("trouble ends the measurement, before it begins and while it runs", async () => {
  const early = new Trouble();
  early.tell("too early");
  await expect(watch({ ...job, warmupMs: 60_000 }, () => 0, early)).rejects.toThrow("too early");
  const late = new Trouble();
  const begun = watch(
    { ...job, measureMs: 60_000 },
    () => 0,
    late,
    () => late.tell("lost"),
  );
  await expect(begun).rejects.toThrow("lost");
});

test("of several failures the first is reported", async () => {
  const trouble = new Trouble();
  trouble.tell("one");
  trouble.tell("two");
  await expect(trouble.orEnd(new Promise(() => {}))).rejects.toThrow("one");
  expect(await new Trouble().orEnd(Promise.resolve(5))).toBe(5);
});

test("messages under way are given time to arrive, up to a limit", async () => {
  let looks = 0;
  await settled(() => ++looks > 3, 60_000);
  expect(looks).toBe(4);
  await settled(() => false, 5);
});

test("the warm-up is not measured", async () => {
  let count = 0;
  setTimeout(() => {
    count = 100;
  }, 1);
  const slice = await watch({ ...job, warmupMs: 30 }, () => count, new Trouble());
  expect(count).toBe(100);
  expect(slice.count).toBe(0);
});
