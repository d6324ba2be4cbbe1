// TCP connections below or without a WebSocket session: a server must answer, limit and end them all the same.
import { encodeFrame, Opcode } from "@rosetta/conformance";
import {
  from,
  metric,
  type Raw,
  type RawSocket,
  requestHead,
  seconds,
  type TcpConnection,
} from "@rosetta/testkit";
import { holdingOf } from "@rosetta/testkit/process";
import { expect, test } from "../fixtures.ts";

const handshake = [
  ["Connection", "Upgrade"],
  ["Upgrade", "websocket"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="],
] as const;

type Header = readonly [name: string, value: string];

/** Returns the head of a GET, which is a handshake if `headers` make it one. */
function get(raw: Raw, path: string, ...headers: Header[]): string {
  return requestHead("GET", path, [["Host", `127.0.0.1:${raw.port}`], ...headers]);
}

/** Returns everything that arrived on a connection until it ended. */
async function allOf(connection: TcpConnection): Promise<string> {
  await connection.ended({ deadline: 20_000 });
  return connection.received.toString("latin1");
}

/** Returns the statuses of all answers in a text, in order. */
function statusesIn(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** Pings the server again and again until the connection ends. */
async function askOnAndOn(ws: RawSocket): Promise<never> {
  for (;;) {
    ws.sendFrame({ opcode: Opcode.Ping, payload: Buffer.from("there?") });
    await ws.next("pong");
  }
}

async function held(raw: Raw, endpoint: string): Promise<number> {
  return metric(raw, "connections", { endpoint });
}

// RFC 9112 §9.3.2: answers come in the order of the requests.
test("SOCK-01 MUST answer a request before the handshake that came in the same segment", {
  tag: ["@upgrade", "@mount", "@door"],
}, async ({ raw }) => {
  for (const path of ["/echo", "/nowhere", "/ws"]) {
    const connection = await raw.tcp();
    connection.write(get(raw, "/greet") + get(raw, path, ...handshake));
    connection.end();
    const text = await allOf(connection);
    const [first, second] = statusesIn(text);
    expect(first, text).toBe(200);
    // A stack may upgrade after its answer, or refuse. After a 101 there is no more HTTP.
    expect([101, 400, 404, 503], text).toContain(second);
    if (second === 101) expect(statusesIn(text)).toEqual([200, 101]);
  }
});

// nodejs/node#60016: while a body is under way, Node hands out a stand-in for the socket.
test("SOCK-02 MUST refuse a handshake whose body has not arrived, and hang up", {
  tag: ["@upgrade", "@door"],
}, async ({ raw }) => {
  const bodies: Header[] = [
    ["Content-Length", "5"],
    ["Transfer-Encoding", "chunked"],
  ];
  for (const body of bodies) {
    for (const path of ["/echo", "/nowhere"]) {
      const connection = await raw.tcp();
      connection.write(get(raw, path, ...handshake, body));
      expect(statusesIn(await allOf(connection)), `${body.join(": ")} at ${path}`).toEqual([400]);
    }
  }
});

test("SOCK-03 MUST hang up after a refusal by itself", { tag: ["@door", "@limits"] }, async ({ raw }) => {
  for (const path of ["/nowhere", "/ws"]) {
    const connection = await raw.tcp({ halfOpen: true });
    connection.write(get(raw, path, ...handshake));
    expect(await connection.ended({ awaited: `the end after the refusal at ${path}` })).toBe("end");
  }
});

test("SOCK-04 MUST release a stream or poll whose reader left at once", {
  tag: ["@events", "@poll"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch()).port);
  const paths = ["/events?topic=scores", "/poll?topic=scores&since=abc:1", "/events?topic=room/a"];
  for (const round of from(1, 60)) {
    for (const path of paths) {
      const connection = await own.tcp();
      // Also as a second request: Node does not tell an answer waiting in line that its connection has ended.
      connection.write(round % 3 === 0 ? get(own, path) + get(own, path) : get(own, path));
      if (round % 2 === 0) connection.reset();
      else connection.end();
    }
  }
  for (const endpoint of ["/events", "/poll"]) {
    await expect.poll(() => held(own, endpoint), { message: `connections of ${endpoint}` }).toBe(0);
  }
});

test("SOCK-05 MUST cut off a stream whose reader has stopped reading, and free what waited for it", {
  tag: ["@events"],
}, async ({ launch, raw, converse }) => {
  const server = await launch({ STREAM_MS: "600000" });
  const own = raw.at(server.port);
  const streams = await Promise.all(from(1, 3).map(() => own.events("/events?topic=room/flood")));
  for (const stream of streams) stream.pause();
  const author = await converse({ server });
  await author.request({ type: "chaos", do: "flood", mebibytes: 16 });
  await expect.poll(() => metric(own, "slow_total"), { timeout: 20_000 }).toBe(streams.length);
  expect(await held(own, "/events")).toBe(0);
  await expect.poll(() => metric(own, "queue_bytes")).toBe(0);
  for (const stream of streams) stream.resume();
  for (const stream of streams) expect(await stream.ended()).toBe("reset");
});

test("SOCK-06 MUST end an answer that nobody reads", {
  tag: ["@limits", "@page", "@poll"],
}, async ({ launch, raw, converse }) => {
  const server = await launch({
    HEARTBEAT_MS: "500",
    POLL_MS: "500",
    PONG_MS: "3000",
    KEEP_ALIVE_MS: "1000",
  });
  const own = raw.at(server.port);
  const author = await converse({ server });
  for (const id of from(1, 30)) {
    await author.request({
      type: "publish",
      topic: "room/full",
      to: "all",
      text: `${id}`.repeat(2000).slice(0, 4000),
    });
  }
  const connection = await own.tcp();
  // More answers than any kernel buffers for one socket.
  for (const _ of from(1, 30)) connection.write(get(own, "/poll?topic=room/full&since=abc:1"));
  connection.pause();
  await expect
    .poll(() => held(own, "/poll"), { message: "polls that are not over", timeout: 20_000 })
    .toBe(0);
  connection.resume();
  await connection.ended();
});

test("SOCK-07 MUST limit the idle connections of an address", {
  tag: ["@limits"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MAX_CONNECTIONS_PER_ADDRESS: "10" })).port);
  // If the server resets a connection at once, its client might not even see it open.
  const tried = await Promise.allSettled(from(1, 60).map(() => own.tcp()));
  const idle = tried.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  expect(idle.length).toBeGreaterThanOrEqual(26);
  // 16 more are accepted so that they can be told that there are too many.
  await expect
    .poll(() => idle.filter(({ isOver }) => !isOver).length, { message: "idle connections of one address" })
    .toBeLessThanOrEqual(26);
  for (const connection of idle) connection.reset();
  await expect.poll(async () => (await own.request("/greet").catch(() => undefined))?.status).toBe(200);
});

