import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  type IncomingRequest,
  oncePerRequest,
  originForm,
  parseRequest,
  pathOf,
  queryOf,
  type RequestFacts,
} from "./index.ts";

function read(url: string, host: string | undefined = "localhost:3001", version?: string): RequestFacts {
  const header: IncomingRequest["header"] = (name) => (name === "host" ? host : undefined);
  return parseRequest({ method: "GET", url, version, header });
}

test("a request keeps its method, its version and its headers", () => {
  const facts = parseRequest({ method: "HEAD", url: "/", version: "1.1", header: (name) => `the ${name}` });
  expect(facts).toMatchObject({ method: "HEAD", version: "1.1" });
  expect(facts.header("origin")).toBe("the origin");
});

test.each([
  ["/poll?topic=a?b", "/poll"],
  ["/poll", "/poll"],
  ["/", "/"],
  ["/?", "/"],
  ["//poll", "//poll"],
  ["/a#b?c", "/a#b"],
  ["/http://localhost/poll", "/http://localhost/poll"],
  ["http://localhost:3001/poll?topic=/a", "/poll"],
  ["HTTPS://localhost:3001/poll", "/poll"],
  ["http://localhost", "/"],
  ["https://localhost?/a", "/"],
  ["http://localhost//a", "//a"],
])("the path of %s is %s", (url, path) => {
  expect(pathOf(read(url))).toBe(path);
  expect(read(url).problem).toBeUndefined();
});

test.each([
  "",
  "?",
  "?a",
  "*",
  "poll",
  "localhost:3001",
  "ws://localhost/",
  "ftp://localhost/",
  "#",
  "http:/",
  "http:a",
  "http://localhost#a",
])("%j is no target", (url) => {
  expect(read(url)).toMatchObject({ path: "", problem: "a target is a path or a whole URL" });
});

test.each([
  ["/poll?topic=a", "/poll?topic=a"],
  ["/poll?", "/poll"],
  ["//poll", "//poll"],
  ["http://localhost:3001/poll?a?b", "/poll?a?b"],
  ["HTTPS://localhost", "/"],
  ["http://localhost?a", "/?a"],
  ["*", "*"],
])("the origin form of %s is %s", (url, target) => {
  expect(originForm(url)).toBe(target);
});

describe("the host that a request is meant for", () => {
  test.each([
    ["Host", "/", "Localhost.:3001", { name: "localhost", port: 3001 }],
    ["Host without a port", "/", "localhost", { name: "localhost", port: undefined }],
    ["that of a whole URL, whatever Host says", "http://a:1/", "b:2", { name: "a", port: 1 }],
    ["that of a whole URL, with the port of its scheme", "https://a/", "b:2", { name: "a", port: 443 }],
    ["that of a whole URL, with an empty port", "HTTP://a:?b", "b:2", { name: "a", port: 80 }],
  ])("is %s", (_which, url, sent, host) => {
    expect(read(url, sent)).toMatchObject({ host, problem: undefined });
  });

  test.each([undefined, "1.1"])("must be given exactly once (version %s)", (version) => {
    for (const url of ["/", "http://localhost/"]) {
      for (const host of [undefined, "", "a, a", "a,b", "a b", "user@a", "a:65536", "[::1%25lo]"]) {
        const facts = parseRequest({ method: "GET", url, version, header: () => host });
        expect(facts.problem, `${url} ${host}`).toBe("exactly one Host is required");
      }
    }
  });

  test("is optional in HTTP/1.0, which has no Host", () => {
    const facts = parseRequest({ method: "GET", url: "/", version: "1.0", header: () => undefined });
    expect(facts).toMatchObject({ host: undefined, problem: undefined });
    expect(read("/", "", "1.0").problem).toBe("exactly one Host is required");
    expect(read("/", "a, b", "1.0").problem).toBe("exactly one Host is required");
  });

  test.each([
    "http:///a",
    "http://user@a/",
    "http://a:65536/",
    "http://[::1%25lo]/",
    "http://a b/",
    "http://?a",
  ])("is missing in a URL like %s", (url) => {
    expect(read(url).problem).toBe("the target names no host");
  });
});

test.each([
  ["/poll?topic=scores", "scores"],
  ["/poll?since=1&topic=scores&topic=log", "scores"],
  ["/poll?topic=room%2Fa", "room/a"],
  ["/poll?topic=a=b?c", "a=b?c"],
  ["/poll?topic=", ""],
  ["/poll?%74opic=scores", "scores"],
  ["/poll?topic=a+b", "a+b"],
  ["/poll?=&&=scores&topic=scores", "scores"],
  ["/poll?topic=scores&topic", "scores"],
  ["http://localhost/poll?topic=scores", "scores"],
  ["/poll?topic", undefined],
  ["/poll?atopic=x", undefined],
  ["/poll", undefined],
  ["/poll?", undefined],
  ["/poll?topic=%", undefined],
  ["/poll?topic=%zz", undefined],
  ["/poll?topic=%zz&topic=scores&topic=log", "scores"],
  ["/poll?topic=%ff", undefined],
  ["/poll?topic=%ed%a0%80", undefined],
])("the topic of %s is %j", (url, value) => {
  expect(queryOf(read(url), "topic")).toBe(value);
});

test("a query parameter is read as it was written, and no query throws", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "/", "&", "=", "%", "+", "é", "😀") }),
      fc.string(),
      (value, anything) => {
        expect(queryOf(read(`/poll?a=b&topic=${encodeURIComponent(value)}&c=d`), "topic")).toBe(value);
        queryOf(read(`/poll?${anything}`), "topic");
      },
    ),
  );
});

test("only the first 32 parameters of a query are read", () => {
  const topicBehind = (parameters: number) => {
    const url = `/poll?${"a=b&".repeat(parameters)}topic=scores`;
    return queryOf(parseRequest({ method: "GET", url, header: () => undefined }), "topic");
  };
  expect(topicBehind(31)).toBe("scores");
  expect(topicBehind(32)).toBeUndefined();
});

test("a request is parsed only once, and another one of its own", () => {
  const parse = vi.fn(() => read("/"));
  const factsOf = oncePerRequest(parse);
  const [one, other] = [{}, {}];
  expect(factsOf(one)).toBe(factsOf(one));
  expect(factsOf(other)).not.toBe(factsOf(one));
  expect(parse).toHaveBeenCalledTimes(2);
});
