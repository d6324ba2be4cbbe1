import { randomBytes } from "node:crypto";
import { encodeFrame, type Message, Opcode, randomMask } from "@rosetta/conformance";
import { from, metric, type RawSocket } from "@rosetta/testkit";
import { expect, test } from "../fixtures.ts";

/** The largest message that a server takes by default. */
const most = 64 * 1024;
const mebibyte = 1024 * 1024;

/** Both kinds of message, filled with something of so many bytes. */
const kinds = {
  text: (size: number) => "ä".repeat(size / 2) + "!".repeat(size % 2),
  binary: (size: number) => Uint8Array.from({ length: size }, (_, index) => (index * 31) & 0xff),
};

/** The headers of a handshake that asks for compression. */
const compressing = { "Sec-WebSocket-Extensions": "permessage-deflate" };

/** Returns a text that zlib needs some 20 ms for, because it looks alike everywhere and repeats nowhere. */
function hardToCompress(): string {
  return Array.from(randomBytes(60_000), (byte) => byte & 1).join("");
}

/** Returns what came back, as it was sent: a string or bytes. */
function contentOf(message: Message): string | Uint8Array {
  return message.kind === "text" ? message.text : message.data;
}

/** Sends a message and shows that exactly this one comes back. A megabyte is compared, not printed. */
async function expectEcho(ws: RawSocket, data: string | Uint8Array, fragments = 1): Promise<void> {
  ws.send(data, { fragments });
  const message = await ws.nextMessage(undefined, { deadline: 15_000 });
  expect(message.kind).toBe(typeof data === "string" ? "text" : "binary");
  expect(message.data.length).toBe(Buffer.byteLength(data));
  expect(Buffer.compare(message.data, Buffer.from(data as string)), "the same bytes").toBe(0);
}

test("ECHO-01 MUST send back text as text and binary as binary", {
  tag: ["@echo", "@messages", "@step"],
}, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  ws.send("grüß");
  expect(await ws.nextText()).toBe("grüß");
  ws.send(Uint8Array.of(0, 255));
  expect(await ws.nextMessage()).toMatchObject({ kind: "binary", data: Uint8Array.of(0, 255) });
});

// Bun's send() answers 0 for an empty message, as it does for one that it dropped.
test("ECHO-02 MUST send back empty messages", { tag: ["@echo", "@send", "@step"] }, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  for (const data of ["", new Uint8Array(), "", new Uint8Array()]) await expectEcho(ws, data);
  await ws.ping();
  expect(ws.messages).toEqual([]);
});

// RFC 6455 §5.2: 7, 16 or 64 bits of length. At each seam a server may err by one.
test("ECHO-03 MUST send back messages of every size up to its limit", {
  tag: ["@echo", "@limits", "@step"],
}, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  for (const size of [1, 2, 124, 125, 126, 127, 1023, 4096, 65_534, 65_535, most]) {
    await expectEcho(ws, kinds.text(size));
    await expectEcho(ws, kinds.binary(size));
  }
});

test("ECHO-04 MUST send back messages of 16 MiB if its limit is raised", {
  tag: ["@echo", "@limits", "@step"],
}, async ({ launch, raw }) => {
  const server = await launch({ MAX_MESSAGE_BYTES: String(16 * mebibyte) });
  const ws = await raw.at(server.port).connect("/echo");
  await expectEcho(ws, kinds.text(16 * mebibyte));
  await expectEcho(ws, kinds.binary(16 * mebibyte));
});

// "\0", a byte order mark, what looks like a mistake but is none, four bytes, a flag, a family.
test("ECHO-05 MUST not touch a text", { tag: ["@echo", "@step"] }, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  for (const text of [
    "\0",
    "\ufeffx",
    "\ufffd",
    "\uffff",
    "𝄞",
    "🇪🇺",
    "👩‍👩‍👧",
    "a\r\nb",
    '"{}',
    " stop",
    "STOP",
  ]) {
    await expectEcho(ws, text);
  }
});

// RFC 6455 §5.4.
test("ECHO-06 MUST put fragments together, empty ones too", { tag: ["@echo", "@messages", "@step"] }, async ({
  raw,
}) => {
  const ws = await raw.connect("/echo");
  for (const fragments of [2, 3, 100]) {
    await expectEcho(ws, kinds.text(1000), fragments);
    await expectEcho(ws, kinds.binary(1000), fragments);
  }
  const parts = ["", "", "a", "", "b", ""];
  for (const [index, part] of parts.entries()) {
    const opcode = index === 0 ? Opcode.Text : Opcode.Continuation;
    ws.sendFrame({ opcode, fin: index === parts.length - 1, payload: Buffer.from(part) });
  }
  expect(await ws.nextText()).toBe("ab");
});

