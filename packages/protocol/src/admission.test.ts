import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admit,
  admitAgain,
  chooseSubprotocol,
  commonHeaders,
  type DoorPolicy,
  type Exposable,
  type Load,
  parseOrigin,
  parseRequest,
  type RequestFacts,
  subprotocol,
  usualOrigins,
} from "./index.ts";

const policy: DoorPolicy = {
  origins: usualOrigins(3001, [{ id: "other", title: "Other", url: "http://127.0.0.1:3002" }]),
  exposed: new Set(),
  limits: { connections: 10, connectionsPerAddress: 5 },
};
const empty: Load = { draining: false, connections: 0, fromAddress: 0 };

type Headers = Record<string, string | undefined>;

/** A request by a program on this machine, with a test's changes. A header that is undefined is not sent. */
function get(url: string, headers: Headers = {}, method = "GET", version?: string): RequestFacts {
  const all: Headers = { host: "localhost:3001", ...headers };
  return parseRequest({ method, url, version, header: (name) => all[name] });
}

/** A handshake by a program on this machine. */
function handshake(headers: Headers = {}, url = "/ws", method = "GET"): RequestFacts {
  const needed = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...(url.startsWith("/ws") && { "sec-websocket-protocol": subprotocol }),
  };
  return get(url, { ...needed, ...headers }, method);
}

function statusOf(facts: RequestFacts, load: Partial<Load> = {}): number | undefined {
  return admit(facts, policy, { ...empty, ...load })?.status;
}

describe("a handshake that was admitted when Node asked whether it may upgrade", () => {
  test.each<[string, Partial<Load>, number]>([
    ["is refused if its address has spent its requests since", { waitMs: () => 1 }, 429],
    ["is refused if the server shuts down since", { draining: true }, 503],
    ["is refused if the server has lost its engine since", { cutOff: true }, 503],
    ["is refused if the server is full since", { connections: 10 }, 503],
    ["is refused if its address has all its connections since", { fromAddress: 5 }, 429],
  ])("%s", (_what, load, status) => {
    expect(admitAgain(handshake(), policy, { ...empty, ...load })?.status).toBe(status);
  });

  test("is admitted otherwise", () => {
    expect(admitAgain(handshake(), policy, empty)).toBeUndefined();
  });
});

