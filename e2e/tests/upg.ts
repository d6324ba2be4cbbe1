import { acceptOf, encodeClose, encodeFrame, FrameDecoder, Opcode, randomMask } from "@rosetta/conformance";
import { encode, parseServer, subprotocol } from "@rosetta/protocol";
import { from, type HeaderChanges, metric, type Raw, seconds, type UpgradeOptions } from "@rosetta/testkit";
import { expect, test } from "../fixtures.ts";

const offer = { subprotocols: [subprotocol] };

/** Both endpoints, each with an offer that it takes. */
const endpoints: [string, UpgradeOptions][] = [
  ["/echo", {}],
  ["/ws", offer],
];

/** Returns the handshake of RFC 6455 §1.3, with its key. */
function handshake(raw: Raw, path: string, headers: string[] = []): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${raw.port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function text(message: string): Uint8Array {
  return encodeFrame({ opcode: Opcode.Text, payload: Buffer.from(message), mask: randomMask() });
}

test("UPG-01 MUST switch protocols with the proof that it read the key", {
  tag: ["@upgrade", "@step"],
}, async ({ raw }) => {
  expect(acceptOf("dGhlIHNhbXBsZSBub25jZQ=="), "the sample of RFC 6455 §1.3").toBe(
    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  );
  // connect() demands what RFC 6455 §4.1 demands of a client: Upgrade, Connection, Sec-WebSocket-Accept.
  const ws = await raw.connect("/echo");
  expect(ws.head.status).toBe(101);
  ws.send("hello");
  expect(await ws.nextText()).toBe("hello");
});

// RFC 6455 §4.2.1: tokens are compared without regard to case; Connection is a list.
test("UPG-02 MUST read the headers of a handshake as lists of tokens", {
  tag: ["@upgrade", "@mount", "@step"],
}, async ({ raw }) => {
  const spellings: HeaderChanges[] = [
    { Upgrade: "WebSocket", Connection: "upgrade" },
    { Upgrade: "WEBSOCKET", Connection: "keep-alive, Upgrade" },
  ];
  for (const headers of spellings) await raw.connect("/echo", { headers });
});

test("UPG-03 MUST ignore a query", { tag: "@upgrade" }, async ({ raw }) => {
  for (const [path, options] of endpoints) await raw.connect(`${path}?room=1&x=%2F`, options);
});

// RFC 6455 §4.2.1, 5: 16 bytes in base64.
test("UPG-04 MUST answer 400 to a handshake without a proper key", {
  tag: ["@upgrade", "@door", "@step"],
}, async ({ raw }) => {
  const keys = [undefined, "", "short", "AAAAAAAAAAAAAAAAAAAA", "not base64 at all !!!!!=="];
  for (const key of keys) {
    const { status } = await raw.refused("/echo", { headers: { "Sec-WebSocket-Key": key } });
    expect.soft(status, `key ${key}`).toBe(400);
  }
});

test("UPG-05 MUST answer 400 at /ws to a handshake that does not offer the subprotocol", {
  tag: ["@upgrade", "@door"],
}, async ({ raw }) => {
  const offers = [[], ["chat"], ["rosetta.v2.json", "rosetta.v1"], [subprotocol.toUpperCase()]];
  for (const subprotocols of offers) {
    const answer = await raw.refused("/ws", { subprotocols });
    expect.soft(answer.status, `offer ${subprotocols}`).toBe(400);
    expect.soft(answer.body, `offer ${subprotocols}`).toContain(subprotocol);
  }
});

test("UPG-06 MUST answer 400 at /echo to a handshake that offers any subprotocol", {
  tag: ["@upgrade", "@door", "@step", "@admission"],
}, async ({ raw }) => {
  for (const subprotocols of [["chat"], [subprotocol]]) {
    expect((await raw.refused("/echo", { subprotocols })).status).toBe(400);
  }
});

// RFC 6455 §10.2. A list of substrings or of prefixes lets the look-alikes in.
test("UPG-07 MUST refuse a foreign Origin with 403", {
  tag: ["@upgrade", "@door", "@step", "@admission"],
}, async ({ raw }) => {
  const { port } = raw;
  const foreign = [
    "https://foreign.example",
    "null",
    "",
    `http://127.0.0.1:${port}.evil.example`,
    `http://127.0.0.1.evil.example:${port}`,
    `http://evil.example/127.0.0.1:${port}`,
    `http://evil-localhost:${port}`,
    `https://127.0.0.1:${port}`,
    `http://127.0.0.1:${port}/`,
    `http://127.0.0.1:${port + 1}`,
    "http://127.0.0.1",
    `http://127.1:${port}`,
    `http://0.0.0.0:${port}`,
    `http://[::ffff:127.0.0.1]:${port}`,
  ];
  for (const origin of foreign) {
    const { status } = await raw.refused("/echo", { headers: { Origin: origin } });
    expect.soft(status, origin).toBe(403);
  }
});

test("UPG-08 MUST refuse a foreign Origin at /ws, too", { tag: ["@upgrade", "@door"] }, async ({ raw }) => {
  const headers = { Origin: "https://foreign.example" };
  expect((await raw.refused("/ws", { ...offer, headers })).status).toBe(403);
});

test("UPG-09 MUST welcome pages of this machine, by each of its names", {
  tag: ["@upgrade", "@listen", "@step"],
}, async ({ raw }) => {
  for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
    await raw.connect("/echo", { headers: { Origin: `http://${name}:${raw.port}` } });
  }
});

