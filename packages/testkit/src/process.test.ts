import { expect, test } from "vitest";
import { holdingOf } from "./process.ts";

test.runIf(process.platform === "linux")("this process holds memory and descriptors", () => {
  const { memory, descriptors } = holdingOf(process.pid);
  expect(memory).toBeGreaterThan(10);
  expect(descriptors).toBeGreaterThan(2);
});

test("a process that does not exist holds nothing", () => {
  expect(holdingOf(-1)).toEqual({ memory: 0, descriptors: 0 });
});
