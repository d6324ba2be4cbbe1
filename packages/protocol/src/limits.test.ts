import { expect, test } from "vitest";
import { defaultLimits, silenceMs } from "./limits.ts";

test("a connection is given up after the longest legitimate silence plus the time for a pong", () => {
  expect(silenceMs({ ...defaultLimits, heartbeatMs: 3, pollMs: 2, pongMs: 1 })).toBe(4);
  expect(silenceMs({ ...defaultLimits, heartbeatMs: 2, pollMs: 5, pongMs: 1 })).toBe(6);
});