test("UPG-10 MUST welcome the Origins that are listed, and only those", {
  tag: ["@upgrade", "@door"],
}, async ({ launch, raw }) => {
  const origin = "https://rosetta.example";
  const own = raw.at((await launch({ ALLOWED_ORIGINS: `${origin},http://127.0.0.1:4000` })).port);
  for (const [path, options] of endpoints) {
    await own.connect(path, { ...options, headers: { Host: "rosetta.example", Origin: origin } });
    const foreign = { Host: "rosetta.example", Origin: `http://127.0.0.1:${own.port}` };
    expect((await own.refused(path, { ...options, headers: foreign })).status).toBe(403);
  }
});

// A program has no Origin, and no cookies of others either.
test("UPG-11 MUST welcome a program, which sends no Origin", { tag: ["@upgrade", "@step"] }, async ({
  raw,
}) => {
  const ws = await raw.connect("/echo", { headers: { Origin: undefined } });
  ws.send("hello");
  expect(await ws.nextText()).toBe("hello");
});

test("UPG-12 MUST refuse a handshake without an Origin that another site's page began", {
  tag: ["@upgrade", "@door"],
}, async ({ raw }) => {
  for (const [path, options] of endpoints) {
    const headers = { "Sec-Fetch-Site": "cross-site" };
    expect((await raw.refused(path, { ...options, headers })).status, path).toBe(403);
  }
});

test("UPG-13 MUST answer 404 where no WebSocket is spoken", {
  tag: ["@upgrade", "@door", "@step", "@admission"],
}, async ({ raw }) => {
  for (const path of ["/nowhere", "/echo/", "/echo/x", "/Echo", "//echo", "/"]) {
    expect.soft((await raw.refused(path)).status, path).toBe(404);
  }
});

test("UPG-14 MUST not upgrade at a plain route", {
  tag: ["@upgrade", "@door", "@step", "@admission"],
}, async ({ raw }) => {
  for (const path of ["/greet", "/healthz", "/servers.json", "/events?topic=scores", "/poll?topic=scores"]) {
    expect.soft((await raw.refused(path)).status, path).toBe(404);
  }
});

// RFC 6455 §4.2.1, 1.
test("UPG-15 MUST answer 405 to a handshake that is not a GET", {
  tag: ["@upgrade", "@door", "@step", "@admission"],
}, async ({ raw }) => {
  for (const method of ["POST", "PUT", "OPTIONS"]) {
    const answer = await raw.refused("/echo", { method });
    expect.soft(answer.status, method).toBe(405);
    expect.soft(answer.headers.get("allow"), method).toBe("GET");
  }
});

test("UPG-16 MUST answer 421 to a handshake for another Host", {
  tag: ["@upgrade", "@door", "@step", "@admission"],
}, async ({ raw }) => {
  const hosts = ["rebound.example", `rebound.example:${raw.port}`, "127.0.0.1:1"];
  for (const host of hosts) {
    // The Origin of the rebound page is the rebound name, too: it proves nothing.
    for (const origin of [undefined, `http://${host}`]) {
      const { status } = await raw.refused("/echo", { headers: { Host: host, Origin: origin } });
      expect.soft(status, `${host} from ${origin}`).toBe(421);
    }
  }
});

// RFC 9110 §15.5.22: a 426 names the protocol to upgrade to.
test("UPG-17 MUST answer 426 to a plain GET of an endpoint", {
  tag: ["@door", "@step", "@admission"],
}, async ({ raw, rung }) => {
  for (const path of rung === undefined ? ["/echo", "/ws"] : ["/echo", "/rooms"]) {
    const { status, headers } = await raw.request(path);
    expect.soft(status, path).toBe(426);
    expect.soft(headers.get("upgrade"), path).toBe("websocket");
    expect.soft(headers.get("sec-websocket-version"), path).toBe("13");
  }
});

