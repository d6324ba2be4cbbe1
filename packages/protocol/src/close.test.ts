import fc from "fast-check";
import { expect, test } from "vitest";
import { bounds, Close, type CloseName, type ClosePolicy, closeName, closePolicy } from "./index.ts";

const policies: Record<CloseName, ClosePolicy> = {
  Normal: "retry",
  GoingAway: "retry",
  ProtocolError: "stop",
  Unsupported: "stop",
  NoStatus: "retry",
  Abnormal: "retry",
  InvalidPayload: "stop",
  PolicyViolation: "stop",
  TooBig: "stop",
  InternalError: "retry",
  Restart: "retry",
  TryAgainLater: "retry",
  Silent: "retry",
  Slow: "retry",
  RateLimited: "retry",
  HelloTimeout: "retry",
  MessageTimeout: "retry",
  BadMessages: "stop",
  Replaced: "stop",
};

test.each(Object.entries(policies))("after %s: %s", (name, policy) => {
  const code = Close[name as CloseName];
  expect(closePolicy(code, false)).toBe(policy);
  expect(closeName(code)).toBe(name);
});

test.each([
  [1004, "retry"],
  [1010, "stop"],
  [1014, "retry"],
  [1015, "stop"],
  [3000, "retry"],
] as const)("after %d, which the server never sends: %s", (code, policy) => {
  expect(closePolicy(code, false)).toBe(policy);
  expect(closeName(code)).toBeUndefined();
});

test("the range decides about unknown codes of the application", () => {
  fc.assert(
    fc.property(fc.integer({ min: 4000, max: 4999 }), (code) => {
      expect(closePolicy(code, false)).toBe(code < 4500 ? "retry" : "stop");
    }),
  );
});

test("an end that was agreed on is final, whatever the code", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), (code) => {
      expect(closePolicy(code, true)).toBe("stop");
    }),
  );
});

test("the application's own codes are in the ranges of its policy", () => {
  for (const code of Object.values(Close).filter((each) => each >= 4000)) {
    expect(code).toBeLessThan(5000);
  }
  expect(bounds.closeReasonBytes).toBe(125 - 2);
});
