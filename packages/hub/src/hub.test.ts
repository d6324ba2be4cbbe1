import { Close, contentSecurityPolicy, type RequestFacts, usualOrigins } from "@rosetta/protocol";
import { describe, expect, test } from "vitest";
import { alone } from "./cluster/alone.ts";
import { createExtras } from "./extras/index.ts";
import { Hub } from "./hub.ts";
import { now, openSession, Peer, request, Socket, setUp, TestPort, World } from "./testing/index.ts";

const handshake = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};
const echo = request("/echo", handshake);

/** Returns the address that an admitted request counts for. */
function addressFor(hub: Hub<Socket>, facts: RequestFacts, remote: string): string {
  const admission = hub.admit(facts, remote);
  if (admission.refusal) throw new Error(admission.refusal.body);
  return admission.address;
}

describe("admission", () => {
  test("admits a program on this machine, with the headers of every response", () => {
    const { hub, records } = setUp();
    expect(hub.admit(echo, "127.0.0.1")).toEqual({
      headers: { Vary: "Origin", "X-Content-Type-Options": "nosniff" },
      address: "127.0.0.1",
    });
    expect(records).toEqual([]);
  });

  test("records a refusal with the path, cut to one line", () => {
    const { hub, records } = setUp();
    const { refusal } = hub.admit(
      request(`/${"p".repeat(100)}?secret=1`, { origin: "http://evil.com" }),
      "9.9.9.9",
    );
    expect(refusal?.status).toBe(403);
    expect(refusal?.headers["Access-Control-Allow-Origin"]).toBeUndefined();
    expect(records).toEqual([
      {
        name: "refused",
        details: { status: 403, reason: "this Origin is not listed", path: `/${"p".repeat(63)}` },
      },
    ]);
  });

  test("reports a refused path without its query, which can hold a secret", () => {
    const { hub, records } = setUp();
    hub.admit(request("/ws?token=1#2", { origin: "http://evil.com" }), "9.9.9.9");
    expect(records).toMatchObject([{ name: "refused", details: { path: "/ws" } }]);
  });

  test("counts the sockets of each address, and all of them", async () => {
    const { hub } = setUp({ limits: { connections: 4, connectionsPerAddress: 2 } });
    const status = (address: string) => hub.admit(echo, address).refusal?.status ?? 101;
    const [first] = [new Peer(hub, "/echo", "1.1.1.1"), new Peer(hub, "/ws", "1.1.1.1")];
    expect([status("1.1.1.1"), status("2.2.2.2")]).toEqual([429, 101]);
    new Peer(hub, "/echo", "2.2.2.2");
    new Peer(hub, "/echo", "3.3.3.3");
    expect([status("1.1.1.1"), status("2.2.2.2"), status("4.4.4.4")]).toEqual([503, 503, 503]);
    await first?.gone();
    await first?.gone();
    expect([status("1.1.1.1"), status("2.2.2.2")]).toEqual([101, 101]);
    new Peer(hub, "/echo", "1.1.1.1");
    expect(status("2.2.2.2")).toBe(503);
  });

  test("allows 10,000 sockets by default, 1,000 of them from one address", () => {
    const { hub } = setUp();
    for (let count = 0; count < 1_000; count++) new Peer(hub, "/echo", "1.1.1.1");
    expect(hub.admit(echo, "1.1.1.1").refusal?.status).toBe(429);
    for (let count = 0; count < 9_000; count++) new Peer(hub, "/echo", `2.2.${count % 250}.2`);
    expect(hub.admit(echo, "3.3.3.3").refusal?.status).toBe(503);
  });

  test("believes X-Forwarded-For only if there are trusted proxies", () => {
    const forged = request("/echo", { ...handshake, "x-forwarded-for": "6.6.6.6, 9.9.9.9" });
    expect(addressFor(setUp().hub, forged, "10.0.0.1")).toBe("10.0.0.1");
    expect(addressFor(setUp({ proxies: 1 }).hub, forged, "10.0.0.1")).toBe("9.9.9.9");
    const { hub } = setUp({ proxies: 1, limits: { connectionsPerAddress: 1 } });
    new Peer(hub, "/echo", addressFor(hub, forged, "10.0.0.1"));
    expect(hub.admit(forged, "10.0.0.1").refusal?.status).toBe(429);
  });

  test("counts an address once, however a stack or a proxy writes it", () => {
    const { hub, connect } = setUp({ limits: { connectionsPerAddress: 1 } });
    connect("/echo", addressFor(hub, echo, "::ffff:192.0.2.1"));
    expect(hub.admit(echo, "192.0.2.1").refusal?.status).toBe(429);
    connect("/echo", addressFor(hub, echo, "2001:db8::1"));
    expect(hub.admit(echo, "2001:DB8:0:0:ffff::2").refusal?.status).toBe(429);
    expect(hub.admit(echo, "2001:db8:0:1::1").refusal).toBeUndefined();
  });

  test("lists its own URL as browsers write it", () => {
    const { hub } = setUp({ host: "192.0.2.1", port: 80 });
    expect(hub.listening(80)).toBe("http://192.0.2.1");
    for (const host of ["192.0.2.1", "192.0.2.1:80"]) {
      const facts = request("/", { host, origin: "http://192.0.2.1" });
      expect(hub.admit(facts, "192.0.2.7").refusal).toBeUndefined();
    }
  });

  test("knows only the listed origins, if any are listed", () => {
    const { hub } = setUp({ origins: ["https://example.org"] });
    const ask = (origin: string, host: string) => hub.admit(request("/", { origin, host }), "1.1.1.1");
    expect(ask("https://example.org", "example.org").refusal).toBeUndefined();
    expect(ask("https://example.org", "127.0.0.1:3001").refusal?.status).toBe(421);
    expect(ask("http://127.0.0.1:3001", "example.org").refusal?.status).toBe(403);
  });

  test.each(["127.0.0.1", "::1", "192.168.1.5", "Server.lan"])(
    "accepts its own URL as Host and Origin (%s)",
    (host) => {
      const { hub } = setUp({ host, port: 0 });
      const url = hub.listening(4_321);
      const authority = url.slice("http://".length);
      expect(
        hub.admit(request("/", { host: authority, origin: url.toLowerCase() }), "").refusal,
      ).toBeUndefined();
      expect(hub.admit(request("/", { host: "evil.com" }), "").refusal?.status).toBe(421);
    },
  );

  test("opens no socket at a path that is not a WebSocket endpoint", () => {
    const { hub } = setUp();
    expect(() => new Peer(hub, "/")).toThrow("admit() lets nobody in at /");
  });
});

