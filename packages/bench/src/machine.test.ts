import { expect, test } from "vitest";
import { listOf, readCoreTime, twoCores } from "./machine.ts";

test("lists of cores are read as the kernel writes them", () => {
  expect(listOf("0-3,6")).toEqual([0, 1, 2, 3, 6]);
  expect(listOf("5")).toEqual([5]);
  expect(listOf("")).toEqual([]);
});

test("server and generator get two cores, not two threads of one", () => {
  const siblings = (core: number) => (core < 2 ? [0, 1] : [2, 3]);
  expect(twoCores([0, 1, 2, 3], siblings)).toEqual([0, 2]);
  expect(twoCores([1, 2], siblings)).toEqual([1, 2]);
  expect(twoCores([0, 1], siblings)).toEqual([0, 1]);
  expect(twoCores([0], siblings)).toEqual([]);
  expect(twoCores([0, 1], () => [])).toEqual([0, 1]);
});

test("what a hypervisor took is read for the cores that are used", () => {
  const stat =
    "cpu  9 0 9 90 0 0 0 12 3 0\ncpu0 1 0 1 10 0 0 0 4 1 0\ncpu1 2 0 2 20 0 0 0 0 0 0\ncpu2 6 0 6 60 0 0 0 8 2 0\n";
  expect(readCoreTime(stat)).toEqual({ total: 120, stolen: 12 });
  expect(readCoreTime(stat, { server: 0, generator: 1 })).toEqual({ total: 40, stolen: 4 });
  expect(readCoreTime("")).toEqual({ total: 0, stolen: 0 });
});
