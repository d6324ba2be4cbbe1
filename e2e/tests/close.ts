import { encodeClose, encodeFrame, type FrameToSend, Opcode, randomMask } from "@rosetta/conformance";
import { encode, type ServerMessage, subprotocol } from "@rosetta/protocol";
import { Conversation, type Event, metric, type Raw } from "@rosetta/testkit";
import { expect, test } from "../fixtures.ts";

const most = 64 * 1024;

/** Connects a client that reads the server's log. */
async function logReader(raw: Raw): Promise<Conversation> {
  const reader = await Conversation.open(raw);
  await reader.hello();
  await reader.request({ type: "subscribe", topic: "log" });
  return reader;
}

function isRecord(message: ServerMessage, name: string, details: object): boolean {
  if (message.type !== "event" || message.data.kind !== "log" || message.data.name !== name) return false;
  const told = message.data.details;
  return Object.entries(details).every(([key, value]) => told[key] === value);
}

/** Waits for the record of a closed connection. Returns its close code. */
async function codeSeen(reader: Conversation, details: object): Promise<unknown> {
  const record = await reader.next((message) => isRecord(message, "closed", details), {
    awaited: `closed ${JSON.stringify(details)} in the log`,
  });
  const { data } = record as Event;
  return data.kind === "log" ? data.details.code : undefined;
}

/** Codes that a client may send, none among them: RFC 6455 §7.4. */
const codes = [
  { code: undefined, reason: undefined, seen: 1005 },
  { code: 1000, reason: undefined, seen: 1000 },
  { code: 1001, reason: "the page was left", seen: 1001 },
  { code: 3000, reason: "grüß", seen: 3000 },
  { code: 4999, reason: "x".repeat(123), seen: 4999 },
];

// RFC 6455 §5.5.1: the answer to a close frame is a close frame; §7.1.1: then the server ends the TCP connection.
test("CLOSE-01 MUST answer a close frame with the same code, and end the connection", {
  tag: "@closed",
}, async ({ raw }) => {
  for (const [path, subprotocols] of [
    ["/echo", []],
    ["/ws", [subprotocol]],
  ] as const) {
    for (const { code, reason, seen } of codes) {
      const ws = await raw.connect(path, { subprotocols });
      const closed = await ws.close(code, reason);
      expect.soft(closed, `${path} ${code}`).toMatchObject({ code: seen, how: "close frame" });
      expect.soft(await ws.ended(), `${path} ${code}`).toBe("end");
    }
  }
});

test("CLOSE-02 MUST see with which code a client closed", { tag: "@closed" }, async ({ launch, raw }) => {
  const own = raw.at((await launch()).port);
  const reader = await logReader(own);
  for (const { code, reason, seen } of codes) {
    const client = await Conversation.open(own);
    const { session } = await client.hello();
    await client.socket.close(code, reason);
    expect.soft(await codeSeen(reader, { session, endpoint: "/ws" }), `${code}`).toBe(seen);
  }
});

test("CLOSE-03 MUST see at /echo, too, with which code a client closed", { tag: "@closed" }, async ({
  launch,
  raw,
}) => {
  const own = raw.at((await launch()).port);
  const reader = await logReader(own);
  for (const { code, reason, seen } of codes) {
    const ws = await own.connect("/echo");
    await ws.close(code, reason);
    expect.soft(await codeSeen(reader, { endpoint: "/echo" }), `${code}`).toBe(seen);
  }
});

test("CLOSE-04 MUST say goodbye for good to who says stop, and close with 1000", { tag: "@close" }, async ({
  converse,
}) => {
  const client = await converse();
  const bye = await client.request({ type: "stop" });
  expect(bye).toMatchObject({ code: 1000, final: true });
  expect(await client.socket.closed()).toMatchObject({ code: 1000, how: "close frame" });
  expect(await client.socket.ended()).toBe("end");
});

// RFC 6455 §7.4.2: 4000 to 4999 are for private use.
test("CLOSE-05 MUST close with the code that the application chose", { tag: ["@close", "@closed"] }, async ({
  launch,
  raw,
}) => {
  const own = raw.at((await launch()).port);
  const reader = await logReader(own);
  for (const code of [4000, 1013]) {
    const client = await Conversation.open(own);
    const { session } = await client.hello();
    client.send({ type: "chaos", do: "close", code });
    expect(await client.socket.closed()).toEqual({ code, reason: "as you asked", how: "close frame" });
    expect(await client.socket.ended()).toBe("end");
    expect(await codeSeen(reader, { session })).toBe(code);
  }
});