describe("a socket that fails to open", () => {
  const mistake = new Error("a mistake");

  test("before it has a session is closed with 1011, and the failure is reported", () => {
    const { hub, failures } = setUp();
    const socket = new Socket();
    hub.accept(socket, () => {
      throw mistake;
    });
    expect(socket).toMatchObject({ closing: { code: Close.InternalError }, isTerminated: true });
    expect(failures).toEqual([mistake]);
  });

  test("after it has one no longer counts as a connection", async () => {
    const { hub, world, records, failures } = setUp({ limits: { connections: 1 } });
    const socket = new Socket();
    hub.accept(socket, () => {
      openSession(hub, socket, "/ws", "1.1.1.1");
      throw mistake;
    });
    expect(socket.closing?.code).toBe(Close.InternalError);
    expect(records.map(({ name, details }) => [name, details.code])).toEqual([
      ["opened", undefined],
      ["closed", Close.InternalError],
    ]);
    expect(hub.admit(echo, "1.1.1.1").refusal).toBeUndefined();
    await world.pass(60_000);
    expect(failures).toEqual([mistake]);
  });
});

test("servers.json lists this server first", () => {
  const servers = [
    { id: "other", title: "Other", url: "http://127.0.0.1:3002" },
    { id: "test", title: "Test", url: "http://127.0.0.1:9999" },
  ];
  const { hub } = setUp({ servers });
  expect(JSON.parse(hub.servers().body)).toEqual([
    { id: "test", title: "Test", url: "http://127.0.0.1:3001", self: true },
    { id: "other", title: "Other", url: "http://127.0.0.1:3002", self: false },
  ]);
  const reachable = hub.pageHeaders()["Content-Security-Policy"];
  expect(reachable).toBe(contentSecurityPolicy(usualOrigins(3001, servers)));
  expect(reachable).toContain("ws://localhost:3002");
  expect(hub.pageHeaders().Vary).toBe("Origin, Accept-Encoding");
});