describe("requests that are admitted", () => {
  test.each([
    ["the page", get("/")],
    ["a path that may not exist", get("/nowhere")],
    ["a HEAD", get("/", {}, "HEAD")],
    ["a query", get("/events?topic=scores")],
    ["a poll", get("/poll?topic=scores&since=a:1")],
    ["a handshake at /ws", handshake()],
    ["a handshake at /echo", handshake({}, "/echo")],
    ["a handshake with a query", handshake({}, "/ws?name=value")],
    [
      "a handshake with other tokens in its lists",
      handshake({ connection: "keep-alive, , Upgrade", upgrade: "WebSocket" }),
    ],
    ["a handshake that says that it has no body", handshake({ "content-length": "0" })],
    ["a handshake that offers more", handshake({ "sec-websocket-protocol": `other, ${subprotocol} ,more` })],
    ["a page of the server itself", handshake({ origin: "http://localhost:3001" })],
    ["a page at an IPv4 address", handshake({ origin: "http://127.0.0.1:3001", host: "127.0.0.1:3001" })],
    ["a page at an IPv6 address", handshake({ origin: "http://[::1]:3001", host: "[::1]:3001" })],
    ["a page of a sibling", get("/events?topic=scores", { origin: "http://localhost:3002" })],
    ["a Host in capitals", get("/", { host: "LOCALHOST:3001" })],
    ["a Host with the dot of the root", get("/", { host: "localhost.:3001" })],
    ["a Host with zeros before its port", get("/", { host: "localhost:03001" })],
    ["a Host in another spelling of its address", get("/", { host: "[0:0:0:0:0:0:0:1]:3001" })],
    ["a page whose Origin is in capitals", handshake({ origin: "HTTP://LOCALHOST:3001" })],
    ["a request of HTTP/1.0 without Host", get("/servers.json", { host: undefined }, "GET", "1.0")],
    ["a request of HTTP/1.0 with a Host", get("/servers.json", {}, "GET", "1.0")],
    ["a probe by HTTP/1.0", get("/healthz", { host: undefined }, "GET", "1.0")],
    ["a request of HTTP/1.1", get("/servers.json", {}, "GET", "1.1")],
    ["a whole URL, whatever Host says", get("http://localhost:3001/greet", { host: "evil.com" })],
    ["a body, which nobody reads", get("/", { "content-length": "10" })],
    ["a body in chunks, which nobody reads", get("/", { "transfer-encoding": "Chunked" })],
    ["a request that waits for 100 (Continue)", get("/", { expect: "100-Continue" })],
    ["a request that waits for 100 (Continue) twice", get("/", { expect: "100-continue, 100-continue" })],
    [
      "a handshake that offers extensions",
      handshake({ "sec-websocket-extensions": 'a; b=1;c="d", permessage-deflate' }),
    ],
    [
      "a handshake with blanks in its offer",
      handshake({ "sec-websocket-extensions": 'a \t;\tb="\\c" ,\td' }),
    ],
    ["the page's own fetch", get("/servers.json", { "sec-fetch-site": "same-origin" })],
    ["the address bar", get("/metrics", { "sec-fetch-site": "none" })],
    ["a link from another site", get("/", { "sec-fetch-site": "cross-site" })],
    ["a link to the greeting", get("/greet", { "sec-fetch-site": "same-site" })],
    ["a link to the health", get("/healthz?verbose", { "sec-fetch-site": "cross-site" })],
    ["a probe by the address of a pod", get("/healthz", { host: "10.1.2.3:3001" })],
    ["a query in any notation", get("/greet?a=%zz&b=//../#")],
    ["a file of the page", get("/assets/index-B_3x.min.js")],
    ["a whole URL", get("http://localhost:3001/greet")],
    [
      "a handshake whose target is a whole URL",
      handshake({ "sec-websocket-protocol": subprotocol }, "http://localhost:3001/ws"),
    ],
  ])("%s", (_what, facts) => {
    expect(admit(facts, policy, empty)).toBeUndefined();
  });
});