// RFC 6455 §7.1.5: 1006 stands for the end without a close frame.
test("CLOSE-06 MUST end a connection without a word if told to", { tag: ["@close", "@closed"] }, async ({
  launch,
  raw,
}) => {
  const own = raw.at((await launch()).port);
  const reader = await logReader(own);
  const client = await Conversation.open(own);
  const { session } = await client.hello();
  client.send({ type: "chaos", do: "terminate" });
  expect((await client.socket.closed()).code).toBe(1006);
  expect(await codeSeen(reader, { session })).toBe(1006);
});

test("CLOSE-07 MUST notice the reset of a client, and forget it", { tag: "@closed" }, async ({
  launch,
  converse,
  raw,
  room,
}) => {
  const server = await launch();
  const own = raw.at(server.port);
  const reader = await logReader(own);
  const client = await converse({ server });
  await client.request({ type: "subscribe", topic: room });
  const presence = room.replace("room/", "presence/");
  await reader.request({ type: "subscribe", topic: presence });
  const ws = await own.connect("/echo");
  client.socket.destroy();
  ws.destroy();
  expect(await codeSeen(reader, { endpoint: "/ws" })).toBe(1006);
  expect(await codeSeen(reader, { endpoint: "/echo" })).toBe(1006);
  const isEmpty = (message: ServerMessage) =>
    message.type === "event" && message.data.kind === "presence" && message.data.count === 0;
  await reader.next(isEmpty, { awaited: "a presence of nobody" });
  expect(await metric(own, "connections")).toBe(1);
  expect(await metric(own, "closed_total", { code: "1006" })).toBe(2);
});

// RFC 6455 §7.4.1: 1009.
test("CLOSE-08 MUST close with 1009 on a message over its limit", { tag: "@limits" }, async ({
  raw,
  converse,
}) => {
  const tooBig: [string, string | Uint8Array, number][] = [
    ["text", "a".repeat(most + 1), 1],
    ["binary", new Uint8Array(most + 1), 1],
    ["text in fragments", "a".repeat(most + 1), 3],
    ["binary in fragments", new Uint8Array(most + 1), 3],
  ];
  for (const [what, data, fragments] of tooBig) {
    const ws = await raw.connect("/echo");
    ws.send(data, { fragments });
    expect.soft((await ws.closed()).code, `${what} to /echo`).toBe(1009);
    expect.soft(ws.messages, what).toEqual([]);
  }
  for (const fragments of [1, 3]) {
    const client = await converse();
    client.socket.send("a".repeat(most + 1), { fragments });
    expect.soft((await client.socket.closed()).code, `${fragments} to /ws`).toBe(1009);
  }
});

test("CLOSE-09 MUST not wait for the rest of a message that will be over its limit", {
  tag: ["@limits", "@step", "@admission"],
}, async ({ raw }) => {
  for (const claimedLength of [most + 1, 2 ** 32, 2 ** 40]) {
    const ws = await raw.connect("/echo");
    ws.sendFrame({ opcode: Opcode.Binary, payload: Uint8Array.of(1, 2, 3), claimedLength });
    expect((await ws.closed()).code, `a frame that claims ${claimedLength} bytes`).toBe(1009);
  }
});

// RFC 6455 §7.1.7: a server may drop the connection after its close frame; but then the reason may be lost on the way.
test("CLOSE-10 SHOULD tell even a client that goes on sending why it is closed", {
  tag: ["@limits", "@upgrade"],
}, async ({ raw }) => {
  for (let round = 0; round < 5; round++) {
    const ws = await raw.connect("/echo");
    ws.sendFrame({ opcode: Opcode.Binary, payload: new Uint8Array(8 * 1024 * 1024) });
    for (let more = 0; more < 64; more++) ws.send(new Uint8Array(most));
    expect(await ws.closed()).toMatchObject({ code: 1009, how: "close frame" });
  }
});