test("SOCK-08 MUST close a connection whose message never ends, even if control frames keep coming", {
  tag: ["@unfinished", "@messages"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MESSAGE_MS: "1000", HEARTBEAT_MS: "60000", PONG_MS: "500" })).port);
  const frame = (payload: string, fin: boolean) =>
    encodeFrame({ opcode: Opcode.Text, payload: Buffer.from(payload), fin, mask: new Uint8Array(4) });
  // The second begins in the segment in which another message ends, and nothing of it follows.
  for (const bytes of [frame("begun", false), Buffer.concat([frame("one", true), frame("begun", false)])]) {
    const ws = await own.connect("/echo");
    ws.sendBytes(bytes);
    askOnAndOn(ws).catch(() => undefined);
    const closed = await ws.closed({ awaited: "the end of a message that never ends" });
    expect(closed).toMatchObject({ code: 4005 });
  }
});

test("SOCK-09 MUST not close a connection that sends unasked pongs, or begins each message as the last one ends", {
  tag: ["@unfinished", "@pong"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MESSAGE_MS: "300", HEARTBEAT_MS: "60000", PONG_MS: "500" })).port);
  const ws = await own.connect("/echo");
  ws.sendFrame({ opcode: Opcode.Text, payload: Buffer.from("0"), fin: false });
  const endAt = performance.now() + 1_500;
  for (let count = 1; performance.now() < endAt; count++) {
    ws.sendFrame({ opcode: Opcode.Pong, payload: Buffer.from("unasked") });
    ws.sendFrame({ opcode: Opcode.Continuation, payload: Buffer.from("x") });
    ws.sendFrame({ opcode: Opcode.Text, payload: Buffer.from(`${count}`), fin: false });
    expect(await ws.nextText()).toBe(`${count - 1}x`);
  }
});

