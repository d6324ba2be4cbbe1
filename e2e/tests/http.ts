import { createConnection } from "node:net";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import {
  Conversation,
  type HeaderChanges,
  metric,
  type Raw,
  type RawAnswer,
  samplesOf,
} from "@rosetta/testkit";
import { expect, test } from "../fixtures.ts";

/** One of each kind of answer: a page, texts, JSON, what is refused and what is not there. */
const everyPath = ["/", "/greet", "/servers.json", "/healthz", "/metrics", "/poll?topic=scores", "/nowhere"];

/** Pages that another site may link to. */
const openPaths = ["/", "/greet", "/healthz"];

const closedPaths = ["/servers.json", "/metrics", "/events?topic=scores", "/poll?topic=scores"];

/** Returns the paths of the files that the page loads. Fails if there are none, because then it is not our page. */
async function assetsOf(raw: Raw): Promise<string[]> {
  const { body } = await raw.request("/");
  const paths = [...body.matchAll(/(?:src|href)="\.?([^"]+)"/g)].map(([, path = ""]) => path);
  expect(paths, "the files of the page").not.toHaveLength(0);
  return paths;
}

/** Returns the directives of a Content-Security-Policy. */
function policyOf({ headers }: RawAnswer): Map<string, string[]> {
  const directives = (headers.get("content-security-policy") ?? "").split(";");
  return new Map(
    directives.map((text) => text.trim().split(/\s+/)).map(([name = "", ...rest]) => [name, rest]),
  );
}

/** Sends bytes and returns everything that comes back until the connection ends. */
async function answerTo(raw: Raw, bytes: string): Promise<string> {
  const connection = await raw.tcp();
  connection.write(bytes);
  await connection.ended({ awaited: `the end of the answer to ${JSON.stringify(bytes.slice(0, 80))}` });
  return connection.received.toString();
}

/** Sends a request with exactly this method and target, and returns everything that comes back. */
function exchange(raw: Raw, method: string, target: string): Promise<string> {
  const headers = `Host: 127.0.0.1:${raw.port}\r\nConnection: close\r\n\r\n`;
  return answerTo(raw, `${method} ${target} HTTP/1.1\r\n${headers}`);
}

test("HTTP-01 MUST answer GET / with a page", { tag: ["@page", "@step"] }, async ({ raw }) => {
  const answer = await raw.request("/");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^text\/html\b/);
  expect(answer.body).toMatch(/<\w+/);
});

test("HTTP-02 MUST answer GET /greet with one line of plain text", { tag: ["@greet", "@step"] }, async ({
  raw,
}) => {
  const answer = await raw.request("/greet");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain\b/);
  expect(answer.body).toMatch(/^Hello from .+\n?$/);
});

// CSP3 §6.1.10 (script-src), §6.4.2 (frame-ancestors).
test("HTTP-03 MUST let the page run only its own files, in no frame", { tag: ["@page"] }, async ({ raw }) => {
  const answer = await raw.request("/");
  const policy = policyOf(answer);
  expect(policy.get("default-src")).toEqual(["'none'"]);
  expect(policy.get("script-src")).toEqual(["'self'"]);
  expect(policy.get("frame-ancestors")).toEqual(["'none'"]);
  expect(policy.get("base-uri")).toEqual(["'none'"]);
  expect([...policy.values()].flat().filter((source) => source.startsWith("'unsafe-"))).toEqual([]);
  expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
});

test("HTTP-04 MUST let the page connect to every server of the run", { tag: ["@page", "@servers"] }, async ({
  launch,
  raw,
}) => {
  const sibling = "http://127.0.0.1:39999";
  const server = await launch({ SERVERS: `sibling=${sibling}` });
  const sources = policyOf(await raw.at(server.port).request("/")).get("connect-src");
  for (const url of [server.url, sibling]) {
    expect(sources).toContain(url);
    expect(sources).toContain(url.replace("http", "ws"));
  }
});

// https://fetch.spec.whatwg.org/#x-content-type-options-header
test("HTTP-05 MUST forbid browsers to guess the type of any answer", { tag: "@door" }, async ({ raw }) => {
  for (const path of [...everyPath, ...(await assetsOf(raw))]) {
    const { headers } = await raw.request(path);
    expect.soft(headers.get("x-content-type-options"), path).toBe("nosniff");
    expect.soft(headers.get("x-powered-by"), `${path} does not say what it is made of`).toBeNull();
  }
});

test("HTTP-06 MUST serve the files of the page, each with its type", { tag: "@page" }, async ({ raw }) => {
  const paths = await assetsOf(raw);
  expect(paths.filter((path) => !path.startsWith("/assets/"))).toEqual([]);
  expect(paths.some((path) => path.endsWith(".js"))).toBe(true);
  const types = { js: /^(text|application)\/javascript\b/, css: /^text\/css\b/, svg: /^image\/svg\+xml\b/ };
  for (const path of paths) {
    const answer = await raw.request(path);
    expect(answer.status, path).toBe(200);
    expect(answer.headers.get("content-type"), path).toMatch(types[path.split(".").at(-1) as "js"]);
    expect(answer.bytes.length, path).toBeGreaterThan(100);
  }
});

// RFC 9110 §13.1.2, §15.4.5.
test("HTTP-07 MUST answer 304 to who has the page already", { tag: ["@page"] }, async ({ raw }) => {
  const first = await raw.request("/");
  const etag = first.headers.get("etag") ?? "none";
  expect(etag, "the ETag").toMatch(/^(W\/)?".+"$/);
  const again = await raw.request("/", { headers: { "If-None-Match": etag } });
  expect(again.status).toBe(304);
  expect(again.headers.get("etag")).toBe(etag);
  expect(again.body).toBe("");
  const other = await raw.request("/", { headers: { "If-None-Match": '"of-another-page"' } });
  expect(other.status).toBe(200);
  expect(other.body).toBe(first.body);
});

