import { expect, test } from "vitest";
import {
  contentSecurityPolicy,
  type Defaults,
  defaultLimits,
  type Limits,
  readEnvironment,
  type Settings,
  usualOrigins,
} from "./index.ts";

const sibling = { id: "one", title: "One", url: "http://127.0.0.1:3001" };
const defaults: Defaults = { port: 3001, servers: [sibling] };

function read(env: Record<string, string | undefined>): Settings {
  const { settings, problems } = readEnvironment(env, defaults);
  if (!settings) throw new Error(problems.join("\n"));
  return settings;
}

function problemsOf(env: Record<string, string>): string[] {
  return readEnvironment(env, defaults).problems ?? [];
}

const limitNames: Record<keyof Limits, string> = {
  messageBytes: "MAX_MESSAGE_BYTES",
  fragments: "MAX_FRAGMENTS",
  queueBytes: "MAX_QUEUE_BYTES",
  queueBytesTotal: "MAX_QUEUE_BYTES_TOTAL",
  connections: "MAX_CONNECTIONS",
  connectionsPerAddress: "MAX_CONNECTIONS_PER_ADDRESS",
  requestsPerSecond: "MAX_REQUESTS_PER_SECOND",
  requestBurst: "MAX_REQUEST_BURST",
  topics: "MAX_TOPICS",
  messagesPerSecond: "MAX_MESSAGES_PER_SECOND",
  burst: "MAX_BURST",
  badMessages: "MAX_BAD_MESSAGES",
  rooms: "MAX_ROOMS",
  logBytes: "MAX_LOG_BYTES",
  rememberedBytes: "MAX_REMEMBERED_BYTES",
  jobs: "MAX_JOBS",
  jobsTotal: "MAX_JOBS_TOTAL",
  heartbeatMs: "HEARTBEAT_MS",
  pongMs: "PONG_MS",
  helloMs: "HELLO_MS",
  handshakeMs: "HANDSHAKE_MS",
  messageMs: "MESSAGE_MS",
  keepAliveMs: "KEEP_ALIVE_MS",
  streamMs: "STREAM_MS",
  pollMs: "POLL_MS",
  drainMs: "DRAIN_MS",
  lingerMs: "LINGER_MS",
  engineTimeoutMs: "ENGINE_TIMEOUT_MS",
  engineGraceMs: "ENGINE_GRACE_MS",
};

test("an empty environment means loopback and the default limits", () => {
  const usual = {
    port: 3001,
    host: "127.0.0.1",
    origins: undefined,
    servers: [sibling],
    chaos: false,
    compression: false,
    proxies: 0,
    exposed: new Set(),
    limits: defaultLimits,
  };
  expect(read({})).toEqual(usual);
  const names = [
    "PORT",
    "HOST",
    "ALLOWED_ORIGINS",
    "SERVERS",
    "CHAOS",
    "COMPRESSION",
    "TRUST_PROXY",
    "EXPOSE",
    "MAX_BURST",
  ];
  expect(read(Object.fromEntries(names.map((name) => [name, ""])))).toEqual(usual);
  expect(read({ TOSTRING: "1", toString: "1", PATH: "/bin" })).toEqual(usual);
});

test.each(Object.entries(limitNames))("the limit %s is set by %s, and by nothing else", (limit, name) => {
  const value = limit.includes("Bytes") ? 2048 : 777;
  expect(read({ [name]: String(value) }).limits).toEqual({ ...defaultLimits, [limit]: value });
});