test("SOCK-10 MUST keep the queues of all connections within one budget, and serve clients that read", {
  tag: ["@queued", "@send", "@limits"],
}, async ({ launch, raw, converse }) => {
  const server = await launch({ MAX_QUEUE_BYTES_TOTAL: "4194304", MAX_QUEUE_BYTES: "2097152" });
  const own = raw.at(server.port);
  const reader = await converse({ server });
  await reader.request({ type: "subscribe", topic: "room/flood" });
  const stalled = await Promise.all(from(1, 6).map(() => own.connect("/echo")));
  for (const ws of stalled) {
    ws.pause();
    for (const _ of from(1, 600)) ws.send(Buffer.alloc(60_000));
  }
  await expect.poll(() => metric(own, "slow_total"), { timeout: 20_000 }).toBe(stalled.length);
  await reader.request({ type: "chaos", do: "flood", mebibytes: 1 });
  expect(await reader.events("room/flood", 256, { deadline: 20_000 })).toHaveLength(256);
});

test("SOCK-11 MUST answer a request whose sender has sent FIN", {
  tag: ["@greet", "@servers", "@mount"],
}, async ({ raw }) => {
  // Not the page: Bun sometimes loses an answer that takes a turn of the event loop, such as a file.
  for (const path of ["/greet", "/servers.json", "/poll?topic=scores"]) {
    const connection = await raw.tcp({ halfOpen: true });
    connection.write(get(raw, path));
    connection.end();
    expect(statusesIn(await allOf(connection)), path).toEqual([200]);
  }
});

test("SOCK-12 MUST not answer garbage in place of the answer that comes before it", {
  tag: ["@mount", "@events"],
}, async ({ raw }) => {
  for (const path of ["/", "/greet", "/events?topic=room/a"]) {
    const connection = await raw.tcp();
    connection.write(`${get(raw, path)}\u0001\u0002 nonsense\r\n\r\n`);
    const text = await allOf(connection);
    expect(statusesIn(text)[0] ?? 200, text).toBe(200);
    // Inside a stream it would be taken for an event.
    if (path.startsWith("/events")) expect(statusesIn(text).length, text).toBeLessThan(2);
  }
});

test("SOCK-13 MUST not answer anything after an answer that said close", {
  tag: ["@door", "@upgrade"],
}, async ({ raw }) => {
  const connection = await raw.tcp();
  const refused = requestHead("DELETE", "/", [["Host", `127.0.0.1:${raw.port}`]]);
  connection.write(refused + get(raw, "/echo", ...handshake));
  expect(statusesIn(await allOf(connection))).toEqual([405]);
});

test("SOCK-14 MUST keep an idle connection for as long as it says, and no longer", {
  tag: ["@limits"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ KEEP_ALIVE_MS: "8000" })).port);
  const connection = await own.tcp();
  const beganAt = performance.now();
  connection.write(get(own, "/greet"));
  expect(await connection.ended({ deadline: 30_000 })).toBe("end");
  // Bun counts in steps of four seconds.
  expect(performance.now() - beganAt).toBeGreaterThan(6_000);
});

test("SOCK-15 MUST cut off a peer that sends pings and never reads the pongs", {
  tag: ["@limits", "@queued"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ HEARTBEAT_MS: "1000", PONG_MS: "1000" })).port);
  const ws = await own.connect("/echo");
  ws.pause();
  const ping = encodeFrame({ opcode: Opcode.Ping, payload: Buffer.alloc(125), mask: new Uint8Array(4) });
  const many = Buffer.concat(from(1, 10_000).map(() => ping));
  // 26 MB of pongs: more than any kernel buffers for one socket.
  for (const _ of from(1, 20)) ws.sendBytes(many);
  await expect.poll(() => held(own, "/echo"), { timeout: 20_000 }).toBe(0);
  expect(await metric(own, "slow_total")).toBe(1);
});