// RFC 6455 §5.4: control frames may come in the middle of a message, and are answered there (§5.5.2).
test("ECHO-07 MUST answer a ping between the fragments of a message", { tag: ["@echo", "@step"] }, async ({
  raw,
}) => {
  const ws = await raw.connect("/echo");
  ws.sendFrame({ opcode: Opcode.Text, fin: false, payload: Buffer.from("one ") });
  const pong = await ws.ping("in between");
  expect(Buffer.from(pong.payload).toString()).toBe("in between");
  expect(ws.messages).toEqual([]);
  ws.sendFrame({ opcode: Opcode.Continuation, payload: Buffer.from("message") });
  expect(await ws.nextText()).toBe("one message");
});

// RFC 6455 §5.6: a fragment of a text need not be UTF-8 by itself, only the whole.
test("ECHO-08 MUST take text whose characters are cut across fragments", {
  tag: ["@echo", "@messages", "@step"],
}, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  const text = "ä€𝄞👩‍👩‍👧";
  await expectEcho(ws, text, Buffer.byteLength(text));
});

test("ECHO-09 MUST keep the order of messages, whatever their kind and size", {
  tag: ["@echo", "@step"],
}, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  const sent = from(1, 1000).map((number) => {
    const text = `${number} `.repeat(number % 7 === 0 ? 300 : 1);
    return number % 3 === 0 ? Uint8Array.from(Buffer.from(text)) : text;
  });
  for (const data of sent) ws.send(data);
  const came: (string | Uint8Array)[] = [];
  while (came.length < sent.length) came.push(contentOf(await ws.nextMessage()));
  expect(came.map(String)).toEqual(sent.map(String));
});

test("ECHO-10 MUST take messages that come in one segment, or cut anywhere", {
  tag: ["@echo", "@messages", "@step"],
}, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  const frames = ["first", "second", "third"].map((text) =>
    encodeFrame({ opcode: Opcode.Text, payload: Buffer.from(text), mask: randomMask() }),
  );
  ws.sendBytes(Buffer.concat(frames));
  for (const byte of Buffer.concat(frames)) {
    ws.sendBytes(Uint8Array.of(byte));
    await ws.flushed();
  }
  for (const text of ["first", "second", "third", "first", "second", "third"]) {
    expect(await ws.nextText()).toBe(text);
  }
});

test("ECHO-11 MUST close with 1000 when it is told to stop", { tag: ["@echo", "@close", "@step"] }, async ({
  raw,
}) => {
  const ws = await raw.connect("/echo");
  ws.send("before");
  ws.send("stop");
  ws.send("after");
  expect(await ws.nextText()).toBe("before");
  expect(await ws.closed()).toMatchObject({ code: 1000, how: "close frame" });
  // RFC 6455 §7.1.1: it is the server who ends the TCP connection.
  expect(await ws.ended()).toBe("end");
  expect(ws.messages).toEqual([]);
});

test("ECHO-12 MUST take stop for the text and for nothing else", {
  tag: ["@echo", "@messages", "@step"],
}, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  await expectEcho(ws, Buffer.from("stop"));
  await expectEcho(ws, "stop ");
  await expectEcho(ws, "Stop");
  ws.send("stop", { fragments: 2 });
  expect(await ws.closed()).toMatchObject({ code: 1000 });
});

// CVE-2026-48779: each fragment costs memory of its own, however small.
test("ECHO-13 SHOULD close on a message in too many fragments", { tag: "@limits" }, async ({
  launch,
  raw,
}) => {
  const server = await launch({ MAX_FRAGMENTS: "16" });
  const ws = await raw.at(server.port).connect("/echo");
  ws.send("a".repeat(16), { fragments: 16 });
  expect((await ws.next("text")).payload.length).toBe(16);
  ws.send("b".repeat(17), { fragments: 17 });
  const { opcode } = await ws.next((frame) => frame.opcode === Opcode.Close || frame.opcode === Opcode.Text, {
    awaited: "a close frame",
  });
  expect(opcode === Opcode.Close ? "closed" : "took 17 fragments where 16 are allowed").toBe("closed");
  expect(await ws.closed()).toMatchObject({ code: 1008 });
});