// RFC 6455 §4.4: the answer names the versions that are spoken.
test("UPG-18 MUST answer 426 to any version but 13, and name 13", {
  tag: ["@upgrade", "@door", "@step", "@admission"],
}, async ({ raw }) => {
  for (const version of ["8", "12", "14", "13.0", undefined]) {
    const { status, headers } = await raw.refused("/echo", { headers: { "Sec-WebSocket-Version": version } });
    expect.soft(status, `version ${version}`).toBe(426);
    expect.soft(headers.get("sec-websocket-version"), `version ${version}`).toBe("13");
  }
});

// RFC 9110 §7.8: a server may ignore Upgrade. curl --http2 and some proxies ask every server for h2c.
test("UPG-19 MUST answer a request that asks for h2c as if it did not", {
  tag: ["@mount", "@step", "@admission"],
}, async ({ raw, rung }) => {
  const headers = {
    Connection: "Upgrade, HTTP2-Settings",
    Upgrade: "h2c",
    "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA",
  };
  const greeting = await raw.request("/greet", { headers });
  expect(greeting.status).toBe(200);
  expect(greeting.body).toMatch(/^Hello /);
  for (const path of rung === undefined ? ["/echo", "/ws"] : ["/echo", "/rooms"]) {
    expect((await raw.request(path, { headers })).status, path).toBe(426);
  }
});

// RFC 6455 §4.2.1, 4; RFC 9110 §7.8: Upgrade counts only if Connection names it.
test("UPG-20 MUST not upgrade without Connection: Upgrade", {
  tag: ["@mount", "@step", "@admission"],
}, async ({ raw }) => {
  for (const connection of ["keep-alive", "close", undefined]) {
    const { status } = await raw.refused("/echo", { headers: { Connection: connection } });
    expect.soft(status, `Connection: ${connection}`).toBe(426);
  }
});

// RFC 6455 §4.2.2, 5, /subprotocol/.
test("UPG-21 MUST choose its subprotocol wherever it stands in the offer", { tag: "@subprotocol" }, async ({
  raw,
}) => {
  const offers = [[subprotocol], ["chat", subprotocol], ["chat", subprotocol, "mqtt"]];
  for (const subprotocols of offers) {
    const ws = await raw.connect("/ws", { subprotocols });
    expect(ws.subprotocol, `offer ${subprotocols}`).toBe(subprotocol);
  }
  // RFC 6455 §11.3.4: the header may come more than once, which is the same as one list.
  const headers = { "Sec-WebSocket-Protocol": ["chat", subprotocol] };
  expect((await raw.connect("/ws", { headers })).subprotocol).toBe(subprotocol);
});

test("UPG-22 MUST choose no subprotocol if none is offered", { tag: ["@subprotocol", "@step"] }, async ({
  raw,
}) => {
  const ws = await raw.connect("/echo");
  expect(ws.head.headers.has("sec-websocket-protocol")).toBe(false);
});

// RFC 7692 §7 leaves it to the server. Off by default: memory per socket, and CRIME (§ Security of RFC 7692).
test("UPG-23 MUST not compress, even if asked", { tag: ["@limits", "@step"] }, async ({ raw }) => {
  const extensions = "permessage-deflate; client_max_window_bits, permessage-deflate";
  const ws = await raw.connect("/echo", { headers: { "Sec-WebSocket-Extensions": extensions } });
  expect(ws.head.headers.get("sec-websocket-extensions") ?? "").toBe("");
  const message = "a".repeat(2_000);
  ws.send(message);
  expect((await ws.next("text")).payload.length).toBe(message.length);
});

test("UPG-24 MUST take a first message that comes with the handshake", {
  tag: ["@upgrade", "@messages", "@step"],
}, async ({ raw }) => {
  const ws = await raw.connect("/echo", { firstBytes: Buffer.concat([text("first"), text("second")]) });
  expect(await ws.nextText()).toBe("first");
  expect(await ws.nextText()).toBe("second");
});

test("UPG-25 MUST take a hello that comes with the handshake", { tag: ["@upgrade", "@messages"] }, async ({
  raw,
}) => {
  const hello = encode({ type: "hello", id: "first", client: "ab".repeat(16) });
  const ws = await raw.connect("/ws", { ...offer, firstBytes: text(hello) });
  expect(parseServer(await ws.nextText()).message).toMatchObject({ type: "welcome", re: "first" });
});