test("SOCK-16 MUST not mistake a control frame in the same segment for the start of a message", {
  tag: ["@unfinished", "@pong"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MESSAGE_MS: "300", HEARTBEAT_MS: "60000", PONG_MS: "500" })).port);
  const frame = (opcode: number, payload: string) =>
    encodeFrame({ opcode, payload: Buffer.from(payload), mask: new Uint8Array(4) });
  const early = await own.connect("/echo", { firstBytes: frame(Opcode.Ping, "with the handshake") });
  const late = await own.connect("/echo");
  late.sendBytes(Buffer.concat([frame(Opcode.Text, "hello"), frame(Opcode.Pong, "behind it")]));
  expect(await late.nextText()).toBe("hello");
  // Much longer than a message may take. Pings on another connection pass the time.
  const clock = await own.connect("/echo");
  for (const endAt = performance.now() + 1_500; performance.now() < endAt; ) await clock.ping();
  for (const ws of [early, late]) {
    ws.send("still here");
    expect(await ws.nextText()).toBe("still here");
  }
});

test("SOCK-17 MUST not keep more memory for a message than its limit allows, however it arrives", {
  tag: ["@unfinished", "@limits"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ HEARTBEAT_MS: "60000", PONG_MS: "500" })).port);
  const ws = await own.connect("/echo");
  const mask = new Uint8Array(4);
  const payload = Buffer.alloc(120);
  const pongs = Buffer.concat(from(1, 480).map(() => encodeFrame({ opcode: Opcode.Pong, payload, mask })));
  ws.sendFrame({ opcode: Opcode.Text, payload: Buffer.from("x"), fin: false });
  // A fragment of one byte keeps the whole segment in memory in which it arrived.
  for (const _ of from(1, 900)) {
    ws.sendBytes(pongs);
    ws.sendFrame({ opcode: Opcode.Continuation, payload: Buffer.from("x"), fin: false });
  }
  expect(await ws.closed({ awaited: "the end of a message with 57 MB beside it" })).toMatchObject({
    code: 4005,
  });
});

test("SOCK-20 MUST not take a connection's many pings for a message that does not end", {
  tag: ["@unfinished", "@pong"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MAX_MESSAGE_BYTES: "1024" })).port);
  const ws = await own.connect("/echo");
  const ping = encodeFrame({ opcode: Opcode.Ping, payload: Buffer.alloc(125), mask: new Uint8Array(4) });
  for (const _ of from(1, 100)) await ws.ping();
  // In one segment, and much more than a message may take.
  for (const _ of from(1, 5)) ws.sendBytes(Buffer.concat(from(1, 50).map(() => ping)));
  ws.send("still here");
  expect(await ws.nextText()).toBe("still here");
});

test("SOCK-21 MUST answer each of many pings that come at once", {
  tag: ["@limits", "@pong"],
}, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  const pings = from(1, 6_000).map((number) =>
    encodeFrame({ opcode: Opcode.Ping, payload: Buffer.from(`${number}`), mask: new Uint8Array(4) }),
  );
  // About 60 KB, which a server may read as one segment.
  ws.sendBytes(Buffer.concat(pings));
  for (const number of from(1, 6_000))
    expect(Buffer.from((await ws.next("pong")).payload).toString()).toBe(`${number}`);
});

test("SOCK-18 MUST limit how many requests of a connection wait for their turn", {
  tag: ["@limits", "@mount"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch()).port);
  const connection = await own.tcp();
  connection.write(get(own, "/events?topic=room/a") + get(own, "/greet").repeat(2_000));
  await expect.poll(() => held(own, "/events"), { message: "streams in front of 2,000 requests" }).toBe(0);
});

test("SOCK-19 MUST answer every request that came before the sender's FIN", {
  tag: ["@poll", "@mount"],
}, async ({ raw }) => {
  const connection = await raw.tcp({ halfOpen: true });
  connection.write(get(raw, "/poll?topic=scores").repeat(20) + get(raw, "/greet"));
  connection.end();
  expect(statusesIn(await allOf(connection))).toEqual(from(1, 21).map(() => 200));
});

