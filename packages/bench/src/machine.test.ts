import { expect, test } from "vitest";
import { twoCores } from "./machine.ts";
import { readCoreTime, runningTime } from "./processor.ts";

test("server and generator get two cores, not two threads of one core", () => {
  const siblings = (core: number) => (core < 2 ? [0, 1] : [2, 3]);
  expect(twoCores([0, 1, 2, 3], siblings)).toEqual([0, 2]);
  expect(twoCores([1, 2], siblings)).toEqual([1, 2]);
  expect(twoCores([0, 1], siblings)).toEqual([0, 1]);
  expect(twoCores([0], siblings)).toEqual([]);
  expect(twoCores([0, 1], () => [])).toEqual([0, 1]);
});

test("a core's time is split into programs, idle and other machines; interrupts belong to none of them", () => {
  const stat = "cpu  9 0 9 90 0 0 9 12 3 0\ncpu1 2 1 3 20 4 5 6 7 2 0\ncpu10 1 0 1 10 0 0 0 4 1 0\n";
  expect(readCoreTime(stat, 1)).toEqual({ programs: 60, idle: 240, stolen: 70 });
  expect(readCoreTime(stat, 10)).toEqual({ programs: 20, idle: 100, stolen: 40 });
  expect(readCoreTime("", 0).idle).toBeNaN();
});

test("when a thread ends, its earlier use is not subtracted from that of the others", () => {
  const look = (threads: Record<string, number>) => ({
    ...{ threads: new Map(Object.entries(threads)), programs: 0, idle: 0, stolen: 0 },
  });
  expect(runningTime(look({ main: 100, helper: 900 }), look({ main: 150 }))).toBe(50);
  expect(runningTime(look({ main: 100 }), look({ main: 150, young: 20 }))).toBe(70);
  expect(runningTime(look({}), look({}))).toBeNaN();
});

test("waiting for a disk is idle time, and niced programs are programs", () => {
  expect(readCoreTime("cpu0 1 10 100 1000 10000 0 0 0 0 0\n", 0)).toEqual({
    ...{ programs: 1_110, idle: 110_000, stolen: 0 },
  });
  expect(readCoreTime("cpu10 1 0 1 10 0 0 0 4 1 0\n", 1).programs).toBeNaN();
});