test.each([
  ["PORT", "0", { port: 0 }],
  ["PORT", "65535", { port: 65_535 }],
  ["HOST", "0.0.0.0", { host: "0.0.0.0" }],
  ["HOST", "::1", { host: "::1" }],
  ["HOST", "0:0:0:0:0:0:0:1", { host: "::1" }],
  ["HOST", "::ffff:10.0.0.1", { host: "::ffff:a00:1" }],
  ["HOST", "host-1.example.org", { host: "host-1.example.org" }],
  ["ALLOWED_ORIGINS", "https://example.org", { origins: ["https://example.org"] }],
  ["ALLOWED_ORIGINS", "http://a:1 , http://[::1]:2", { origins: ["http://a:1", "http://[::1]:2"] }],
  ["ALLOWED_ORIGINS", "HTTPS://Example.org.", { origins: ["https://example.org"] }],
  ["ALLOWED_ORIGINS", "http://[0:0::1]:2", { origins: ["http://[::1]:2"] }],
  ["ALLOWED_ORIGINS", "https://a:443,http://b:80", { origins: ["https://a", "http://b"] }],
  ["ALLOWED_ORIGINS", "http://a:443,https://b:80", { origins: ["http://a:443", "https://b:80"] }],
  [
    "SERVERS",
    "a=http://A:80, b=https://b:443",
    {
      servers: [
        { id: "a", title: "a", url: "http://a" },
        { id: "b", title: "b", url: "https://b" },
      ],
    },
  ],
  ["SERVERS", "a=http://127.0.0.1:1", { servers: [{ id: "a", title: "a", url: "http://127.0.0.1:1" }] }],
  [
    "SERVERS",
    "one=http://127.0.0.1:1",
    { servers: [{ id: "one", title: "One", url: "http://127.0.0.1:1" }] },
  ],
  ["CHAOS", "1", { chaos: true }],
  ["CHAOS", "0", { chaos: false }],
  ["COMPRESSION", "1", { compression: true }],
  ["TRUST_PROXY", "2", { proxies: 2 }],
  ["EXPOSE", "metrics", { exposed: new Set(["metrics"]) }],
  ["EXPOSE", "log, metrics", { exposed: new Set(["metrics", "log"]) }],
])("%s=%s is understood", (name, text, settings) => {
  expect(read({ [name]: text })).toMatchObject(settings);
});

test.each([
  ["PORT", "65536", "a whole number from 0 to 65535"],
  ["PORT", "-1", "a whole number from 0 to 65535"],
  ["PORT", "80.5", "a whole number"],
  ["PORT", "1e3", "a whole number"],
  ["PORT", " 80", "a whole number"],
  ["PORT", "0x50", "a whole number"],
  ["PORT", "eighty", "a whole number"],
  ["HOST", "127.0.0.1:3000", "an IP address or a host name"],
  ["HOST", "http://localhost", "an IP address or a host name"],
  ["HOST", ":::", "an IP address or a host name"],
  ["HOST", "12345::", "an IP address or a host name"],
  ["HOST", "[::1]", "an IP address or a host name"],
  ["HOST", "local host", "an IP address or a host name"],
  ["ALLOWED_ORIGINS", "*", "origins like https://example.org, with commas between"],
  ["ALLOWED_ORIGINS", "example.org", "origins like"],
  ["ALLOWED_ORIGINS", "https://example.org/", "origins like"],
  ["ALLOWED_ORIGINS", "https://example.org,", "origins like"],
  ["ALLOWED_ORIGINS", "null", "origins like"],
  ["ALLOWED_ORIGINS", "https://a'; script-src *", "origins like"],
  ["ALLOWED_ORIGINS", "https://example.org:65536", "origins like"],
  ["ALLOWED_ORIGINS", "https://user@example.org", "origins like"],
  ["ALLOWED_ORIGINS", "http://[::1::]:1", "origins like"],
  ["SERVERS", "http://127.0.0.1:1", "servers like id=http://127.0.0.1:3001, with commas between"],
  ["SERVERS", "a=127.0.0.1:1", "servers like"],
  ["SERVERS", "a=http://127.0.0.1:1,", "servers like"],
  ["SERVERS", "A B=http://127.0.0.1:1", "servers like"],
  ["CHAOS", "true", "0 or 1"],
  ["CHAOS", "2", "0 or 1"],
  ["CHAOS", "constructor", "0 or 1"],
  ["CHAOS", "toString", "0 or 1"],
  ["CHAOS", "__proto__", "0 or 1"],
  ["COMPRESSION", "gzip", "0 or 1"],
  ["TRUST_PROXY", "11", "a whole number from 0 to 10"],
  ["TRUST_PROXY", "yes", "a whole number from 0 to 10"],
  ["EXPOSE", "all", "metrics, log, or both with a comma between"],
  ["EXPOSE", "metrics,", "metrics, log"],
  ["MAX_MESSAGE_BYTES", "1023", "a whole number from 1024 to 268435456"],
  ["MAX_QUEUE_BYTES", "9999999999", "a whole number from 1024 to 1073741824"],
  ["MAX_TOPICS", "0", "a whole number from 1 to 100000"],
  ["HEARTBEAT_MS", "99", "a whole number from 100 to 86400000"],
  ["POLL_MS", "25s", "a whole number"],
])("%s=%s cannot be used, and the line says what can", (name, text, expectation) => {
  const problems = problemsOf({ [name]: text });
  expect(problems).toEqual([expect.stringContaining(`${name}=${JSON.stringify(text)} cannot be used`)]);
  expect(problems[0]).toContain(`expected ${expectation}`);
  expect(problems[0]).not.toContain("\n");
});