test("UPG-26 MUST understand a handshake that comes byte by byte", { tag: ["@upgrade", "@step"] }, async ({
  raw,
}) => {
  const connection = await raw.tcp();
  const end = encodeFrame({ opcode: Opcode.Close, payload: encodeClose(1000), mask: randomMask() });
  const bytes = Buffer.concat([Buffer.from(handshake(raw, "/echo")), text("split"), end]);
  for (const byte of bytes) {
    connection.write(Uint8Array.of(byte));
    // One turn for each, so that the kernel gets them one at a time (TCP_NODELAY).
    await connection.flushed();
  }
  await connection.ended();
  const answer = connection.received;
  const bodyAt = answer.indexOf("\r\n\r\n") + 4;
  expect(answer.toString("latin1", 0, bodyAt)).toMatch(
    /^HTTP\/1\.1 101 [\s\S]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/,
  );
  const frames = [...new FrameDecoder({ masked: false }).push(answer.subarray(bodyAt))];
  expect(frames.map(({ opcode, payload }) => [opcode, Buffer.from(payload).toString("latin1")])).toEqual([
    [Opcode.Text, "split"],
    [Opcode.Close, "\u0003\u00e8"],
  ]);
});

test("UPG-27 MUST not lose what is sent as soon as the connection is open", {
  tag: ["@upgrade", "@messages", "@step"],
}, async ({ raw }) => {
  const opened = from(1, 25).map(async (number) => {
    const ws = await raw.connect("/echo");
    ws.send(`first of ${number}`);
    return ws.nextText();
  });
  expect(await Promise.all(opened)).toEqual(from(1, 25).map((number) => `first of ${number}`));
});

test("UPG-28 MUST answer 503 over its number of connections, and take the next when one has left", {
  tag: ["@upgrade", "@door", "@closed"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MAX_CONNECTIONS: "3" })).port);
  const opened = [await own.connect("/echo"), await own.connect("/ws", offer), await own.connect("/echo")];
  for (const [path, options] of endpoints) {
    const refused = await own.refused(path, options);
    expect(refused.status, path).toBe(503);
    expect(refused.headers.get("retry-after"), path).toMatch(/^[1-9]\d*$/);
  }
  expect((await own.request("/events?topic=scores")).status).toBe(503);
  expect((await own.request("/healthz")).status, "a full server is well").toBe(200);
  await opened[0]?.close(1000);
  opened[1]?.destroy();
  await expect.poll(() => metric(own, "connections")).toBe(1);
  await own.connect("/echo");
  await own.connect("/echo");
  expect((await own.refused("/echo")).status).toBe(503);
});

test("UPG-29 MUST count streams and polls among the connections", {
  tag: ["@door", "@events", "@poll"],
}, async ({ launch, converse, raw, room }) => {
  const server = await launch({ MAX_CONNECTIONS: "3" });
  const own = raw.at(server.port);
  const { epoch } = JSON.parse((await own.request(`/poll?topic=${room}`)).body) as { epoch: string };
  const author = await converse({ server });
  const stream = await own.events(`/events?topic=${room}`);
  const poll = own.request(`/poll?topic=${room}&since=${epoch}:0`);
  await expect.poll(() => metric(own, "connections")).toBe(3);
  expect((await own.refused("/echo")).status).toBe(503);
  await author.request({ type: "publish", topic: room, to: "all", text: "the answer to the poll" });
  expect((await poll).status).toBe(200);
  await own.connect("/echo");
  expect((await own.refused("/echo")).status).toBe(503);
  stream.destroy();
  await expect.poll(() => metric(own, "connections")).toBe(2);
  await own.connect("/echo");
});

test("UPG-30 MUST answer 429 over the number of connections from one address", {
  tag: ["@upgrade", "@door", "@closed"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MAX_CONNECTIONS_PER_ADDRESS: "2" })).port);
  const opened = [await own.connect("/echo"), await own.connect("/ws", offer)];
  for (const [path, options] of endpoints) {
    const refused = await own.refused(path, options);
    expect(refused.status, path).toBe(429);
    expect(refused.headers.get("retry-after"), path).toMatch(/^[1-9]\d*$/);
  }
  await opened[0]?.close(1000);
  await expect.poll(() => metric(own, "connections")).toBe(1);
  await own.connect("/echo");
});

// Without a proxy, any client could choose its address by this header.
test("UPG-31 MUST not believe X-Forwarded-For unless told that a proxy writes it", {
  tag: ["@upgrade", "@door"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MAX_CONNECTIONS_PER_ADDRESS: "1" })).port);
  await own.connect("/echo", { headers: { "X-Forwarded-For": "203.0.113.1" } });
  const refused = await own.refused("/echo", { headers: { "X-Forwarded-For": "203.0.113.2" } });
  expect(refused.status).toBe(429);
});

