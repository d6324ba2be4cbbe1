import fc from "fast-check";
import { expect, test } from "vitest";
import { parseOrigin, urlOf } from "./index.ts";
import { isHostOf, parseAuthority, parseHost } from "./origin.ts";

test.each([
  ["example.org", "example.org", undefined],
  ["example.org:", "example.org", undefined],
  ["example.org:80", "example.org", 80],
  ["example.org:0080", "example.org", 80],
  ["example.org:65535", "example.org", 65_535],
  ["EXAMPLE.org.", "example.org", undefined],
  ["example.org..", "example.org.", undefined],
  ["my_host-1", "my_host-1", undefined],
  ["127.0.0.1:3001", "127.0.0.1", 3001],
  ["[::1]:3001", "[::1]", 3001],
  ["[0:0::0:1]", "[::1]", undefined],
  ["[2001:DB8::A]", "[2001:db8::a]", undefined],
])("the host %s is %s, port %s", (text, name, port) => {
  expect(parseHost(text)).toEqual({ name, port });
});

test.each([
  ...[
    "",
    ":80",
    ".",
    "a b",
    "a:b",
    "a:80:80",
    "a:-1",
    "a:65536",
    "a:99999999999999999999",
    "a/",
    "a,b",
    "a, a",
  ],
  ...["user@a", "user:secret@a", "a#b", "a?b", "%61", "ä", "a\u00a0", " a", "a "],
  ...["[::1", "::1", "[]", "[::1]x", "[::1%25lo]", "[::1%lo]", "[127.0.0.1]", "[v1.a]", "[example.org]"],
])("%j is no host", (text) => {
  expect(parseHost(text)).toBeUndefined();
});

test("the authority of a URL gets a missing port from the scheme", () => {
  expect(parseAuthority("http", "a")).toEqual({ name: "a", port: 80 });
  expect(parseAuthority("https", "a:")).toEqual({ name: "a", port: 443 });
  expect(parseAuthority("https", "a:80")).toEqual({ name: "a", port: 80 });
  expect(parseAuthority("https", "user@a")).toBeUndefined();
});

test.each([
  ["http://example.org", "http://example.org"],
  ["HTTP://EXAMPLE.org", "http://example.org"],
  ["http://example.org:80", "http://example.org"],
  ["https://example.org:443", "https://example.org"],
  ["https://example.org.", "https://example.org"],
  ["http://example.org:443", "http://example.org:443"],
  ["https://example.org:80", "https://example.org:80"],
  ["http://[0:0:0:0:0:0:0:1]:3001", "http://[::1]:3001"],
])("the origin %s is %s", (text, origin) => {
  expect(parseOrigin(text)).toBe(origin);
});

test.each([
  ...["", "null", "*", "example.org", "//example.org", "http:example.org", "http:/example.org", "http://"],
  ...["http://example.org/", "http://example.org?", "http://example.org#", "http://user@example.org"],
  ...["ws://example.org", "file://", "ftp://example.org", " http://example.org", "http://a, http://a"],
  ...["http://a'; script-src *", "http://a\nb", "http://example.org\\"],
])("%j is no origin", (text) => {
  expect(parseOrigin(text)).toBeUndefined();
});

test("an origin is written as browsers write it, except for a final dot", () => {
  const scheme = fc.constantFrom("http", "https", "HTTP", "Https");
  const host = fc.constantFrom("a", "A.b", "a.b.", "1.2.3.4", "[::1]", "[1:0::]", "[::ffff:1.2.3.4]");
  const port = fc.constantFrom("", ":", ":80", ":443", ":3001", ":080", ":0", ":65535");
  fc.assert(
    fc.property(scheme, host, port, (...[first, second, third]) => {
      const text = `${first}://${second}${third}`;
      expect(parseOrigin(text)).toBe(new URL(text).origin.replace(/\.(?=:|$)/, ""));
    }),
  );
});

test.each([
  ["example.org", true],
  ["example.org:443", true],
  ["Example.org.:443", true],
  ["example.org:80", false],
  ["example.net", false],
  ["localhost:3001", true],
  ["localhost:03001", true],
  ["localhost", false],
  ["localhost:80", false],
  ["127.0.0.1", true],
  ["127.0.0.1:80", true],
  ["127.0.0.1:443", false],
  ["[::1]:3001", true],
  ["[0::1]:3001", true],
  ["[::1]:3002", false],
])("%s is the host of a listed origin: %s", (text, answer) => {
  const listed = new Set([
    "https://example.org",
    "http://localhost:3001",
    "http://127.0.0.1",
    "http://[::1]:3001",
  ]);
  const host = parseHost(text);
  expect(host && isHostOf(host, listed)).toBe(answer);
});

test.each([
  ["127.0.0.1", 3001, "http://127.0.0.1:3001"],
  ["::1", 3001, "http://[::1]:3001"],
  ["Server.lan", 80, "http://server.lan"],
  ["0.0.0.0", 443, "http://127.0.0.1:443"],
  ["::", 3001, "http://[::1]:3001"],
])("what listens at %s, %d has the URL %s", (host, port, url) => {
  expect(urlOf(host, port)).toBe(url);
});