test("HTTP-31 MUST answer 304 to who has a file of the page already", { tag: "@page" }, async ({ raw }) => {
  for (const path of await assetsOf(raw)) {
    const { headers } = await raw.request(path);
    const etag = headers.get("etag") ?? "none";
    expect(etag, `the ETag of ${path}`).toMatch(/^(W\/)?".+"$/);
    const again = await raw.request(path, { headers: { "If-None-Match": etag } });
    expect(`${path}: ${again.status}, ${again.body.length} B`).toBe(`${path}: 304, 0 B`);
  }
});

// RFC 9110 §13.1.1, §14.2: a server may ignore a range, and what it answers instead is its own affair.
test("HTTP-32 MUST show nothing of its insides to who asks for what the page has not", {
  tag: ["@door", "@page"],
}, async ({ raw }) => {
  const page = await raw.request("/");
  const unmet: Record<string, string>[] = [
    { Range: "bytes=99999999-" },
    { "If-Match": '"of-another-page"' },
    { "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT" },
  ];
  for (const headers of unmet) {
    const { status, body } = await raw.request("/", { headers });
    expect([200, 412, 416], JSON.stringify(headers)).toContain(status);
    if (status === 200) expect(body).toBe(page.body);
    else expect(body).not.toMatch(/node_modules|\.[jt]s\b|^\s*at /m);
  }
});

// RFC 9110 §9.3.2: as GET, without the content.
test("HTTP-08 MUST answer HEAD as GET, without a body", { tag: ["@page", "@greet"] }, async ({ raw }) => {
  for (const path of ["/", "/greet"]) {
    const get = await raw.request(path);
    const [head = "", body] = (await exchange(raw, "HEAD", path)).split("\r\n\r\n");
    expect(head, path).toMatch(/^HTTP\/1\.1 200 /);
    expect(head.toLowerCase(), path).toContain(
      `content-type: ${get.headers.get("content-type")?.toLowerCase()}`,
    );
    expect(body, path).toBe("");
  }
});

test("HTTP-09 MUST list the servers of the run, itself first", { tag: "@servers" }, async ({
  launch,
  raw,
}) => {
  const sibling = "http://127.0.0.1:39999";
  const server = await launch({ SERVERS: `sibling=${sibling}` });
  const answer = await raw.at(server.port).request("/servers.json");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^application\/json\b/);
  const { id, title } = server.manifest;
  expect(JSON.parse(answer.body)).toEqual([
    { id, title, url: server.url, self: true },
    { id: "sibling", title: "sibling", url: sibling, self: false },
  ]);
});

test("HTTP-10 MUST say at /healthz that it is well, to everyone anew", { tag: "@health" }, async ({
  app,
  raw,
}) => {
  const answer = await raw.request("/healthz");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(JSON.parse(answer.body)).toEqual({ status: "ok", server: app.manifest.id });
});

// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
test("HTTP-11 MUST serve metrics that Prometheus can read", { tag: "@metrics" }, async ({ raw }) => {
  const answer = await raw.request("/metrics");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4\b/);
  expect(answer.body.endsWith("\n"), "the last line ends, too").toBe(true);
  const described = new Map<string, string>();
  for (const line of answer.body.trimEnd().split("\n")) {
    const [, name = "", type = ""] = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge)$/.exec(line) ?? [];
    if (name) described.set(name, type);
    if (line.startsWith("#")) expect(line).toMatch(/^# (HELP [a-zA-Z_:][\w:]* \S|TYPE )/);
    else expect(line).toMatch(/^[a-zA-Z_:][\w:]*(\{([a-zA-Z_]\w*="[^"\\\n]*",?)+\})? -?\d+(\.\d+)?$/);
  }
  const samples = await samplesOf(raw);
  expect(samples.length).toBeGreaterThan(5);
  for (const { name } of samples) {
    expect([...described.keys()], "every sample has a type").toContain(name);
    expect(name.endsWith("_total"), name).toBe(described.get(name) === "counter");
  }
});

test("HTTP-12 MUST count connections, messages, refusals and closes", {
  tag: ["@metrics", "@closed"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch()).port);
  const ws = await own.connect("/echo");
  await expect.poll(() => metric(own, "connections", { endpoint: "/echo" })).toBe(1);
  expect(await metric(own, "connections", { endpoint: "/ws" })).toBe(0);
  ws.send("four");
  await ws.nextText();
  expect(await metric(own, "messages_total", { direction: "in" })).toBe(1);
  expect(await metric(own, "bytes_total", { direction: "in" })).toBe(4);
  await own.refused("/echo", { headers: { Origin: "https://foreign.example" } });
  expect(await metric(own, "refused_total", { status: "403" })).toBe(1);
  await ws.close(1000);
  await expect.poll(() => metric(own, "connections")).toBe(0);
  expect(await metric(own, "closed_total", { code: "1000" })).toBe(1);
});

test("HTTP-13 MUST keep topics, clients and addresses out of the metrics", { tag: "@metrics" }, async ({
  launch,
  raw,
  room,
}) => {
  const own = raw.at((await launch({ TRUST_PROXY: "1" })).port);
  const talk = await Conversation.open(own, { headers: { "X-Forwarded-For": "203.0.113.77" } });
  const { session, member } = await talk.hello();
  await talk.request({ type: "subscribe", topic: room });
  await talk.request({ type: "publish", topic: room, to: "all", text: "hello" });
  await own.refused(`/${room}`);
  await talk.socket.close(4321);
  await expect.poll(() => metric(own, "connections")).toBe(0);
  const { body } = await own.request("/metrics");
  for (const secret of [
    room.slice("room/".length),
    talk.client,
    session,
    member,
    "203.0.113.77",
    "127.0.0.1",
  ]) {
    expect(body).not.toContain(secret);
  }
  // Their number has a bound: a peer may choose among 2,000 close codes.
  expect(body).not.toContain("4321");
  const labels = (await samplesOf(own)).flatMap((sample) => Object.keys(sample.labels));
  expect(new Set(labels)).toEqual(new Set(["endpoint", "direction", "status", "code"]));
});

// GHSA-92pp-h63x-v22m, GHSA-frvp-7c67-39w9: static files are where servers leak.
const outside = [
  "/../package.json",
  "/../../../../../../../../etc/passwd",
  "/assets/../../package.json",
  "/%2e%2e/package.json",
  "/%2e%2e%2fpackage.json",
  "/assets/%2e%2e/%2e%2e/package.json",
  "/assets/..%2f..%2fpackage.json",
  "/..%5cpackage.json",
  "/..%5c..%5c..%5cpackage.json",
  "/....//package.json",
  "/%252e%252e%252fpackage.json",
  "/%c0%ae%c0%ae/package.json",
  "//etc/passwd",
  "//x",
  "/%00",
  "/index.html%00.js",
  "/assets/",
  "/.git/config",
  "/.env",
  "/src/main.ts",
  "/package.json",
  "/%",
];

test("HTTP-14 MUST serve no file outside the page's folder", { tag: ["@page", "@missing"] }, async ({
  raw,
}) => {
  for (const target of outside) {
    const answer = await exchange(raw, "GET", target);
    expect.soft(answer, target).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect.soft(answer, target).not.toMatch(/root:|"dependencies"|\[core\]|import \{|<!doctype/i);
  }
});

test("HTTP-15 MUST answer 404 to what is not there", { tag: "@missing" }, async ({ raw }) => {
  // No file can have a name as long as the last one.
  const paths = ["/nowhere", "/greet/nobody", "/assets/nothing.js", "/healthz/", `/${"a".repeat(3_000)}`];
  for (const path of paths) {
    const answer = await raw.request(path);
    expect.soft(answer.status, path).toBe(404);
    expect.soft(answer.headers.get("content-type"), path).toMatch(/^text\/plain\b/);
    expect.soft(answer.body, path).toBe("not found\n");
  }
});

// RFC 9110 §15.5.6: a 405 names what is allowed.
test("HTTP-16 MUST answer 405 to what is not a GET", { tag: "@door" }, async ({ raw }) => {
  for (const path of ["/", "/greet", "/healthz", "/metrics", "/nowhere"]) {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const answer = await raw.request(path, { method, body: "x" });
      expect.soft(answer.status, `${method} ${path}`).toBe(405);
      expect.soft(answer.headers.get("allow"), `${method} ${path}`).toBe("GET, HEAD");
    }
  }
});

// A name of the attacker's that resolves to this address is DNS rebinding: only the Host tells. RFC 9110 §15.5.20.
test("HTTP-17 MUST answer 421 to a Host that is not its own", { tag: "@door" }, async ({ app, raw }) => {
  const at = (name: string) => `${name}:${app.port}`;
  const names = ["rebound.example", "127.1", "2130706433", "[::ffff:127.0.0.1]"];
  const foreign = ["rebound.example", "127.0.0.1", "127.0.0.1:1", "[::1]:1", ...names.map(at)];
  for (const host of foreign) {
    for (const path of everyPath.filter((path) => path !== "/healthz")) {
      const { status } = await raw.request(path, { headers: { Host: host } });
      expect.soft(status, `${path} at ${host}`).toBe(421);
    }
  }
  const own = ["127.0.0.1", "localhost", "LocalHost", "[::1]"];
  for (const name of own) {
    const { status } = await raw.request("/greet", { headers: { Host: `${name}:${app.port}` } });
    expect.soft(status, name).toBe(200);
  }
});

// RFC 9112 §3.2.
test("HTTP-18 MUST answer 400 to a request without a Host", { tag: "@door" }, async ({ raw }) => {
  const { status } = await raw.request("/greet", { headers: { Host: undefined } });
  expect(status).toBe(400);
});

test("HTTP-19 MUST answer 403 to a foreign Origin, whatever it asks for", { tag: "@door" }, async ({
  app,
  raw,
}) => {
  const foreign = ["https://foreign.example", "null", `http://127.0.0.1:${app.port}.evil.example`];
  for (const origin of foreign) {
    for (const path of [...everyPath, ...closedPaths]) {
      const answer = await raw.request(path, { headers: { Origin: origin } });
      expect.soft(answer.status, `${path} from ${origin}`).toBe(403);
      expect.soft(answer.headers.get("access-control-allow-origin"), `${path} from ${origin}`).toBeNull();
    }
  }
});

// https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches: without Vary, a cache gives one origin's answer to another.
test("HTTP-20 MUST let the pages of its siblings read every answer", { tag: ["@door", "@servers"] }, async ({
  launch,
  raw,
}) => {
  const sibling = "http://127.0.0.1:39999";
  const own = raw.at((await launch({ SERVERS: `sibling=${sibling}` })).port);
  for (const path of everyPath) {
    const { headers, status } = await own.request(path, { headers: { Origin: sibling } });
    expect.soft(status, path).toBe(path === "/nowhere" ? 404 : 200);
    expect.soft(headers.get("access-control-allow-origin"), path).toBe(sibling);
    expect.soft(headers.get("vary"), path).toMatch(/\borigin\b/i);
    const without = await own.request(path);
    expect.soft(without.headers.get("access-control-allow-origin"), path).toBeNull();
    expect.soft(without.headers.get("vary"), path).toMatch(/\borigin\b/i);
  }
  expect((await own.request("/servers.json")).body).toContain(sibling);
});

// https://w3c.github.io/webappsec-fetch-metadata/: a browser sends no Origin with an <img> or a navigation.
test("HTTP-21 MUST answer other sites only with what one may link to", { tag: "@door" }, async ({ raw }) => {
  for (const site of ["cross-site", "same-site"]) {
    const headers = { "Sec-Fetch-Site": site };
    for (const path of closedPaths) {
      expect.soft((await raw.request(path, { headers })).status, `${path} ${site}`).toBe(403);
    }
    for (const path of openPaths) {
      expect.soft((await raw.request(path, { headers })).status, `${path} ${site}`).toBe(200);
    }
  }
  for (const site of ["same-origin", "none"]) {
    const { status } = await raw.request("/metrics", { headers: { "Sec-Fetch-Site": site } });
    expect.soft(status, `/metrics ${site}`).toBe(200);
  }
});

test("HTTP-22 MUST show metrics to other machines only if told so", { tag: ["@metrics", "@listen"] }, async ({
  launch,
  raw,
}) => {
  const hidden = raw.at((await launch({ HOST: "0.0.0.0" })).port);
  expect((await hidden.request("/greet")).status).toBe(200);
  const answer = await hidden.request("/metrics");
  expect(answer.status).toBe(404);
  expect(answer.body).toBe("not found\n");
  const exposed = raw.at((await launch({ HOST: "0.0.0.0", EXPOSE: "metrics" })).port);
  expect(await metric(exposed, "connections")).toBe(0);
});

test("HTTP-23 MUST say in one line which port it cannot have, and what helps", { tag: "@listen" }, async ({
  app,
  attempt,
}) => {
  const second = await attempt({ PORT: String(app.port) });
  expect(second.exit).toEqual({ code: 1, signal: null });
  expect(second.stderr).toEqual([
    `${app.manifest.id}: cannot listen on 127.0.0.1:${app.port} (EADDRINUSE): stop what listens there, or set PORT to another`,
  ]);
  expect(second.stdout).toEqual([]);
});

test("HTTP-24 MUST name each value of its environment that it cannot use", { tag: "@listen" }, async ({
  attempt,
}) => {
  const server = await attempt({ MAX_TOPICS: "many", PORT: "70000", ALLOWED_ORIGINS: "example.org" });
  expect(server.exit).toEqual({ code: 2, signal: null });
  const { id } = server.manifest;
  expect(server.stderr.toSorted()).toEqual([
    `${id}: ALLOWED_ORIGINS="example.org" cannot be used: expected origins like https://example.org, with commas between`,
    `${id}: MAX_TOPICS="many" cannot be used: expected a whole number from 1 to 100000`,
    `${id}: PORT="70000" cannot be used: expected a whole number from 0 to 65535`,
  ]);
  expect(server.stdout).toEqual([]);
});

test("HTTP-25 MUST print one line on stdout when it listens, and where", { tag: "@listen" }, async ({
  launch,
}) => {
  const server = await launch();
  expect(server.ready).toEqual({
    ready: true,
    server: server.manifest.id,
    url: server.url,
    runtime: expect.stringMatching(/^(node|bun) \d+\.\d+\.\d+$/),
  });
  await server.stop();
  expect(server.stdout.map((line) => JSON.parse(line))).toEqual([server.ready]);
});

test("HTTP-26 MUST take any free port if PORT is 0", { tag: "@listen" }, async ({ launch, raw }) => {
  const { ready } = await launch({ PORT: "0" });
  const port = Number(new URL(ready?.url ?? "").port);
  expect(port).toBeGreaterThan(0);
  expect((await raw.at(port).request("/greet")).status).toBe(200);
});

test("HTTP-27 MUST listen at its own address and at no other", { tag: "@listen" }, async ({ app }) => {
  // All of 127.0.0.0/8 is this machine (RFC 1122 §3.2.1.3); a server that listens everywhere answers there, too.
  const socket = createConnection({ host: "127.0.0.2", port: app.port });
  const outcome = await new Promise((resolve) => {
    socket.once("connect", () => resolve("connected"));
    socket.once("error", () => resolve("refused"));
    // macOS knows only the one address, and lets the others time out.
    socket.setTimeout(5_000, () => resolve("nobody answered"));
  });
  socket.destroy();
  expect(outcome).not.toBe("connected");
});

/** Targets that are no path of a server, though a router might take them for one. */
const otherwise = [
  "/GREET",
  "/greet/",
  "//greet",
  "/greet//",
  "/gr%65et",
  "/greet%2f",
  "/greet%3Fa",
  "/healthz%00",
  "/%zz",
  "/%",
  "/\\greet",
  "/greet;v=1",
  "/greet#part",
  "/index.html/",
  "/INDEX.HTML",
];

/** Targets that lead to a path only if somebody resolves their dots first. */
const walked = ["/./greet", "/nowhere/../greet", "/%2e/greet", "/assets/%2E%2e/greet", "/.."];

test("HTTP-28 MUST compare a path as it is written", {
  tag: ["@mount", "@door", "@page", "@missing"],
}, async ({ raw }) => {
  for (const target of otherwise) {
    const answer = await exchange(raw, "GET", target);
    expect.soft(answer, target).toMatch(/^HTTP\/1\.1 404 /);
    expect.soft(answer, target).toMatch(/^content-type: text\/plain\b/im);
    expect.soft(answer, target).toMatch(/^x-content-type-options: nosniff\r$/im);
  }
  // RFC 9112 §3.2.2: a whole URL is understood, too.
  const same = ["/greet", "/greet?", "/greet?a=%zz&b=//../", `http://127.0.0.1:${raw.port}/greet`];
  for (const target of same) {
    expect.soft(await exchange(raw, "GET", target), target).toMatch(/^HTTP\/1\.1 200 [\s\S]+Hello from/);
  }
  const [page, file] = await Promise.all([raw.request("/"), raw.request("/index.html?query")]);
  expect([file.status, file.body]).toEqual([200, page.body]);
  expect(policyOf(file)).toEqual(policyOf(page));
});

test("HTTP-29 MUST answer 404 to a path that must be walked first", { tag: "@door" }, async ({ raw }) => {
  const served: string[] = [];
  for (const target of walked) {
    if (!(await exchange(raw, "GET", target)).startsWith("HTTP/1.1 404 ")) served.push(target);
  }
  expect(served, `served: ${served.join(", ")}`).toEqual([]);
});

// A probe comes to the address of a pod, of which the server knows nothing; what it learns is no secret.
test("HTTP-30 MUST say at /healthz that it is well, by whatever Host it is asked", {
  tag: ["@door", "@health"],
}, async ({ raw }) => {
  for (const host of ["10.1.2.3", "pod.example:8080", "127.0.0.1:1"]) {
    expect.soft((await raw.request("/healthz", { headers: { Host: host } })).status, host).toBe(200);
    const headers = { Host: host, Origin: `http://${host}` };
    expect.soft((await raw.request("/healthz", { headers })).status, `a page at ${host}`).toBe(403);
  }
});

// RFC 9112 §3.2 requires a Host in HTTP/1.1 only. HAProxy's `option httpchk` sends none.
test("HTTP-33 MUST answer HTTP/1.0 without a Host", { tag: ["@mount", "@door"] }, async ({ raw }) => {
  for (const path of everyPath) {
    const { status } = await raw.request(path, { httpVersion: "1.0", headers: { Host: undefined } });
    expect.soft(status, path).toBe(path === "/nowhere" ? 404 : 200);
  }
  for (const hosts of ["rebound.example", ["127.0.0.1", "127.0.0.1"]]) {
    const { status } = await raw.request("/greet", { httpVersion: "1.0", headers: { Host: hosts } });
    expect.soft(status, String(hosts)).toBe(Array.isArray(hosts) ? 400 : 421);
  }
  expect((await raw.request("/healthz", { headers: { Host: undefined } })).status, "of HTTP/1.1").toBe(400);
});

// Like a health probe, a scraper uses an address that the server does not know.
test("HTTP-34 MUST serve what is exposed on purpose under any Host, and nothing else", {
  tag: ["@door", "@metrics"],
}, async ({ launch, raw }) => {
  const exposed = raw.at((await launch({ HOST: "0.0.0.0", EXPOSE: "metrics,log" })).port);
  const hidden = raw.at((await launch({ HOST: "0.0.0.0" })).port);
  const ways = [{ Host: "10.1.2.3:9090" }, { "Sec-Fetch-Site": "cross-site" }];
  for (const headers of ways) {
    const refusal = "Host" in headers ? 421 : 403;
    for (const path of ["/metrics", "/poll?topic=log"]) {
      expect.soft((await exposed.request(path, { headers })).status, `${path} exposed`).toBe(200);
      expect.soft((await hidden.request(path, { headers })).status, `${path} hidden`).toBe(refusal);
    }
    for (const path of ["/servers.json", "/poll?topic=scores"]) {
      expect.soft((await exposed.request(path, { headers })).status, path).toBe(refusal);
    }
  }
});

// RFC 9112 §3.2.2: "MUST ignore the received Host header field (if any) and instead use the host information of the
// request-target". If a proxy and a server disagree on which one counts, an attacker can use the difference.
test("HTTP-35 MUST use the host of a whole URL and ignore the Host header", {
  tag: ["@door", "@upgrade"],
}, async ({ raw }) => {
  const { port } = raw;
  const elsewhere = await raw.request("http://rebound.example/greet");
  const here = await raw.request(`http://127.0.0.1:${port}/greet`, { headers: { Host: "rebound.example" } });
  const withUser = await raw.request(`http://user@127.0.0.1:${port}/greet`);
  expect(`elsewhere ${elsewhere.status}, here ${here.status}, with a user ${withUser.status}`).toBe(
    "elsewhere 421, here 200, with a user 400",
  );
  expect((await raw.refused("http://rebound.example/echo")).status, "a handshake").toBe(421);
});

test("HTTP-36 MUST answer a whole URL like its path", { tag: ["@door", "@page", "@upgrade"] }, async ({
  raw,
}) => {
  const own = `http://127.0.0.1:${raw.port}`;
  for (const path of ["/", "/index.html", ...(await assetsOf(raw)), "/greet?a=b", "/healthz", "/nowhere"]) {
    const [whole, short] = [await raw.request(own + path), await raw.request(path)];
    expect.soft([whole.status, whole.body], path).toEqual([short.status, short.body]);
  }
  const [page, bare] = [await raw.request("/"), await raw.request(own)];
  expect([bare.status, bare.body]).toEqual([200, page.body]);
  expect(JSON.parse((await raw.request(`${own}/poll?topic=scores`)).body)).toMatchObject({ topic: "scores" });
  await raw.connect(`HTTP://LOCALHOST:${raw.port}/echo?a=b`);
});

// RFC 9112 §3.2: other targets are for proxies or for OPTIONS.
test("HTTP-37 MUST answer 400 to a target that is neither a path nor a whole URL", { tag: "@door" }, async ({
  raw,
}) => {
  for (const target of ["*", "greet", "?a", `127.0.0.1:${raw.port}`, `ws://127.0.0.1:${raw.port}/echo`]) {
    expect.soft(await exchange(raw, "GET", target), target).toMatch(/^HTTP\/1\.1 400 /);
  }
  expect.soft(await exchange(raw, "OPTIONS", "*")).toMatch(/^HTTP\/1\.1 400 /);
});

// RFC 9110 §9.1: 501 for an unknown method, 405 for one that is not allowed.
test("HTTP-38 SHOULD answer a method that nobody knows", { tag: "@door" }, async ({ raw }) => {
  for (const method of ["get", "FOO", "GETS"]) {
    const answer = await exchange(raw, method, "/greet");
    expect(answer || "hung up without an answer", method).toMatch(/^HTTP\/1\.1 (4\d\d|501) /);
  }
});

test("HTTP-39 SHOULD answer CONNECT, which is for proxies", { tag: "@door" }, async ({ raw }) => {
  const answer = await exchange(raw, "CONNECT", `127.0.0.1:${raw.port}`);
  expect(answer || "hung up without an answer").toMatch(/^HTTP\/1\.1 (4\d\d|501) /);
});

/** Asks a server, at the address that it printed, for the list of itself and its siblings. */
async function siblingsOf(server: { ready: { url: string } | undefined }): Promise<{ url: string }[]> {
  const answer = await fetch(`${server.ready?.url}/servers.json`);
  return (await answer.json()) as { url: string }[];
}

// A server must resolve its HOST once. If it resolved the name again to print it or to find siblings, it could get
// another address.
test("HTTP-40 MUST be at one address, and look for its siblings there, however its HOST is written", {
  tag: ["@listen", "@servers"],
}, async ({ launch }) => {
  // macOS has only one address of 127.0.0.0/8.
  const other = process.platform === "darwin" ? "127.0.0.1" : "127.0.0.2";
  const hosts: [string, RegExp][] = [
    ["localhost", /^(127\.0\.0\.1|\[::1\])$/],
    ["127.1", /^127\.0\.0\.1$/],
    [other, new RegExp(`^${other}$`)],
  ];
  for (const [host, address] of hosts) {
    const server = await launch({ HOST: host });
    const [own, ...others] = await siblingsOf(server);
    const { hostname } = new URL(own?.url ?? "");
    expect(hostname, host).toMatch(address);
    expect(own?.url, host).toBe(server.ready?.url);
    expect(others.map(({ url }) => new URL(url).hostname)).toEqual(others.map(() => hostname));
    const headers = { Origin: others[0]?.url ?? "" };
    const { status } = await fetch(`${own?.url}/servers.json`, { headers });
    expect(status, `a sibling's page asks ${host}`).toBe(200);
  }
});

// 0.0.0.0 is not an address that a client can use: browsers refuse it.
test("HTTP-41 MUST print an address that works on this machine, even if it listens everywhere", {
  tag: ["@listen", "@servers"],
}, async ({ launch }) => {
  const server = await launch({ HOST: "0.0.0.0" });
  expect(server.ready?.url).toBe(server.url);
  for (const { url } of await siblingsOf(server)) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

// RFC 9112 §6.1, §6.3. Two readers that disagree on where a body ends also disagree on the next request.
test("HTTP-42 MUST answer 400 to a body whose length is given twice, or whose coding it does not know", {
  tag: ["@door"],
}, async ({ raw }) => {
  const framings: HeaderChanges[] = [
    { "Content-Length": ["0", "0"] },
    { "Content-Length": "0, 0" },
    { "Content-Length": "+1" },
    { "Transfer-Encoding": "identity" },
    { "Transfer-Encoding": "gzip, chunked" },
  ];
  for (const headers of framings) {
    const { status } = await raw.request("/greet", { headers, body: "0\r\n\r\n" });
    expect.soft(status, JSON.stringify(headers)).toBe(400);
  }
  const old = { httpVersion: "1.0", headers: { "Transfer-Encoding": "chunked" }, body: "0\r\n\r\n" };
  expect((await raw.request("/greet", old)).status, "chunks in HTTP/1.0").toBe(400);
});

// RFC 9112 §3: answer a malformed request line with 400 rather than guess.
test("HTTP-43 MUST refuse a malformed request line", { tag: "@door" }, async ({ raw }) => {
  const headers = `Host: 127.0.0.1:${raw.port}\r\nConnection: close\r\n\r\n`;
  const lines = [
    "GET\t/greet HTTP/1.1",
    "GET /greet HTTP/1.1 ",
    "GET /greet http/1.1",
    "GET /greet",
    " GET / HTTP/1.1",
  ];
  for (const line of [...lines, "GET /gr eet HTTP/1.1", "GET HTTP/1.1", "/greet HTTP/1.1"]) {
    const answer = await answerTo(raw, `${line}\r\n${headers}`);
    expect.soft(answer, JSON.stringify(line)).toMatch(/^HTTP\/1\.1 (400|505) /);
  }
});

test("HTTP-44 SHOULD refuse a request line with two spaces in a row", { tag: "@door" }, async ({ raw }) => {
  const headers = `Host: 127.0.0.1:${raw.port}\r\nConnection: close\r\n\r\n`;
  expect(await answerTo(raw, `GET  /greet HTTP/1.1\r\n${headers}`)).toMatch(/^HTTP\/1\.1 400 /);
});

// RFC 9112 §2.2: some old clients send an empty line after a body.
test("HTTP-45 SHOULD ignore an empty line before a request", { tag: "@mount" }, async ({ raw }) => {
  const headers = `Host: 127.0.0.1:${raw.port}\r\nConnection: close\r\n\r\n`;
  expect(await answerTo(raw, `\r\nGET /greet HTTP/1.1\r\n${headers}`)).toMatch(/^HTTP\/1\.1 200 /);
});

// RFC 6585 §5. A browser sends a host's cookies to every port of that host.
test("HTTP-49 MUST accept 15 KiB of cookies and 150 headers, and answer 431 to too much", {
  tag: ["@door", "@upgrade"],
}, async ({ raw }) => {
  const cookies = (kibibytes: number) => ({ Cookie: `crumbs=${"~".repeat(kibibytes * 1024)}` });
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-Crumb-${index}`, "1"]));
  const subprotocols = ["rosetta.v1.json"];
  for (const headers of [cookies(8), cookies(15), many(150)]) {
    expect((await raw.request("/greet", { headers })).status).toBe(200);
    (await raw.connect("/ws", { subprotocols, headers })).destroy();
  }
  for (const headers of [cookies(17), cookies(40), many(3_000)]) {
    expect((await raw.request("/greet", { headers })).status).toBe(431);
    expect((await raw.refused("/ws", { subprotocols, headers })).status).toBe(431);
  }
});

/** Returns the statuses in what a server sent, in order. */
function statusesOf(received: string): number[] {
  return [...received.matchAll(/^HTTP\/1\.[01] (\d{3}) /gm)].map(([, status]) => Number(status));
}

// RFC 9110 §10.1.1: one 100 (Continue) at most, and none if the body is already there.
test("HTTP-50 MUST not answer 100 twice", { tag: "@mount" }, async ({ raw }) => {
  const head = `GET /greet HTTP/1.1\r\nHost: 127.0.0.1:${raw.port}\r\nConnection: close\r\n`;
  const answer = await answerTo(raw, `${head}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`);
  expect(statusesOf(answer).filter((status) => status === 100).length, "times 100").toBeLessThan(2);
  expect(statusesOf(answer).at(-1)).toBe(200);
});

// RFC 9112 §7.1.2: fields may come behind a chunked body.
test("HTTP-51 MUST accept trailers behind a chunked body, and answer the next request", {
  tag: "@mount",
}, async ({ raw }) => {
  const host = `Host: 127.0.0.1:${raw.port}\r\n`;
  const chunked = `GET /greet HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`;
  const answer = await answerTo(raw, `${chunked}GET /greet HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
  expect(statusesOf(answer), "behind a trailer").toEqual([200, 200]);
});

// RFC 9110 §13.1.1.
test("HTTP-52 MUST answer 412 if the page is not the one that If-Match names", { tag: "@page" }, async ({
  raw,
}) => {
  const { status } = await raw.request("/", { headers: { "If-Match": '"another"' } });
  expect(status, "with If-Match").toBe(412);
});

// RFC 9112 §3.2 and RFC 3986 §2: a target consists of ASCII.
test("HTTP-53 SHOULD refuse a target with bytes that are not ASCII", { tag: "@door" }, async ({ raw }) => {
  expect(statusesOf(await exchange(raw, "GET", "/greet?é")), "a query with é").toEqual([400]);
});

// RFC 9112 §9.3. HTTP/1.0 closes unless asked not to.
test("HTTP-54 SHOULD keep a connection of HTTP/1.0 open if it asks for that", { tag: "@mount" }, async ({
  raw,
}) => {
  const request = `GET /greet HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`;
  const answer = await answerTo(raw, `${request}GET /greet HTTP/1.0\r\n\r\n`);
  expect(statusesOf(answer), "two requests").toEqual([200, 200]);
});

/** Asks for a file of the page, with this Accept-Encoding or with none. */
function requestCoded(raw: Raw, path: string, coding?: string, more: HeaderChanges = {}): Promise<RawAnswer> {
  return raw.request(path, { headers: { "Accept-Encoding": coding, ...more } });
}

/** Returns the body of an answer as it was before it was compressed. */
function decompressed({ headers, bytes }: RawAnswer): Buffer {
  const coding = headers.get("content-encoding");
  if (coding === "br") return brotliDecompressSync(bytes);
  return coding === "gzip" ? gunzipSync(bytes) : bytes;
}

/** Returns the path of the largest script that the page loads: each of its forms is worth sending. */
async function scriptOf(raw: Raw): Promise<string> {
  const path = (await assetsOf(raw)).find((each) => each.endsWith(".js"));
  if (path === undefined) throw new Error("the page loads no script");
  return path;
}

const codings = ["br", "gzip"];

// RFC 9110 §8.4, §12.5.3, §12.5.5. A cache keeps a form for each Accept-Encoding only if every one of them says so.
test("HTTP-55 MUST send the page's files compressed to clients that accept it", { tag: "@page" }, async ({
  raw,
}) => {
  const paths = ["/", "/index.html", "/steps/1-echo.html", "/steps/4-resume.js", ...(await assetsOf(raw))];
  for (const path of paths) {
    const plain = await requestCoded(raw, path);
    expect.soft(plain.headers.get("content-encoding"), path).toBeNull();
    expect.soft(plain.headers.get("vary"), path).toMatch(/\baccept-encoding\b/i);
    for (const coding of codings) {
      const coded = await requestCoded(raw, path, coding);
      const what = `${path} as ${coding}`;
      expect.soft([coded.status, coded.headers.get("content-encoding")], what).toEqual([200, coding]);
      expect.soft(coded.bytes.length, what).toBeLessThan(plain.bytes.length);
      expect.soft(decompressed(coded).equals(plain.bytes), `${what} is the same file`).toBe(true);
      for (const name of ["content-type", "vary", "cache-control", "content-security-policy"]) {
        expect.soft(coded.headers.get(name), `${name} of ${what}`).toBe(plain.headers.get(name));
      }
    }
  }
});

// RFC 9110 §8.8.3.3: forms of one file that differ in their coding need ETags that differ, too.
test("HTTP-56 MUST answer 304 to a client that has a file in this form already, and to no other", {
  tag: "@page",
}, async ({ raw }) => {
  for (const path of ["/", await scriptOf(raw)]) {
    const etags = new Map<string | undefined, string>();
    for (const coding of [undefined, ...codings]) {
      etags.set(coding, (await requestCoded(raw, path, coding)).headers.get("etag") ?? "none");
    }
    expect(new Set(etags.values()).size, `the ETags of ${path}`).toBe(3);
    for (const [coding, etag] of etags) {
      for (const asked of etags.keys()) {
        const answer = await requestCoded(raw, path, asked, { "If-None-Match": etag });
        const what = `${path} as ${asked}, to a client that has it as ${coding}`;
        expect.soft(answer.status, what).toBe(asked === coding ? 304 : 200);
        expect.soft(answer.headers.get("etag"), what).toBe(etags.get(asked));
        expect.soft(answer.headers.get("vary"), what).toMatch(/\baccept-encoding\b/i);
      }
    }
  }
});

// RFC 9110 §12.5.3.
test("HTTP-57 MUST send a file as it is to a client that accepts no compression", { tag: "@page" }, async ({
  raw,
}) => {
  const path = await scriptOf(raw);
  const plain = await raw.request(path);
  const refusing = ["", "identity", "deflate", "gzip;q=0", "gzip;q=0, br;q=0", "*;q=0", "identity, *;q=0"];
  for (const accepted of refusing) {
    const answer = await requestCoded(raw, path, accepted);
    expect.soft(answer.headers.get("content-encoding"), accepted).toBeNull();
    expect.soft(answer.bytes.equals(plain.bytes), accepted).toBe(true);
  }
  for (const accepted of ["br;q=0, gzip", "gzip, br;q=0.000"]) {
    expect
      .soft((await requestCoded(raw, path, accepted)).headers.get("content-encoding"), accepted)
      .toBe("gzip");
  }
});

// RFC 9110 §12.5.3: "*" stands for the codings that are not named.
test("HTTP-58 MUST not send a coding that is refused by its name", { tag: "@page" }, async ({ raw }) => {
  const path = await scriptOf(raw);
  for (const coding of codings) {
    const answer = await requestCoded(raw, path, `${coding};q=0, *`);
    expect.soft(answer.headers.get("content-encoding"), `"${coding};q=0, *"`).not.toBe(coding);
  }
});

// RFC 9110 §12.4.2. Ruby's own client sends the first of these.
test("HTTP-59 SHOULD compress for a client that weighs what it accepts", { tag: "@page" }, async ({
  raw,
}) => {
  const path = await scriptOf(raw);
  for (const accepted of ["gzip;q=1.0,deflate;q=0.6,identity;q=0.3", "gzip;q=0.5", "gzip ; q=1"]) {
    expect((await requestCoded(raw, path, accepted)).headers.get("content-encoding"), accepted).toBe("gzip");
  }
});

// RFC 9110 §8.6, §9.3.2. A length may be left out, but not be another one.
test("HTTP-60 MUST answer HEAD with the headers of the form that GET would send", { tag: "@page" }, async ({
  raw,
}) => {
  for (const path of ["/", await scriptOf(raw)]) {
    for (const coding of [undefined, ...codings]) {
      const get = await requestCoded(raw, path, coding);
      const head = await raw.request(path, { method: "HEAD", headers: { "Accept-Encoding": coding } });
      const what = `HEAD ${path} as ${coding}`;
      expect([head.status, head.bytes.length], what).toEqual([200, 0]);
      for (const name of ["content-encoding", "content-type", "vary", "cache-control"]) {
        expect(head.headers.get(name), `${name} of ${what}`).toBe(get.headers.get(name));
      }
      const length = head.headers.get("content-length") ?? String(get.bytes.length);
      expect(`content-length ${length}`, what).toBe(`content-length ${get.bytes.length}`);
      const etag = get.headers.get("etag");
      expect(head.headers.get("etag") ?? etag, `etag of ${what}`).toBe(etag);
    }
  }
});

// RFC 9110 §14.2, §15.3.7: a range is cut out of the form that is sent, and its ETag is that of the whole.
test("HTTP-61 MUST cut ranges out of the form that it sends, and name that form", { tag: "@page" }, async ({
  raw,
}) => {
  const path = await scriptOf(raw);
  for (const coding of [undefined, ...codings]) {
    const whole = await requestCoded(raw, path, coding);
    const part = await requestCoded(raw, path, coding, { Range: "bytes=10-19" });
    if (part.status === 200) {
      expect(part.bytes.equals(whole.bytes), `all of it as ${coding}`).toBe(true);
      continue;
    }
    expect(part.status, `a range as ${coding}`).toBe(206);
    expect(part.headers.get("content-encoding")).toBe(whole.headers.get("content-encoding"));
    expect(part.headers.get("content-range")).toBe(`bytes 10-19/${whole.bytes.length}`);
    expect(part.bytes.equals(whole.bytes.subarray(10, 20)), `a range as ${coding}`).toBe(true);
    expect(part.headers.get("etag"), "the ETag of a range").toBe(whole.headers.get("etag"));
  }
});