test("UPG-32 MUST believe of X-Forwarded-For what the trusted proxy wrote, and no more", {
  tag: ["@upgrade", "@door"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MAX_CONNECTIONS_PER_ADDRESS: "1", TRUST_PROXY: "1" })).port);
  const forwarded = (value: string) => ({ headers: { "X-Forwarded-For": value } });
  await own.connect("/echo", forwarded("203.0.113.1"));
  await own.connect("/echo", forwarded("203.0.113.2"));
  expect((await own.refused("/echo", forwarded("203.0.113.2"))).status).toBe(429);
  // The client itself wrote the addresses to the left of it.
  expect((await own.refused("/echo", forwarded("198.51.100.7, 203.0.113.1"))).status).toBe(429);
  await own.connect("/echo", forwarded("203.0.113.1, 198.51.100.7"));
});

// Before the library has the socket, a reset has no listener: in Node, an uncaughtException.
test("UPG-33 MUST survive peers that reset during the handshake", { tag: "@upgrade" }, async ({
  launch,
  raw,
}) => {
  const server = await launch();
  const own = raw.at(server.port);
  const foreign = handshake(own, "/echo", ["Origin: https://foreign.example"]);
  const beginnings = [foreign, handshake(own, "/echo"), handshake(own, "/echo").slice(0, 60), `${foreign}x`];
  for (let round = 0; round < 25; round++) {
    await Promise.all(
      beginnings.map(async (bytes) => {
        const connection = await own.tcp();
        connection.write(bytes);
        await connection.flushed();
        connection.reset();
      }),
    );
  }
  const ws = await own.connect("/echo");
  ws.send("still here");
  expect(await ws.nextText()).toBe("still here");
  await expect.poll(() => metric(own, "connections")).toBe(1);
  expect(server.exit).toBeUndefined();
});

// RFC 6455 leaves it open; a server that waits for ever can be filled by anybody. Slow-loris, 2009.
test("UPG-34 MUST hang up on a peer that does not finish the handshake within the server's timeout", {
  tag: "@limits",
}, async ({ launch, converse, raw }) => {
  const pass = await seconds(await converse());
  const own = raw.at((await launch({ HANDSHAKE_MS: "1000" })).port);
  const slow = [await own.tcp(), await own.tcp()];
  slow[1]?.write(handshake(own, "/echo").slice(0, 60));
  const isOpen = () => slow.some((connection) => !connection.isOver);
  // Well below the 10 s of a stack's own timeout.
  for (let second = 0; second < 8 && isOpen(); second++) await pass(1);
  expect(isOpen() ? "still connected after 8 s of 1 s" : "hung up").toBe("hung up");
});

test("UPG-35 SHOULD hang up on a handshake that comes so slowly that it never ends", {
  tag: "@limits",
}, async ({ launch, converse, raw }) => {
  const pass = await seconds(await converse());
  const own = raw.at((await launch({ HANDSHAKE_MS: "1000" })).port);
  const slow = await own.tcp();
  let isOpen = true;
  slow.onEnd(() => {
    isOpen = false;
  });
  slow.write(`GET /echo HTTP/1.1\r\nHost: 127.0.0.1:${own.port}\r\nX-Slow: `);
  for (let second = 0; second < 8 && isOpen; second++) {
    slow.write("a");
    await pass(1);
  }
  expect(isOpen ? "still connected after 8 bytes of 1 s each" : "hung up").toBe("hung up");
});

// A socket of which only one half is closed stays in the server until its peer closes the other, if it ever does.
test("UPG-36 MUST hang up on who was refused, and not wait until they do", {
  tag: ["@upgrade", "@door"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ HANDSHAKE_MS: "1000" })).port);
  const refused = await own.tcp({ halfOpen: true });
  refused.write(handshake(own, "/echo", ["Origin: https://foreign.example"]));
  expect(await refused.ended()).toBe("end");
  expect(refused.received.toString()).toMatch(/^HTTP\/1\.1 403 /);
  // The kernel answers a write to a socket that is gone with RST. The next write fails.
  const isOver = () => {
    refused.write("still here");
    return refused.isOver;
  };
  await expect.poll(isOver, "the server has closed both halves").toBe(true);
});

// Its messages are judged by the conformance cases of RFC 7692.
test("UPG-37 MUST compress if asked, where it is started to", { tag: ["@limits", "@send"] }, async ({
  launch,
  raw,
}) => {
  const { port } = await launch({ COMPRESSION: "1" });
  const headers = { "Sec-WebSocket-Extensions": "permessage-deflate" };
  const ws = await raw.at(port).connect("/echo", { headers });
  expect(ws.head.headers.get("sec-websocket-extensions")).toMatch(/^permessage-deflate\b/);
  // Binary, since the raw client inflates nothing.
  ws.send(Buffer.alloc(2_000, "a"));
  const { rsv1, payload } = await ws.next("binary");
  expect({ rsv1, isSmaller: payload.length < 200 }).toEqual({ rsv1: true, isSmaller: true });
  expect((await raw.at(port).connect("/echo")).head.headers.has("sec-websocket-extensions")).toBe(false);
});