test.each([
  ["127.0.0.1", [], true, true],
  ["0.0.0.0", [], false, false],
  ["0.0.0.0", ["metrics"], true, false],
  ["0.0.0.0", ["metrics", "log"], true, true],
] as const)("on %s with EXPOSE=%s metrics are served: %s, the log: %s", (host, exposed, metrics, log) => {
  const { hub } = setUp({ host, exposed: new Set(exposed) });
  expect(hub.metrics().status === 200).toBe(metrics);
  expect(now(hub.events(request("/events?topic=log"), "")).refusal === undefined).toBe(log);
});

test("if the log refuses the server's own events, that is reported and nothing else breaks", async () => {
  const log = {
    append: () => Promise.reject(new Error("the disk is full")),
    head: () => ({ epoch: "e", offset: 0 }),
    since: () => ({ recovered: false, entries: [] }),
    follow: () => {},
    open: () => undefined,
    close: () => {},
  };
  const { greet, world, failures } = setUp({}, { cluster: alone(log) });
  const anna = await greet();
  await world.pass(2_000);
  // Two seconds of five feeds, and one record of an opened socket.
  expect(failures).toHaveLength(11);
  await anna.say({ type: "echo", id: "1", text: "x" });
  expect(anna.heard()).toHaveLength(1);
});

describe("a timer", () => {
  test("that fails is reported, and ends neither the process nor the next timer", async () => {
    const { connect, greet, world, port, failures } = setUp();
    const broken = new Error("a broken stack");
    port.close = () => {
      throw broken;
    };
    connect();
    await world.pass(5_000);
    expect(failures).toEqual([broken]);
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "scores" });
    anna.heard();
    await world.pass(1_000);
    expect(anna.heardOf("event")).toHaveLength(1);
  });

  test("that fails every time still runs every time", async () => {
    const append = (): never => {
      throw new Error("no log at all");
    };
    const head = () => ({ epoch: "e", offset: 0 });
    const since = () => ({ recovered: false, entries: [] });
    const log = { append, head, since, follow() {}, open: () => undefined, close() {} };
    const { world, failures } = setUp({}, { cluster: alone(log) });
    await world.pass(3_000);
    expect(failures).toHaveLength(3);
  });

  test("is set only once the server listens", () => {
    const { settings, identity } = setUp().inside;
    const world = new World();
    const journal = { record() {}, failed() {} };
    const extras = createExtras();
    const hub = new Hub({ settings, identity, journal, extras, platform: world, port: new TestPort() });
    expect(world.timers).toBe(0);
    hub.listening(3001);
    expect(world.timers).toBe(3);
    hub.listening(3002);
    expect(world.timers).toBe(3);
  });
});

test("a handshake that may upgrade is refused if the server begins to shut down before it does", () => {
  const { hub } = setUp();
  const facts = { ...echo };
  expect(hub.mayUpgrade(facts, "1.1.1.1")).toBe(true);
  void hub.drain();
  expect(hub.admit(facts, "1.1.1.1").refusal?.status).toBe(503);
});