describe("requests that are refused", () => {
  test.each([
    [400, "no Host", get("/", { host: undefined })],
    [400, "an empty Host", get("/", { host: "" })],
    [400, "the same Host twice", get("/", { host: "localhost:3001, localhost:3001" })],
    [400, "two Hosts", get("/", { host: "localhost:3001, evil.com" })],
    [400, "two Hosts of names only", get("/", { host: "localhost, localhost" })],
    [400, "two Hosts without a blank between", get("/healthz", { host: "localhost,localhost" })],
    [400, "a Host with two ports", get("/", { host: "localhost:3001.evil.com" })],
    [400, "a Host with a user", get("/", { host: "user@localhost:3001" })],
    [400, "a Host with a zone", get("/", { host: "[::1%25lo]:3001" })],
    [400, "a Host with an invalid port", get("/", { host: "localhost:68537" })],
    [
      400,
      "a probe without the Host that HTTP/1.1 requires",
      get("/healthz", { host: undefined }, "GET", "1.1"),
    ],
    [400, "two Hosts in HTTP/1.0", get("/", { host: "localhost:3001, localhost:3001" }, "GET", "1.0")],
    [400, "a whole URL without Host", get("http://localhost:3001/", { host: undefined })],
    [400, "a whole URL with a user", get("http://user@localhost:3001/")],
    [400, "a target that is neither path nor URL", get("greet")],
    [400, "the server as a whole", get("*", {}, "OPTIONS")],
    [400, "a handshake of HTTP/1.0", { ...handshake(), version: "1.0" }],
    [400, "a handshake of HTTP/1.0 without Host", { ...handshake({ host: undefined }), version: "1.0" }],
    [505, "a handshake of HTTP/0.9", { ...handshake(), version: "0.9" }],
    [505, "a handshake of HTTP/2.0", { ...handshake(), version: "2.0" }],
    [505, "a request of HTTP/2.0, whatever else is wrong", get("*", { host: undefined }, "GET", "2.0")],
    [400, "a transfer coding that is not understood", get("/", { "transfer-encoding": "gzip, chunked" })],
    [400, "a body of two lengths", get("/", { "content-length": "0, 0" })],
    [400, "a body of no length", get("/", { "content-length": "" })],
    [400, "chunks in HTTP/1.0", get("/", { "transfer-encoding": "chunked" }, "GET", "1.0")],
    [400, "an empty transfer coding", get("/", { "transfer-encoding": "" })],
    [417, "an expectation", get("/", { expect: "foo" })],
    [417, "an expectation of a handshake", handshake({ expect: "200-ok" })],
    [417, "an expectation beside one that could be met", get("/", { expect: "100-continue, foo" })],
    [417, "an empty expectation", get("/", { expect: "" })],
    [400, "a handshake with a body", handshake({ "content-length": "1" })],
    [400, "a handshake with an endless body", handshake({ "content-length": "10000000000" })],
    [400, "a handshake with a body of two lengths", handshake({ "content-length": "0, 1" })],
    [400, "a handshake with a body in chunks", handshake({ "transfer-encoding": "chunked" })],
    [400, "a handshake with a body in an empty coding", handshake({ "transfer-encoding": "" })],
    [400, "a Host with a path", get("/", { host: "localhost:3001/" })],
    [421, "a name that resolves to this machine", get("/", { host: "rebinding.example" })],
    [421, "another port", get("/", { host: "localhost:3003" })],
    [421, "no port", get("/", { host: "localhost" })],
    [421, "the usual port of the scheme", get("/", { host: "localhost:80" })],
    [421, "an address in another notation", get("/", { host: "127.1:3001" })],
    [421, "the same address of another family", get("/", { host: "[::ffff:127.0.0.1]:3001" })],
    [421, "a whole URL elsewhere, whatever Host says", get("http://evil.com/")],
    [421, "a whole URL elsewhere, in HTTP/1.0", get("http://evil.com/", { host: undefined }, "GET", "1.0")],
    [421, "a whole URL with another port", get("https://localhost/")],
    [421, "metrics that are not exposed", get("/metrics", { host: "10.1.2.3:3001" })],
    [421, "the log that is not exposed", get("/events?topic=log", { host: "10.1.2.3:3001" })],
    [421, "a look-alike", get("/", { host: "localhost.evil.com:3001" })],
    [403, "an unlisted Origin", handshake({ origin: "http://evil.com" })],
    [403, "an unlisted Origin at /healthz", get("/healthz", { origin: "http://evil.com" })],
    [403, "the Origin null, of a sandbox or a file", handshake({ origin: "null" })],
    [403, "an empty Origin", handshake({ origin: "" })],
    [403, "a listed Origin as a prefix", handshake({ origin: "http://localhost:3001.evil.com" })],
    [403, "a longer port", handshake({ origin: "http://localhost:30011" })],
    [403, "another port", handshake({ origin: "http://localhost:3003" })],
    [403, "a listed Origin as a suffix", handshake({ origin: "http://evil-localhost:3001" })],
    [403, "another scheme", handshake({ origin: "https://localhost:3001" })],
    [403, "another IP literal", handshake({ origin: "http://127.0.0.2:3001" })],
    [403, "an IP literal in decimal", handshake({ origin: "http://2130706433:3001" })],
    [403, "an Origin with a path", handshake({ origin: "http://localhost:3001/" })],
    [403, "two Origins", handshake({ origin: "http://localhost:3001, http://evil.com" })],
    [403, "an Origin with a user", handshake({ origin: "http://user@localhost:3001" })],
    [403, "an Origin without its port", handshake({ origin: "http://localhost" })],
    [403, "another site's fetch", get("/servers.json", { "sec-fetch-site": "cross-site" })],
    [403, "a sibling's fetch without Origin", get("/metrics", { "sec-fetch-site": "same-site" })],
    [403, "another site's image of the log", get("/events?topic=log", { "sec-fetch-site": "cross-site" })],
    [403, "another site's image of metrics", get("/metrics", { "sec-fetch-site": "cross-site" })],
    [403, "an unknown kind of site", get("/assets/page.js", { "sec-fetch-site": "toString" })],
    [404, "a handshake at the page", handshake({}, "/")],
    [404, "a handshake at /ws/", handshake({}, "/ws/")],
    [404, "a handshake at /WS", handshake({}, "/WS")],
    [404, "a handshake at an encoded /ws", handshake({}, "/%77s")],
    [404, "a handshake at another path, in absolute form", handshake({}, "http://localhost:3001/nowhere")],
    [405, "a handshake by POST", handshake({}, "/ws", "POST")],
    [405, "a handshake by HEAD", handshake({}, "/ws", "HEAD")],
    [400, "an upgrade to one of two", handshake({ upgrade: "websocket, h2c" })],
    [400, "the same upgrade twice", handshake({ upgrade: "websocket, websocket" })],
    [400, "an upgrade with a comma behind it", handshake({ upgrade: "websocket," })],
    [426, "version 8", handshake({ "sec-websocket-version": "8" })],
    [426, "no version", handshake({ "sec-websocket-version": undefined })],
    [426, "a list of versions", handshake({ "sec-websocket-version": "13, 8" })],
    [426, "the same version twice", handshake({ "sec-websocket-version": "13, 13" })],
    [400, "no key", handshake({ "sec-websocket-key": undefined })],
    [400, "an empty key", handshake({ "sec-websocket-key": "" })],
    [400, "a key of 13 bytes", handshake({ "sec-websocket-key": "dGhlIHNhbXBsZSBub2==" })],
    [400, "a key of 19 bytes", handshake({ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZSBhYm==" })],
    [400, "a key of 15 bytes", handshake({ "sec-websocket-key": "dGhlIHNhbXBsZSBub25j" })],
    [400, "a key of 17 bytes", handshake({ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZTE=" })],
    [
      400,
      "two keys",
      handshake({ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==" }),
    ],
    [400, "no subprotocol at /ws", handshake({ "sec-websocket-protocol": undefined })],
    [400, "the next version of the subprotocol", handshake({ "sec-websocket-protocol": "rosetta.v2.json" })],
    [400, "a longer subprotocol", handshake({ "sec-websocket-protocol": `${subprotocol}2` })],
    [
      400,
      "15,000 spaces in place of a subprotocol",
      handshake({ "sec-websocket-protocol": `a${" ".repeat(15_000)}b` }),
    ],
    [400, "the subprotocol twice", handshake({ "sec-websocket-protocol": `${subprotocol}, ${subprotocol}` })],
    [400, "another subprotocol twice", handshake({ "sec-websocket-protocol": `a, a, ${subprotocol}` })],
    [400, "a comma behind the subprotocol", handshake({ "sec-websocket-protocol": `${subprotocol},` })],
    [400, "a comma before the subprotocol", handshake({ "sec-websocket-protocol": `,${subprotocol}` })],
    [400, "nothing between two commas", handshake({ "sec-websocket-protocol": `a,, ${subprotocol}` })],
    [400, "a subprotocol that is no token", handshake({ "sec-websocket-protocol": `a b, ${subprotocol}` })],
    [400, "a subprotocol in quotes", handshake({ "sec-websocket-protocol": `"a", ${subprotocol}` })],
    [
      400,
      "a subprotocol between blanks that HTTP does not know",
      handshake({ "sec-websocket-protocol": `\u00a0${subprotocol}` }),
    ],
    [400, "an empty list of subprotocols", handshake({ "sec-websocket-protocol": "" }, "/echo")],
    ...[
      ...[
        "",
        ";",
        ",",
        "a;",
        "a,",
        ",a",
        "a,,b",
        "a b",
        "a; b c",
        "a; b=",
        "a; =c",
        "a; b=c d",
        "a; b =c",
        "a; b= c",
      ],
      ...[
        '"a"',
        'a; b="c',
        'a; b="c d"',
        'a; b=""',
        'a; b="c"d',
        "a; b=c=d",
        "a\u00a0",
        `a${" ".repeat(15_000)}b`,
      ],
    ].map((offer): [number, string, RequestFacts] => [
      400,
      `an offer of extensions like ${JSON.stringify(offer.slice(0, 20))}`,
      handshake({ "sec-websocket-extensions": offer }),
    ]),
    [400, "a subprotocol at /echo", handshake({ "sec-websocket-protocol": subprotocol }, "/echo")],
    [426, "a plain GET of /ws", get("/ws")],
    [426, "a plain POST to /echo", get("/echo", {}, "POST")],
    [426, "an upgrade to something else", handshake({ upgrade: "h2c" })],
    [426, "an upgrade that Connection does not name", handshake({ connection: "keep-alive" })],
    [426, "an upgrade to something like it", handshake({ upgrade: "websockets" })],
    ...[
      "/gr%65et",
      "/%zz",
      "/%",
      "/healthz%00",
      "/./greet",
      "/x/../greet",
      "/..",
      "/.env",
      "//greet",
      "/greet//",
      "/\\greet",
      "/greet;v=1",
      "/greet#part",
      "/wei\u00df",
      "http://localhost:3001/gr%65et?topic=a",
    ].map((path): [number, string, RequestFacts] => [404, `a path written ${path}`, get(path)]),
    [405, "a POST", get("/", {}, "POST")],
    [405, "a preflight", get("/servers.json", { origin: "http://localhost:3001" }, "OPTIONS")],
    [405, "a HEAD of a stream that would not end", get("/events?topic=scores", {}, "HEAD")],
    [405, "a HEAD of a poll", get("/poll?topic=scores", {}, "HEAD")],
    [405, "a method that nobody has heard of", get("/", {}, "constructor")],
  ] as const)("%d for %s", (status, _what, facts) => {
    expect(statusOf(facts)).toBe(status);
  });
});

describe("a server that is full or shutting down", () => {
  const stream = get("/events?topic=scores");
  const poll = get("/poll?topic=scores");

  test.each([
    ["a socket", handshake()],
    ["an echo", handshake({}, "/echo")],
    ["a stream", stream],
    ["a poll", poll],
  ])("refuses %s", (_what, facts) => {
    expect(statusOf(facts, { draining: true })).toBe(503);
    expect(statusOf(facts, { connections: 9 })).toBeUndefined();
    expect(statusOf(facts, { connections: 10 })).toBe(503);
    expect(statusOf(facts, { fromAddress: 4 })).toBeUndefined();
    expect(statusOf(facts, { fromAddress: 5 })).toBe(429);
  });

  test("says when to come back", () => {
    for (const load of [{ draining: true }, { connections: 10 }, { fromAddress: 5 }]) {
      expect(admit(stream, policy, { ...empty, ...load })?.headers["Retry-After"]).toMatch(/^\d+$/);
    }
  });

  // Either it waits behind an answer, or the server was too full when the stack asked, and is not any more.
  test("asks a handshake that its stack takes for an ordinary request to try again", () => {
    const refusal = admit({ ...handshake(), isOrdinary: true }, policy, empty);
    expect(refusal).toMatchObject({ status: 503, headers: { "Retry-After": "1" } });
    expect(admit({ ...get("/greet"), isOrdinary: true }, policy, empty)).toBeUndefined();
  });

  test("still answers requests that do not stay open, /healthz above all", () => {
    for (const path of ["/", "/healthz", "/metrics", "/servers.json", "/greet", "/assets/page.js"]) {
      expect(statusOf(get(path), { draining: true, connections: 99, fromAddress: 99 })).toBeUndefined();
    }
  });
});

describe("a request with several faults is refused for identity first, then form, then room", () => {
  const everything = {
    host: "evil.com",
    origin: "http://evil.com",
    "sec-websocket-version": "8",
    "sec-websocket-key": "short",
    "sec-websocket-protocol": "other",
  };
  const mend: [number, Headers, string, string][] = [
    [421, {}, "/nowhere", "POST"],
    [403, { host: "localhost:3001" }, "/nowhere", "POST"],
    [404, { origin: "http://localhost:3001" }, "/nowhere", "POST"],
    [405, {}, "/ws", "POST"],
    [426, {}, "/ws", "GET"],
    [400, { "sec-websocket-version": "13" }, "/ws", "GET"],
    [400, { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" }, "/ws", "GET"],
    [503, { "sec-websocket-protocol": subprotocol }, "/ws", "GET"],
  ];
  const full = { draining: true, connections: 10, fromAddress: 5 };

  test.each(mend.map((step, index) => [step[0], index] as const))("%d is fault %d", (status, index) => {
    const headers = Object.assign({ ...everything }, ...mend.slice(0, index + 1).map((step) => step[1]));
    const [, , url, method] = mend[index] ?? [0, {}, "", ""];
    expect(statusOf(handshake(headers, url, method), full)).toBe(status);
  });

  test("a full server refuses with 503 rather than 429", () => {
    expect(statusOf(handshake(), { connections: 10, fromAddress: 5 })).toBe(503);
  });
});

test("a refusal names what would have been accepted", () => {
  expect(admit(handshake({ "sec-websocket-version": "8" }), policy, empty)).toEqual({
    status: 426,
    reason: "WebSocket version 13 is spoken here",
    headers: { Upgrade: "websocket", Connection: "Upgrade, close", "Sec-WebSocket-Version": "13" },
  });
  const allow = (facts: RequestFacts) => admit(facts, policy, empty)?.headers.Allow;
  expect(allow(get("/", {}, "POST"))).toBe("GET, HEAD");
  expect(allow(get("/poll", {}, "POST"))).toBe("GET");
  expect(allow(handshake({}, "/ws", "POST"))).toBe("GET");
  expect(admit(handshake({ "sec-websocket-protocol": "x" }), policy, empty)?.reason).toContain(subprotocol);
});

test("a refusal announces that the connection ends", () => {
  const refused = [get("/", { host: "" }), get("/ws"), get("/", {}, "POST"), handshake({ origin: "null" })];
  for (const facts of refused) expect(admit(facts, policy, empty)?.headers.Connection).toMatch(/\bclose$/);
});

describe("an exposed endpoint", () => {
  const exposed = (...what: Exposable[]): DoorPolicy => ({ ...policy, exposed: new Set(what) });
  const foreign: Headers[] = [{ host: "10.1.2.3:9090" }, { "sec-fetch-site": "cross-site" }];

  test.each(foreign)("is served under any host, like /healthz (%j)", (headers) => {
    const asked = (url: string, each: DoorPolicy) => admit(get(url, headers), each, empty)?.status;
    expect(asked("/healthz", policy)).toBeUndefined();
    expect(asked("/metrics", exposed("metrics"))).toBeUndefined();
    expect(asked("/events?topic=log", exposed("log"))).toBeUndefined();
    expect(asked("/poll?since=a:1&topic=log", exposed("log"))).toBeUndefined();
  });

  test.each(foreign)("does not expose any other (%j)", (headers) => {
    const asked = (url: string, ...what: Exposable[]) =>
      admit(get(url, headers), exposed(...what), empty)?.status;
    const status = headers.host ? 421 : 403;
    expect(asked("/metrics", "log")).toBe(status);
    expect(asked("/events?topic=log", "metrics")).toBe(status);
    for (const url of ["/events?topic=scores", "/poll", "/servers.json?topic=log", "/metrics/"]) {
      expect(asked(url, "metrics", "log"), url).toBe(status);
    }
  });

  test("is still refused to an unlisted Origin", () => {
    const asked = (url: string) =>
      admit(get(url, { origin: "http://evil.com" }), exposed("metrics", "log"), empty);
    for (const url of ["/metrics", "/events?topic=log", "/healthz"]) expect(asked(url)?.status).toBe(403);
  });
});

test("no Origin is ever admitted unless it is listed", () => {
  const listed = [...policy.origins];
  const near = fc
    .tuple(fc.constantFrom(...listed), fc.nat(), fc.nat(2), fc.string({ maxLength: 5 }))
    .map(([origin, at, cut, insert]) => {
      const from = at % (origin.length + 1);
      return origin.slice(0, from) + insert + origin.slice(from + cut);
    });
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (origin) => {
      const isListed = policy.origins.has(parseOrigin(origin) ?? "");
      expect(statusOf(handshake({ origin }))).toBe(isListed ? undefined : 403);
      // A browser, too, must consider an admitted Origin the same as a listed one: https://url.spec.whatwg.org/#origin
      if (isListed) expect(policy.origins).toContain(new URL(origin).origin.replace(/\.(?=:|$)/, ""));
    }),
  );
});

test("every request is admitted or refused, and none throws", () => {
  const value = fc.option(fc.oneof(fc.string(), fc.constantFrom("websocket", "Upgrade", "13", "null")), {
    nil: undefined,
  });
  const headers = fc.record({
    host: value,
    origin: value,
    connection: value,
    upgrade: value,
    "sec-fetch-site": value,
    "sec-websocket-version": value,
    "sec-websocket-key": value,
    "sec-websocket-protocol": value,
    "sec-websocket-extensions": value,
    expect: value,
  });
  const url = fc.oneof(fc.string(), fc.constantFrom("/ws", "/echo", "/events?", "/poll?topic=%"));
  fc.assert(
    fc.property(headers, url, fc.string(), (each, target, method) => {
      const status = statusOf(get(target, each, method));
      expect([undefined, 400, 403, 404, 405, 417, 421, 426]).toContain(status);
    }),
  );
});

test("only a listed origin may read a response, and every response carries Vary: Origin", () => {
  const usual = { Vary: "Origin", "X-Content-Type-Options": "nosniff" };
  expect(commonHeaders(get("/"), policy)).toEqual(usual);
  expect(commonHeaders(get("/", { origin: "http://evil.com" }), policy)).toEqual(usual);
  expect(commonHeaders(get("/", { origin: "HTTP://localhost:3002" }), policy)).toMatchObject({
    "Access-Control-Allow-Origin": "HTTP://localhost:3002",
  });
  expect(commonHeaders(get("/", { origin: "http://localhost:3002" }), policy)).toEqual({
    ...usual,
    "Access-Control-Allow-Origin": "http://localhost:3002",
  });
});

test("a handshake has two headers, each a case-insensitive list (RFC 6455 §4.2.1)", () => {
  const asks = (connection: string | undefined, upgrade: string | undefined) =>
    get("/", { connection, upgrade }).wantsWebSocket;
  expect(asks("Upgrade", "websocket")).toBe(true);
  expect(asks("keep-alive,UPGRADE", "WebSocket")).toBe(true);
  expect(asks(" , upgrade , ", "websocket,")).toBe(true);
  expect(asks("Upgrade", undefined)).toBe(false);
  expect(asks(undefined, "websocket")).toBe(false);
  expect(asks("upgrade-insecure-requests", "websocket")).toBe(false);
  expect(asks("Upgrade", "websocket/13")).toBe(false);
  expect(asks("\u00a0Upgrade", "websocket")).toBe(false);
  expect(asks("Upgrade", "websocket\u00a0")).toBe(false);
  expect(asks("keep-alive Upgrade", "websocket")).toBe(false);
});

test("our subprotocol is chosen wherever it stands in the offer, and no other ever", () => {
  expect(chooseSubprotocol("")).toBeUndefined();
  expect(chooseSubprotocol("a,b")).toBeUndefined();
  expect(chooseSubprotocol(`a, ${subprotocol}`)).toBe(subprotocol);
  expect(chooseSubprotocol(subprotocol.toUpperCase())).toBeUndefined();
  expect(chooseSubprotocol(new Set(["a", subprotocol]))).toBe(subprotocol);
  expect(chooseSubprotocol(new Set(["a"]))).toBeUndefined();
});