// RFC 9112 §3.2: what stands before a server may have read the other one.
test("UPG-38 MUST refuse a handshake with two Hosts", { tag: ["@upgrade", "@door"] }, async ({ raw }) => {
  const own = `127.0.0.1:${raw.port}`;
  for (const hosts of [[own, own], [own, "rebound.example"], ["rebound.example", own], [`${own}, ${own}`]]) {
    const { status } = await raw.refused("/echo", { headers: { Host: hosts } });
    expect.soft(status, hosts.join(" and ")).toBe(400);
  }
});

// RFC 6455 §4.2.1: "an HTTP/1.1 or higher GET request".
test("UPG-39 MUST refuse a handshake of HTTP/1.0", {
  tag: ["@upgrade", "@door", "@step", "@admission"],
}, async ({ raw }) => {
  expect((await raw.refused("/echo", { httpVersion: "1.0" })).status).toBe(400);
});

// RFC 6455 §4.2.1 has no body. A proxy could read bytes as a body that the server reads as frames.
test("UPG-40 MUST refuse a handshake with a body with 400", { tag: ["@upgrade", "@door"] }, async ({
  raw,
}) => {
  const bodies: [HeaderChanges, string][] = [
    [{ "Content-Length": "3" }, "abc"],
    [{ "Content-Length": "3" }, "a"],
    [{ "Content-Length": "3" }, ""],
    [{ "Transfer-Encoding": "chunked" }, ""],
    [{ "Transfer-Encoding": "chunked" }, "3\r\nabc\r\n0\r\n\r\n"],
  ];
  for (const [path, options] of endpoints) {
    for (const [headers, body] of bodies) {
      const { status } = await raw.refused(path, { ...options, headers, body });
      expect.soft(status, `${path} ${JSON.stringify(headers)}`).toBe(400);
    }
    await raw.connect(path, { ...options, headers: { "Content-Length": "0" } });
  }
});

// RFC 7239 §6; RFC 4291 §2.2. A client with one address of a /64 has them all.
test("UPG-41 MUST count all spellings of an address as one, and a /64 as one address", {
  tag: ["@upgrade", "@door"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MAX_CONNECTIONS_PER_ADDRESS: "1", TRUST_PROXY: "1" })).port);
  const forwarded = (value: string) => ({ headers: { "X-Forwarded-For": value } });
  const clients = [
    ["203.0.113.7:1111", "203.0.113.7:2222", "203.0.113.7", "::ffff:203.0.113.7", "[::FFFF:cb00:7107]:1111"],
    ["2001:db8:1:2::1", "[2001:DB8:1:2::1]:443", "2001:0db8:0001:0002:0:0:0:1", "2001:db8:1:2:ffff::2"],
    ["2001:db8:1:3::1", "2001:db8:1:3::2"],
    // A client that the proxy knows nothing about counts as the proxy, however the proxy says so.
    ["unknown", "_hidden", "203.0.113.7:http", ""],
  ];
  for (const [first = "", ...others] of clients) {
    await own.connect("/echo", forwarded(first));
    for (const each of others) {
      const { status } = await own.refused("/echo", forwarded(each));
      expect.soft(status, `${each} after ${first}`).toBe(429);
    }
  }
});

// RFC 9110 §4.2.3, RFC 6454 §5: hosts and origins are compared by meaning, not by spelling.
test("UPG-42 MUST accept an allowed origin in every spelling", { tag: ["@upgrade", "@door"] }, async ({
  launch,
  raw,
}) => {
  const listed = "https://rosetta.example,http://plain.example,http://[2001:db8::1]:3001";
  const own = raw.at((await launch({ ALLOWED_ORIGINS: listed })).port);
  const hosts = ["rosetta.example", "rosetta.example:443", "ROSETTA.example.:0443", "rosetta.example:"];
  for (const host of [...hosts, "plain.example:80", "plain.example", "[2001:DB8:0::1]:3001"]) {
    await own.connect("/echo", { headers: { Host: host } });
    expect.soft((await own.request("/greet", { headers: { Host: host } })).status, host).toBe(200);
  }
  for (const host of ["rosetta.example:80", "plain.example:443", "rosetta.example..", "[2001:db8::1]"]) {
    expect.soft((await own.refused("/echo", { headers: { Host: host } })).status, host).toBe(421);
    expect.soft((await own.request("/greet", { headers: { Host: host } })).status, host).toBe(421);
  }
  for (const origin of [
    "https://rosetta.example:443",
    "HTTPS://Rosetta.example",
    "http://plain.example:80",
  ]) {
    await own.connect("/echo", { headers: { Host: "rosetta.example", Origin: origin } });
  }
});

