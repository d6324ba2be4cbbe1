import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAddress } from "./address.ts";
import { clientAddress, isLoopback } from "./index.ts";

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["2001:0DB8:0000:0000:0000:FF00:0042:8329", "2001:db8::ff00:42:8329"],
  // RFC 5952 §4.2.2 and §4.2.3: no `::` for a single group; of equally long runs, the first.
  ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["0:0:1:2:3:4:0:0", "::1:2:3:4:0:0"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["::ffff:10.0.0.1", "::ffff:a00:1"],
  ["1:2:3:4:5:6:255.255.255.255", "1:2:3:4:5:6:ffff:ffff"],
])("the address %s is %s", (text, address) => {
  expect(parseAddress(text)).toBe(address);
});

test.each([
  ...[
    "",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
  ],
  ...[
    "12345::",
    "g::",
    "::1%lo",
    "[::1]",
    " ::1",
    "::-1",
    "::1.2.3",
    "::256.1.1.1",
    "::1.2.3.4:5",
    "::01.2.3.4",
  ],
  ...[
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.-4",
    "1.2.3.4 ",
    "0x7f.0.0.1",
    "2130706433",
    "1..2.3",
  ],
])("%j is no address", (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test("every address that Node accepts has one canonical form, the same as in browsers", () => {
  const near = fc.string({
    unit: fc.constantFrom(":", "::", "0", "0000", "1", "ffff", ".", "1.2.3.4", "A"),
    maxLength: 17,
  });
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.ipV4(), near), (text) => {
      const address = parseAddress(text);
      expect(address !== undefined).toBe(isIPv4(text) || isIPv6(text));
      if (address === undefined) return;
      expect(parseAddress(address)).toBe(address);
      if (isIPv6(text)) expect(new URL(`http://[${text}]`).hostname).toBe(`[${address}]`);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["localhost", true],
  ["LOCALHOST", true],
  ["::1", true],
  ["0:0:0:0:0:0:0:1", true],
  ["::ffff:127.0.0.1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["10.0.0.1", false],
  ["::ffff:10.0.0.1", false],
  ["127.0.0.1.evil.com", false],
  ["localhost.evil.com", false],
])("%s is loopback: %s", (host, answer) => {
  expect(isLoopback(host)).toBe(answer);
});

describe("the address that a request counts for", () => {
  test.each([
    ["without proxies", "9.9.9.9", undefined, 0, "9.9.9.9"],
    ["with a forged header", "9.9.9.9", "1.1.1.1", 0, "9.9.9.9"],
    ["behind one proxy", "10.0.0.1", "9.9.9.9", 1, "9.9.9.9"],
    ["with a forged header before one proxy", "10.0.0.1", "1.1.1.1, 9.9.9.9", 1, "9.9.9.9"],
    ["behind two proxies", "10.0.0.1", "9.9.9.9, 10.0.0.2", 2, "9.9.9.9"],
    ["with a forged header before two proxies", "10.0.0.1", "1.1.1.1,9.9.9.9,10.0.0.2", 2, "9.9.9.9"],
    ["that bypassed the proxies", "10.0.0.1", undefined, 1, "10.0.0.1"],
    ["that bypassed one of two proxies", "10.0.0.1", "9.9.9.9", 2, "10.0.0.1"],
    ["behind a proxy that says nothing", "10.0.0.1", "1.1.1.1, ", 1, "10.0.0.1"],
    ["behind a proxy that hides it", "10.0.0.1", "1.1.1.1, unknown", 1, "10.0.0.1"],
    ["behind a proxy that writes an odd port", "10.0.0.1", "9.9.9.9:http", 1, "10.0.0.1"],
    ["of a connection that is gone", "", undefined, 0, ""],
  ])("%s", (_who, remote, forwarded, proxies, address) => {
    expect(clientAddress(remote, forwarded, proxies)).toBe(address);
  });

  // Each row lists the ways in which a stack or a proxy writes one client.
  test.each([
    ["203.0.113.7", ["203.0.113.7:1111", "203.0.113.7:", "::ffff:203.0.113.7", "[::ffff:203.0.113.7]:1111"]],
    ["203.0.113.7", ["::FFFF:cb00:7107", "0:0:0:0:0:ffff:203.0.113.7", "64:ff9b::203.0.113.7"]],
    ["2001:db8:1:2::/64", ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "[2001:db8:1:2::1]:65535"]],
    ["2001:db8:1:2::/64", ["2001:DB8:1:2:0:0:0:1", "2001:0db8:0001:0002::1", "[2001:db8:1:2::]"]],
    ["2001:db8:1:3::/64", ["2001:db8:1:3::1"]],
    ["fe80::/64", ["fe80::1%eth0", "fe80::1", "[fe80::1%25eth0]:80"]],
    ["::/64", ["::1", "0:0:0:0:0:0:0:1"]],
  ])("%s is written %j", (address, spellings) => {
    for (const each of spellings) {
      expect(clientAddress("10.0.0.1", `1.1.1.1, ${each}`, 1), `forwarded ${each}`).toBe(address);
      if (!/[\]]|\.\d+:/.test(each))
        expect(clientAddress(each, undefined, 0), `direct ${each}`).toBe(address);
    }
  });

  test("has one canonical form, whatever a proxy wrote", () => {
    fc.assert(
      fc.property(fc.string(), (forwarded) => {
        expect(clientAddress("10.0.0.1", forwarded, 1)).toMatch(/^[\d.]+$|^[\da-f:]+\/64$/);
      }),
    );
  });
});