test("all problems are reported at once, each on one line", () => {
  const problems = problemsOf({ PORT: "a\nb", CHAOS: "maybe", MAX_ROOMS: "many" });
  expect(problems).toHaveLength(3);
  expect(problems.join("")).not.toContain("\n");
});

test("by default, the pages of all servers on this machine may connect", () => {
  const other = { id: "two", title: "Two", url: "http://127.0.0.1:3002" };
  expect([...usualOrigins(3001, [sibling, other])]).toEqual([
    "http://localhost:3001",
    "http://127.0.0.1:3001",
    "http://[::1]:3001",
    "http://localhost:3002",
    "http://127.0.0.1:3002",
    "http://[::1]:3002",
  ]);
});

test("the default port of a scheme is left out, as in browsers", () => {
  expect([...usualOrigins(80, [])]).toEqual(["http://localhost", "http://127.0.0.1", "http://[::1]"]);
  const secure = { id: "s", title: "S", url: "https://example.org" };
  expect(usualOrigins(80, [secure])).toContain("http://localhost:443");
  expect(usualOrigins(80, [secure])).toContain("https://example.org");
});

test("the page's policy forbids inline code and eval, and allows connections only to listed servers", () => {
  const policy = contentSecurityPolicy(["http://localhost:3001", "http://[::1]:3001", "https://example.org"]);
  const directives = new Map(
    policy.split("; ").map((each) => [each.split(" ")[0], each.split(" ").slice(1)]),
  );
  expect(directives.get("connect-src")).toEqual([
    "'self'",
    "http://localhost:3001",
    "ws://localhost:3001",
    "https://example.org",
    "wss://example.org",
  ]);
  expect(directives.get("default-src")).toEqual(["'none'"]);
  expect(directives.get("script-src")).toEqual(["'self'"]);
  expect(directives.get("frame-ancestors")).toEqual(["'none'"]);
  expect(policy).not.toContain("unsafe");
});

test("REDIS_URL names the engine", () => {
  expect(read({ REDIS_URL: "redis://anna:s3cret@redis.example.org/2" }).engine).toMatchObject({
    hosts: [{ host: "redis.example.org", port: 6379 }],
    database: 2,
  });
  expect(read({ REDIS_URL: "" }).engine).toBeUndefined();
});

test("an unusable REDIS_URL is reported without its password, and with the form to use instead", () => {
  expect(problemsOf({ REDIS_URL: "redis://anna:s3cret@host/name" })).toEqual([
    'REDIS_URL="redis://…@host/name" cannot be used: expected nothing after the host but the number of a database, ' +
      "as in redis://host:6379/0",
  ]);
});