// RFC 9112 §3.2, RFC 3986 §3.2.
test("UPG-43 MUST answer 400 to a malformed Host", { tag: ["@upgrade", "@door"] }, async ({ raw }) => {
  const { port } = raw;
  const hosts = ["", `user@127.0.0.1:${port}`, `[::1%25lo]:${port}`, "127.0.0.1:65536", `127.0.0.1:${port}/`];
  for (const host of [...hosts, "127.0.0.1,127.0.0.1", `:${port}`, `::1:${port}`]) {
    expect.soft((await raw.refused("/echo", { headers: { Host: host } })).status, host).toBe(400);
    expect.soft((await raw.request("/healthz", { headers: { Host: host } })).status, host).toBe(400);
  }
});

// RFC 9110 §15.6.6. HTTP/2 never begins with a request line (RFC 9113 §3.4).
test("UPG-44 MUST answer 505 to HTTP/2.0 and HTTP/0.9 in a request line", {
  tag: ["@upgrade", "@door"],
}, async ({ raw }) => {
  for (const httpVersion of ["2.0", "0.9"]) {
    expect.soft((await raw.refused("/echo", { httpVersion })).status, httpVersion).toBe(505);
    expect.soft((await raw.request("/greet", { httpVersion })).status, httpVersion).toBe(505);
  }
});

test("UPG-45 SHOULD answer 505 to an unknown version", {
  tag: ["@upgrade", "@door"],
}, async ({ raw }) => {
  const handshake = await raw.refused("/echo", { httpVersion: "3.0" });
  const plain = await raw.request("/greet", { httpVersion: "3.0" });
  expect(`answered with ${handshake.status} and ${plain.status}`).toBe("answered with 505 and 505");
});

// RFC 9110 §7.8 allows a list. One of the libraries reads it, another refuses it.
test("UPG-46 MUST answer 400 to an Upgrade that lists more than websocket", {
  tag: ["@upgrade", "@door"],
}, async ({ raw }) => {
  const values = ["websocket, h2c", "h2c, websocket", "websocket, websocket", ["websocket", "websocket"]];
  for (const value of [...values, "websocket,", ", websocket"]) {
    const { status } = await raw.refused("/echo", { headers: { Upgrade: value } });
    expect.soft(status, `Upgrade: ${value}`).toBe(400);
  }
});

// RFC 6455 §4.1, item 10: tokens, all different.
test("UPG-47 MUST answer 400 to an offer of subprotocols that is not a list of tokens", {
  tag: ["@upgrade", "@door"],
}, async ({ raw }) => {
  const bad = [
    "",
    ",",
    "a,",
    ",a",
    "a,,b",
    "a b",
    "a@b",
    '"a"',
    "a;q=1",
    "\xe4",
    "\xa0a",
    "a, a",
    ["a", "a"],
    ["", "a"],
  ];
  for (const value of bad) {
    const withOurs = [value, subprotocol].flat();
    for (const [path, offered] of [
      ["/echo", value],
      ["/ws", withOurs],
    ] as const) {
      const { status } = await raw.refused(path, { headers: { "Sec-WebSocket-Protocol": offered } });
      expect.soft(status, `${path} ${JSON.stringify(offered)}`).toBe(400);
    }
  }
  const twice = { "Sec-WebSocket-Protocol": `${subprotocol}, ${subprotocol}` };
  expect((await raw.refused("/ws", { headers: twice })).status).toBe(400);
});

// RFC 6455 §9.1: a header that breaks the grammar fails the connection. Unknown extensions are only declined.
test("UPG-48 MUST answer 400 to malformed extensions, and ignore unknown ones", {
  tag: ["@upgrade", "@door"],
}, async ({ launch, raw }) => {
  const compressing = raw.at((await launch({ COMPRESSION: "1" })).port);
  const bad = [
    "",
    ";",
    "a;",
    "a,",
    "a,,b",
    "a; b=",
    "a; b c",
    'a; b="c',
    'a; b="c d"',
    '"a"',
    "\xa0a",
    ["a", "b;"],
  ];
  const unknown = ["a", "a; b=1; c", 'a;b="c\\d"', ["a", "b; c"], "__proto__, constructor"];
  for (const each of [raw, compressing]) {
    for (const value of bad) {
      const { status } = await each.refused("/echo", { headers: { "Sec-WebSocket-Extensions": value } });
      expect.soft(status, JSON.stringify(value)).toBe(400);
    }
    for (const value of unknown) {
      const ws = await each.connect("/echo", { headers: { "Sec-WebSocket-Extensions": value } });
      expect.soft(ws.head.headers.get("sec-websocket-extensions"), JSON.stringify(value)).toBeNull();
    }
  }
});