test("ECHO-14 MUST keep connections apart", { tag: ["@echo", "@step"] }, async ({ raw }) => {
  const sockets = await Promise.all(from(1, 10).map(() => raw.connect("/echo")));
  for (const round of from(1, 20)) {
    for (const [index, ws] of sockets.entries()) ws.send(`${index}: ${round}`);
  }
  for (const [index, ws] of sockets.entries()) {
    const expected = from(1, 20).map((round) => `${index}: ${round}`);
    const received = [];
    for (const _ of expected) received.push(await ws.nextText());
    expect(received).toEqual(expected);
    expect(ws.messages).toEqual([]);
  }
});

test("ECHO-15 MUST count messages in bytes, not in characters", {
  tag: ["@echo", "@metrics"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch()).port);
  const ws = await own.connect("/echo");
  ws.send("3 €");
  expect(await ws.nextText()).toBe("3 €");
  expect(await metric(own, "bytes_total", { direction: "in" })).toBe(5);
  expect(await metric(own, "bytes_total", { direction: "out" })).toBe(5);
  // The text that ends the connection comes in and does not go out.
  ws.send("stop");
  await ws.closed();
  expect(await metric(own, "bytes_total", { direction: "in" })).toBe(9);
  expect(await metric(own, "bytes_total", { direction: "out" })).toBe(5);
});

// A socket that is written once per turn keeps the answers to a whole segment, which is not the peer's slowness.
test("ECHO-16 MUST send back thousands of small messages that come in one segment", {
  tag: ["@echo", "@send"],
}, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  const one = encodeFrame({ opcode: Opcode.Text, payload: Buffer.from("1"), mask: randomMask() });
  ws.sendBytes(Buffer.concat(from(1, 9_000).map(() => one)));
  ws.send("the last one");
  const received = new Map<string, number>();
  for (let text = ""; text !== "the last one"; ) {
    text = await ws.nextText();
    received.set(text, (received.get(text) ?? 0) + 1);
  }
  expect([...received]).toEqual([
    ["1", 9_000],
    ["the last one", 1],
  ]);
});

// A ping can ask whether everything before it has been answered.
test("ECHO-17 SHOULD answer messages and pings in the order in which they came", {
  tag: ["@echo", "@send"],
}, async ({ raw }) => {
  const ws = await raw.connect("/echo");
  const sent = from(1, 100).map((number) => ({
    opcode: number % 3 === 0 ? Opcode.Ping : Opcode.Text,
    payload: Buffer.from(`${number}`),
  }));
  ws.sendBytes(Buffer.concat(sent.map((frame) => encodeFrame({ ...frame, mask: randomMask() }))));
  const received = [];
  while (received.length < sent.length) {
    const { payload } = await ws.next(() => true, { awaited: "an answer" });
    received.push(Buffer.from(payload).toString());
  }
  expect(received).toEqual(sent.map(({ payload }) => payload.toString()));
});

// RFC 9293 §3.6: a peer that has sent FIN can still receive. A close frame should come first (RFC 6455 §7.1.2).
test("ECHO-18 SHOULD send back what came before FIN, compressed or not", {
  tag: ["@echo", "@send"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ COMPRESSION: "1" })).port);
  const text = hardToCompress();
  for (const [how, headers] of Object.entries({ "as it is": {}, compressed: compressing })) {
    const ws = await own.connect("/echo", { headers });
    ws.send(text);
    ws.end();
    await ws.ended({ deadline: 15_000 });
    expect(`${ws.messages.length} came back ${how}`).toBe(`1 came back ${how}`);
    expect(await ws.nextText()).toBe(text);
  }
});

// What waits to be compressed takes memory, so it must be bounded. But the peer is not slow.
test("ECHO-19 SHOULD not take a peer that reads for a slow one, however long compression takes", {
  tag: ["@echo", "@send", "@limits"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ COMPRESSION: "1" })).port);
  const text = hardToCompress();
  const ws = await own.connect("/echo", { headers: compressing });
  const one = encodeFrame({ opcode: Opcode.Text, payload: Buffer.from(text), mask: randomMask() });
  // More than twice what may wait, at once.
  const count = 40;
  ws.sendBytes(Buffer.concat(from(1, count).map(() => one)));
  for (const _ of from(1, count)) expect(await ws.nextText({ deadline: 20_000 })).toBe(text);
});
