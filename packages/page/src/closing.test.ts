import { expect, test } from "vitest";
import { closeText, isSendableCode } from "./closing.ts";

test("a known code has a name and a meaning, an unknown one stands for itself", () => {
  expect(closeText(1012)).toBe("1012 Restart: the server restarts");
  expect(closeText(4321)).toBe("4321");
});

test("a page may send 1000 and the codes that are free for applications", () => {
  expect([1000, 3000, 4999].every(isSendableCode)).toBe(true);
  expect([999, 1001, 1006, 2999, 5000, 3000.5, Number.NaN].some(isSendableCode)).toBe(false);
});