// RFC 7692 §7.1: "A server MUST decline an extension negotiation offer for this extension if …"
test("UPG-49 MUST decline compression offered with an invalid parameter, and continue without it", {
  tag: ["@upgrade", "@limits"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ COMPRESSION: "1" })).port);
  const parameters = ["unknown", "server_no_context_takeover=1", "server_max_window_bits=16"];
  for (const parameter of parameters) {
    const headers = { "Sec-WebSocket-Extensions": `permessage-deflate; ${parameter}` };
    const ws = await own.connect("/echo", { headers });
    expect(ws.head.headers.get("sec-websocket-extensions"), parameter).toBeNull();
  }
});

// RFC 9110 §10.1.1.
test("UPG-50 MUST answer 417 to any expectation but 100-continue", { tag: ["@upgrade", "@door"] }, async ({
  raw,
}) => {
  for (const expectation of ["foo", "200-ok", "100-continued", ""]) {
    const headers = { Expect: expectation };
    expect.soft((await raw.refused("/echo", { headers })).status, expectation).toBe(417);
    expect.soft((await raw.request("/greet", { headers })).status, expectation).toBe(417);
  }
  expect((await raw.request("/greet", { headers: { Expect: "100-continue" } })).status).toBe(200);
});

test("UPG-51 MUST say in each refusal that the connection ends", { tag: ["@upgrade", "@door"] }, async ({
  raw,
}) => {
  const own = { Connection: undefined };
  const answers = [
    await raw.refused("/echo", { headers: { Origin: "null" } }),
    await raw.refused("/nowhere"),
    await raw.refused("/echo", { headers: { "Sec-WebSocket-Version": "8" } }),
    await raw.request("/echo", { headers: own }),
    await raw.request("/greet", { headers: { ...own, Host: "rebound.example" } }),
    await raw.request("/greet", { headers: own, method: "POST" }),
    await raw.request("//greet", { headers: own }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([403, 404, 426, 426, 421, 405, 404]);
  for (const { status, headers } of answers) {
    expect.soft(headers.get("connection"), String(status)).toMatch(/\bclose\b/i);
    // RFC 9110 §7.8: Connection must name Upgrade if the answer has that header.
    expect.soft(/\bupgrade\b/i.test(headers.get("connection") ?? "")).toBe(headers.has("upgrade"));
  }
  expect((await raw.request("/greet", { headers: own })).headers.get("connection")).not.toBe("close");
});

test("UPG-52 MUST answer 429 to an address that asks too often, however many connections it uses", {
  tag: ["@upgrade", "@door"],
}, async ({ launch, raw }) => {
  const limits = { MAX_REQUESTS_PER_SECOND: "1", MAX_REQUEST_BURST: "5" };
  const server = await launch({ ...limits, TRUST_PROXY: "1" });
  const own = raw.at(server.port);
  const from = (address: string) => ({ headers: { "X-Forwarded-For": address } });
  const statuses: number[] = [];
  for (let count = 0; count < 4; count++) {
    statuses.push((await own.request("/greet", from("203.0.113.6"))).status);
  }
  expect(statuses).toEqual([200, 200, 200, 200]);
  await own.connect("/echo", from("203.0.113.6"));
  // Many times what one second allows, so that a slow machine reaches the limit too.
  const late = await Promise.all(
    Array.from({ length: 60 }, () => own.request("/greet", from("203.0.113.6"))),
  );
  const refused = late.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  for (const { headers } of refused) expect(headers.get("retry-after")).toBe("1");
  const handshakes = await Promise.all(
    Array.from({ length: 60 }, () => own.refused("/echo", from("203.0.113.6")).catch(() => undefined)),
  );
  expect(handshakes.some((answer) => answer?.status === 429)).toBe(true);
  // Health probes are always answered, and so are other addresses.
  expect((await own.request("/healthz", from("203.0.113.6"))).status).toBe(200);
  expect((await own.request("/greet", from("203.0.113.1"))).status).toBe(200);
});

test("UPG-53 MUST count the connections of each address separately", {
  tag: ["@upgrade", "@door"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MAX_CONNECTIONS_PER_ADDRESS: "1" })).port);
  await own.connect("/echo");
  expect((await own.refused("/echo")).status).toBe(429);
  // On Linux all of 127.0.0.0/8 is this machine, on macOS only one address.
  if (process.platform === "darwin") return;
  await own.connect("/echo", { from: "127.0.0.2" });
  expect((await own.refused("/echo", { from: "127.0.0.2" })).status).toBe(429);
});
