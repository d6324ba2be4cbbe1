import { isIP } from "node:net";
import { expect, test } from "vitest";
import { addressOf } from "./manifest.ts";

test("a name resolves to an address, and an address to itself", async () => {
  expect(isIP(await addressOf("localhost"))).not.toBe(0);
  expect(await addressOf("127.0.0.1")).toBe("127.0.0.1");
  expect(await addressOf("::1")).toBe("::1");
});

test.each(["127.0.0.1:3000", "[::1]", "http://localhost", "no such host"])(
  "%s has no address",
  async (text) => {
    expect(await addressOf(text)).toBe(text);
  },
);