/** Violations of RFC 6455: where, the frames, and the close code. */
const violations: [name: string, frames: (FrameToSend & { unmasked?: boolean })[], code: number][] = [
  ["an unmasked frame (§5.1)", [{ opcode: Opcode.Text, payload: Buffer.from("x"), unmasked: true }], 1002],
  ["RSV1 (§5.2)", [{ opcode: Opcode.Text, rsv1: true }], 1002],
  ["RSV2 (§5.2)", [{ opcode: Opcode.Text, rsv2: true }], 1002],
  ["RSV3 (§5.2)", [{ opcode: Opcode.Text, rsv3: true }], 1002],
  ["opcode 3 (§5.2)", [{ opcode: 3 }], 1002],
  ["opcode 7 (§5.2)", [{ opcode: 7 }], 1002],
  ["opcode 11 (§5.2)", [{ opcode: 11 }], 1002],
  ["opcode 15 (§5.2)", [{ opcode: 15 }], 1002],
  ["a ping of 126 bytes (§5.5)", [{ opcode: Opcode.Ping, payload: new Uint8Array(126) }], 1002],
  ["a ping in fragments (§5.5)", [{ opcode: Opcode.Ping, fin: false }], 1002],
  ["a continuation of nothing (§5.4)", [{ opcode: Opcode.Continuation }], 1002],
  ["a message inside another (§5.4)", [{ opcode: Opcode.Text, fin: false }, { opcode: Opcode.Text }], 1002],
  ["text that is not UTF-8 (§8.1)", [{ opcode: Opcode.Text, payload: Uint8Array.of(0xc3, 0x28) }], 1007],
  ["a surrogate in UTF-8 (§8.1)", [{ opcode: Opcode.Text, payload: Uint8Array.of(0xed, 0xa0, 0x80) }], 1007],
  [
    "text that stops in the middle of a character (§8.1)",
    [
      { opcode: Opcode.Text, fin: false, payload: Uint8Array.of(0xe2, 0x82) },
      { opcode: Opcode.Continuation, payload: Buffer.from("x") },
    ],
    1007,
  ],
  ["a reason that is not UTF-8 (§5.5.1)", [close(encodeClose(1000, Uint8Array.of(0xff)))], 1007],
  ["a reason of 124 bytes (§5.5)", [close(encodeClose(1000, "x".repeat(124)))], 1002],
  ["a close frame of one byte (§5.5.1)", [close(Uint8Array.of(3))], 1002],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map(
    (code): [string, FrameToSend[], number] => [
      `close code ${code} (§7.4)`,
      [close(encodeClose(code))],
      1002,
    ],
  ),
];

function close(payload: Uint8Array): FrameToSend {
  return { opcode: Opcode.Close, payload };
}

/** Frames as the bytes of one write. */
function bytesOf(...frames: FrameToSend[]): Uint8Array {
  return Buffer.concat(frames.map((frame) => encodeFrame({ mask: randomMask(), ...frame })));
}

test("CLOSE-11 MUST close on what breaks RFC 6455, with the code for it", {
  tag: ["@closed", "@messages", "@step"],
}, async ({ raw }) => {
  for (const [name, frames, code] of violations) {
    const ws = await raw.connect("/echo");
    for (const { unmasked = false, ...frame } of frames) ws.sendFrame(frame, { masked: !unmasked });
    const { code: answer } = await ws.closed();
    expect.soft(answer, name).toBe(code);
    expect.soft(ws.messages, name).toEqual([]);
  }
  const ws = await raw.connect("/echo");
  ws.send("still here");
  expect(await ws.nextText()).toBe("still here");
});

// RFC 6455 §5.5.1: after its close frame an endpoint sends no more data; what it sends is not read.
test("CLOSE-12 MUST ignore what comes after a close frame", {
  tag: ["@messages", "@closed", "@step"],
}, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  const bytes = bytesOf(
    { opcode: Opcode.Text, payload: Buffer.from("before") },
    close(encodeClose(1000)),
    { opcode: Opcode.Text, payload: Buffer.from("after") },
    { opcode: Opcode.Ping, payload: Buffer.from("after") },
  );
  ws.sendBytes(bytes);
  expect(await ws.nextText()).toBe("before");
  expect(await ws.closed()).toMatchObject({ code: 1000, how: "close frame" });
  await ws.ended();
  expect(ws.frames.map(({ opcode }) => opcode)).toEqual([Opcode.Text, Opcode.Close]);
});

test("CLOSE-13 MUST do nothing more for who said stop", { tag: "@close" }, async ({ converse, room }) => {
  const [reader, client] = [await converse(), await converse()];
  await reader.request({ type: "subscribe", topic: room });
  const said = (id: string, text: string) => ({ type: "publish", id, topic: room, to: "all", text }) as const;
  const messages = [said("1", "before"), { type: "stop", id: "2" } as const, said("3", "after")];
  client.socket.sendBytes(
    bytesOf(...messages.map((each) => ({ opcode: Opcode.Text, payload: Buffer.from(encode(each)) }))),
  );
  expect(await client.socket.closed()).toMatchObject({ code: 1000 });
  await client.socket.ended();
  const [event, ...more] = await reader.rest(room);
  expect(event?.data).toEqual({ kind: "chat", text: "before" });
  expect(more).toEqual([]);
});

