import { expect, test } from "vitest";
import { holdingOf, residentBytes } from "./holding.ts";

test.runIf(process.platform === "linux")("this process holds memory and descriptors", () => {
  const { memory, descriptors } = holdingOf(process.pid);
  expect(memory).toBeGreaterThan(10);
  expect(descriptors).toBeGreaterThan(2);
  expect(residentBytes(process.pid)).toBeGreaterThan(10 * 2 ** 20);
});

test("a process that does not exist holds nothing", () => {
  expect(holdingOf(-1)).toEqual({ memory: 0, descriptors: 0 });
  expect(residentBytes(-1)).toBeUndefined();
});