test("SOCK-22 MUST give the answers that are due before it hangs up", { tag: "@mount" }, async ({ raw }) => {
  const last = await raw.tcp();
  // A byte behind the request that said it was the last one.
  last.write(`${get(raw, "/greet", ["Connection", "close"])}X`);
  expect(statusesIn(await allOf(last))[0]).toBe(200);
  const many = await raw.tcp();
  many.write(get(raw, "/greet").repeat(40));
  many.end();
  expect(statusesIn(await allOf(many)).slice(0, 32)).toEqual(from(1, 32).map(() => 200));
});

test("SOCK-23 MUST not hold its own standstill against a request that was complete in time", {
  tag: ["@limits", "@mount"],
}, async ({ launch, converse, raw }) => {
  const server = await launch({ HANDSHAKE_MS: "1000" });
  const pass = await seconds(await converse());
  const own = raw.at(server.port);
  const connection = await own.tcp();
  const request = get(own, "/greet");
  connection.write(request.slice(0, 20));
  // By now the server has read the first part.
  await metric(own, "connections");
  server.freeze();
  connection.write(request.slice(20));
  await pass(3);
  server.thaw();
  await expect.poll(() => statusesIn(connection.received.toString("latin1"))).toEqual([200]);
});

test("SOCK-24 MUST read the first parameters of a query, and not thousands of them", {
  tag: "@events",
}, async ({ raw }) => {
  const connection = await raw.tcp();
  connection.write(get(raw, `/events?topic=scores&${"%=%&".repeat(3_000)}`));
  await expect.poll(() => statusesIn(connection.received.toString("latin1"))).toEqual([200]);
  const late = await raw.tcp();
  late.write(get(raw, `/events?${"a=&".repeat(3_000)}topic=scores`));
  await expect.poll(() => statusesIn(late.received.toString("latin1"))).toEqual([404]);
});

// An answer that waits for its turn has no connection yet, and nobody tells it that there will be none.
test("SOCK-25 MUST begin an answer in its turn, and close its file if nobody waits for it any more", {
  tag: ["@door", "@events", "@mount"],
}, async ({ launch, raw }) => {
  const server = await launch();
  const own = raw.at(server.port);
  const { body } = await own.request("/");
  // Larger than what a stack reads of a file before it waits for the connection.
  const [, script = ""] = /src="\.?([^"]+\.js)"/.exec(body) ?? [];
  expect((await own.request(script)).body.length).toBeGreaterThan(64 * 1024);
  const before = holdingOf(server.pid).descriptors;
  const stream = get(own, "/events?topic=scores");
  for (const _ of from(1, 3)) {
    const connection = await own.tcp();
    connection.write(stream);
    await expect.poll(() => held(own, "/events")).toBe(1);
    connection.write(stream.repeat(3) + get(own, script).repeat(20));
    // Once it has answered these, the server has read what was sent before them.
    await Promise.all(from(1, 3).map(() => own.request("/greet")));
    // One stack hangs up if another request comes behind a stream.
    expect(await held(own, "/events")).toBeLessThanOrEqual(1);
    connection.reset();
    await expect.poll(() => held(own, "/events")).toBe(0);
  }
  await expect.poll(() => holdingOf(server.pid).descriptors).toBeLessThan(before + 10);
});

// Where a segment ends within a ping, the rest of the ping could be taken for a message that has begun.
test("SOCK-26 MUST not take pings that are cut for a message that does not end", {
  tag: ["@unfinished", "@pong"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MESSAGE_MS: "300", HEARTBEAT_MS: "60000", PONG_MS: "500" })).port);
  const ws = await own.connect("/echo");
  const ping = encodeFrame({ opcode: Opcode.Ping, payload: Buffer.alloc(125), mask: new Uint8Array(4) });
  ws.sendBytes(ping.subarray(0, 50));
  // Much longer than a message may take.
  for (const endAt = performance.now() + 1_500; performance.now() < endAt; ) {
    ws.sendBytes(Buffer.concat([ping.subarray(50), ping.subarray(0, 50)]));
    await ws.next("pong");
  }
  ws.sendBytes(ping.subarray(50));
  // Much more than a message may take.
  ws.sendBytes(Buffer.concat(from(1, 4_000).map(() => ping)));
  ws.send("still here");
  expect(await ws.nextText()).toBe("still here");
});