test("CLOSE-14 MUST close with 1011 where a handler throws, and live on", { tag: "@guard" }, async ({
  launch,
  converse,
  raw,
  room,
}) => {
  const server = await launch();
  const own = raw.at(server.port);
  const [culprit, other] = [await converse({ server }), await converse({ server })];
  await other.request({ type: "subscribe", topic: room });
  const ws = await own.connect("/echo");
  culprit.send({ type: "chaos", do: "throw" });
  expect(await culprit.socket.closed()).toMatchObject({ code: 1011, how: "close frame" });
  ws.send("still here");
  expect(await ws.nextText()).toBe("still here");
  await other.request({ type: "publish", topic: room, to: "all", text: "still here" });
  await other.events(room, 1);
  expect(await metric(own, "failures_total")).toBe(1);
  await (await converse({ server })).settled();
  expect(server.exit).toBeUndefined();
  // The log comes by a pipe of its own, and may come later.
  await expect.poll(() => server.stderr.join("\n")).toContain("a failure that was ordered");
});

// RFC 6455 §7.4.1: 1003.
test("CLOSE-15 MUST close with 1003 on a binary message at /ws", { tag: "@messages" }, async ({
  converse,
  raw,
}) => {
  const client = await converse();
  client.socket.send(Buffer.from(encode({ type: "ping", id: "1", at: 0 })));
  expect(await client.socket.closed()).toMatchObject({ code: 1003, how: "close frame" });
  const stranger = await raw.connect("/ws", { subprotocols: [subprotocol] });
  stranger.send(new Uint8Array());
  expect(await stranger.closed()).toMatchObject({ code: 1003, how: "close frame" });
});

// RFC 6455 §7.1.1: after a reasonable time the server may close the TCP connection by itself.
test("CLOSE-16 MUST not wait for ever for the answer to its close frame", { tag: "@close" }, async ({
  launch,
  converse,
  raw,
}) => {
  const server = await launch({ LINGER_MS: "1000" });
  const own = raw.at(server.port);
  const client = await converse({ server });
  const ws = await own.connect("/echo");
  client.socket.autoClose = false;
  ws.autoClose = false;
  client.send({ type: "chaos", do: "close", code: 4000 });
  ws.send("stop");
  expect(await client.socket.closed()).toMatchObject({ code: 4000 });
  expect(await ws.closed()).toMatchObject({ code: 1000 });
  await client.socket.ended();
  await ws.ended();
  await expect.poll(() => metric(own, "connections")).toBe(0);
});

test("CLOSE-18 MUST let go of a peer that has closed and keeps its TCP connection", {
  tag: ["@limits", "@closed"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ DRAIN_MS: "500", LINGER_MS: "500" })).port);
  // Half open: otherwise the end of the server's side would end ours, too.
  const options = { halfOpen: true };
  const [leaving, wrong] = [await own.connect("/echo", options), await own.connect("/echo", options)];
  for (const each of [leaving, wrong]) each.autoClose = false;
  leaving.sendFrame({ opcode: Opcode.Close, payload: encodeClose(1000) });
  wrong.sendFrame({ opcode: 3, payload: Buffer.alloc(0) });
  expect(await leaving.closed()).toMatchObject({ code: 1000 });
  expect(await wrong.closed()).toMatchObject({ code: 1002 });
  await expect.poll(() => metric(own, "connections")).toBe(0);
});

// After its close frame a server sends nothing more (RFC 6455 §5.5.1), so nothing queues up for that peer.
test("CLOSE-17 MUST wait for the answer to its close frame, however much others say meanwhile", {
  tag: ["@send", "@broadcast"],
}, async ({ launch, converse, raw }) => {
  // The shared budget is smaller than one queue may get. If events still queued for the leaving peer, it would be
  // cut off.
  const server = await launch({ LINGER_MS: "20000", MAX_QUEUE_BYTES_TOTAL: "786432" });
  const own = raw.at(server.port);
  const [leaving, staying] = [await converse({ server }), await converse({ server })];
  for (const each of [leaving, staying]) await each.request({ type: "subscribe", topic: "room/flood" });
  leaving.socket.autoClose = false;
  leaving.send({ type: "chaos", do: "close" });
  expect(await leaving.socket.closed()).toMatchObject({ code: 1000 });
  await staying.request({ type: "chaos", do: "flood", mebibytes: 4 });
  await staying.events("room/flood", 1024, { deadline: 10_000 });
  expect(leaving.socket.frames.at(-1)?.opcode, "its last frame").toBe(Opcode.Close);
  leaving.socket.sendFrame({ opcode: Opcode.Close, payload: encodeClose(1000) });
  await expect.poll(() => metric(own, "closed_total", { code: "1000" })).toBe(1);
});
