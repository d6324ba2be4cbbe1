import { encodeFrame, Opcode, randomMask } from "@rosetta/conformance";
import { type ClientMessage, Close, encode, type ServerMessage } from "@rosetta/protocol";
import { Conversation, from, type Raw, type RequestToSend } from "@rosetta/testkit";
import { test } from "../clients.ts";
import { expect } from "../fixtures.ts";
import { ended } from "../jobs.ts";

const nobody = "0123456789abcdef0123456789abcdef";

// One of each. Between them, everything that a client may say.
const oneOfEach = [
  { type: "echo", text: "" },
  { type: "publish", topic: "room/nobody", to: "all", text: "" },
  { type: "subscribe", topic: "room/nobody" },
  { type: "unsubscribe", topic: "room/nobody" },
  { type: "start", job: "hash", mebibytes: 1 },
  { type: "cancel", topic: "job/nobody" },
  { type: "ping", at: 0 },
  { type: "stop" },
  { type: "chaos", do: "throw" },
] as const satisfies RequestToSend[];

/** Sends any text, takes the error that answers it, and shows that the connection lives. */
async function refusalOf(talk: Conversation, text: string): Promise<ServerMessage<"error">> {
  talk.socket.send(text);
  const error = await talk.nextOf("error", { awaited: `an error for ${text.slice(0, 80)}` });
  expect((await talk.request({ type: "echo", text: "still here" })).text).toBe("still here");
  return error;
}

/** Messages as the bytes of one write. */
function inOneSegment(messages: readonly ClientMessage[]): Uint8Array {
  const frames = messages.map((message) =>
    encodeFrame({ opcode: Opcode.Text, payload: Buffer.from(encode(message)), mask: randomMask() }),
  );
  return Buffer.concat(frames);
}

test("MSG-01 MUST answer hello with who the server is, who the client is, and the limits", {
  tag: ["@messages", "@send"],
}, async ({ app, raw }) => {
  const talk = await Conversation.open(raw);
  talk.send({ type: "hello", id: "first", client: talk.client });
  const welcome = await talk.nextOf("welcome");
  expect(welcome).toEqual({
    type: "welcome",
    re: "first",
    server: app.manifest.id,
    runtime: app.ready?.runtime,
    session: expect.stringMatching(/./),
    member: expect.stringMatching(/./),
    known: false,
    limits: {
      messageBytes: 65_536,
      queueBytes: 1_048_576,
      topics: 128,
      messagesPerSecond: 100,
      burst: 200,
      heartbeatMs: 25_000,
    },
  });
  expect(JSON.stringify(welcome), "the client's secret goes back to nobody").not.toContain(talk.client);
});

test("MSG-02 MUST tell in welcome the limits that are in force, and another session to everyone", {
  tag: "@messages",
}, async ({ launch, raw }) => {
  const server = await launch({
    MAX_MESSAGE_BYTES: "2048",
    MAX_QUEUE_BYTES: "4096",
    MAX_TOPICS: "7",
    MAX_MESSAGES_PER_SECOND: "8",
    MAX_BURST: "9",
    HEARTBEAT_MS: "9000",
  });
  const [one, two] = [
    await Conversation.open(raw.at(server.port)),
    await Conversation.open(raw.at(server.port)),
  ];
  const [first, second] = [await one.hello(), await two.hello()];
  expect(first.limits).toEqual({
    messageBytes: 2048,
    queueBytes: 4096,
    topics: 7,
    messagesPerSecond: 8,
    burst: 9,
    heartbeatMs: 9000,
  });
  expect(first.session).not.toBe(second.session);
  expect(first.member).not.toBe(second.member);
});

test("MSG-03 MUST answer echo with the same text", { tag: ["@messages", "@send"] }, async ({ converse }) => {
  const talk = await converse();
  const id = talk.send({ type: "echo", text: "grüß dich" });
  expect(await talk.reply(id)).toEqual({ type: "echo", re: id, text: "grüß dich" });
});

test("MSG-04 MUST answer ping with the client's time as it was, and the server's", {
  tag: "@messages",
}, async ({ converse }) => {
  const talk = await converse();
  const earliest = Date.now() - 1;
  const pong = await talk.request({ type: "ping", at: -12.345678 });
  expect(pong.at).toBe(-12.345678);
  // One machine, one clock; a millisecond for whoever rounds.
  expect(pong.serverAt).toBeGreaterThanOrEqual(earliest);
  expect(pong.serverAt).toBeLessThanOrEqual(Date.now() + 1);
});

test("MSG-05 MUST answer publish with the place of the publication in its topic", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const talk = await converse();
  const first = await talk.request({ type: "publish", id: "1", topic: room, to: "all", text: "a" });
  const second = await talk.request({ type: "publish", id: "2", topic: room, to: "others", text: "b" });
  expect(first).toEqual({ type: "ack", re: "1", topic: room, epoch: expect.stringMatching(/./), offset: 1 });
  expect(second).toEqual({ ...first, re: "2", offset: 2 });
});

test("MSG-06 MUST answer subscribe with the head of the topic and its mode, and unsubscribe with ack", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const talk = await converse();
  const { epoch } = await talk.request({ type: "publish", topic: room, to: "all", text: "" });
  const subscribed = await talk.request({ type: "subscribe", id: "in", topic: room });
  expect(subscribed).toEqual({
    type: "subscribed",
    re: "in",
    topic: room,
    mode: "stream",
    epoch,
    offset: 1,
    recovered: false,
  });
  const presence = await talk.request({ type: "subscribe", topic: room.replace("room", "presence") });
  expect(presence.mode).toBe("latest");
  const ack = await talk.request({ type: "unsubscribe", id: "out", topic: room });
  expect(ack).toEqual({ type: "ack", re: "out", topic: room, epoch, offset: 1 });
  const again = await talk.refusal({ type: "unsubscribe", id: "out again", topic: room });
  expect(again).toMatchObject({ code: "not_found", re: "out again" });
});

test("MSG-07 MUST answer start with a topic of the server's choice, and cancel with ack", {
  tag: "@messages",
}, async ({ converse }) => {
  const talk = await converse();
  const started = await talk.request({ type: "start", id: "go", job: "hash", mebibytes: 256 });
  expect(started).toMatchObject({ type: "ack", re: "go", offset: 0 });
  expect(started.topic).toMatch(/^job\/[0-9a-f]{8,32}$/);
  const { topic, epoch } = started;
  expect(await talk.request({ type: "cancel", id: "no", topic })).toMatchObject({ re: "no", topic, epoch });
});

test("MSG-08 MUST answer stop with bye, then close with 1000", {
  tag: ["@messages", "@close"],
}, async ({ converse }) => {
  const talk = await converse();
  talk.send({ type: "stop", id: "enough" });
  talk.send({ type: "echo", text: "too late" });
  expect(await talk.nextOf("bye")).toEqual({ type: "bye", re: "enough", code: 1000, final: true });
  expect(await talk.socket.closed()).toMatchObject({ how: "close frame", code: 1000 });
  expect(talk.collected.map(({ type }) => type)).toEqual(["welcome", "bye"]);
});

test("MSG-09 MUST answer every request exactly once", { tag: "@messages" }, async ({ converse, room }) => {
  const talk = await converse();
  const ids = [
    talk.send({ type: "echo", text: "" }),
    talk.send({ type: "ping", at: 1 }),
    talk.send({ type: "subscribe", topic: room }),
    talk.send({ type: "subscribe", topic: room }),
    talk.send({ type: "publish", topic: room, to: "all", text: "" }),
    talk.send({ type: "publish", topic: room, to: "others", text: "" }),
    talk.send({ type: "publish", topic: "scores", to: "all", text: "" }),
    talk.send({ type: "unsubscribe", topic: room }),
    talk.send({ type: "unsubscribe", topic: room }),
    talk.send({ type: "subscribe", topic: "nothing" }),
    talk.send({ type: "start", job: "hash", mebibytes: 1 }),
    talk.send({ type: "cancel", topic: "job/none" }),
    talk.send({ type: "hello", client: talk.client }),
    talk.send({ type: "chaos", do: "close", code: 1005 }),
  ];
  for (const id of ids) await talk.reply(id);
  await talk.settled();
  const replies = talk.collected.flatMap((message) => ("re" in message ? message.re : []));
  for (const id of ids) expect(replies.filter((re) => re === id)).toEqual([id]);
});

test("MSG-10 MUST answer in order what comes right behind hello, be it in the handshake's own segment", {
  tag: ["@messages", "@upgrade"],
}, async ({ raw }) => {
  const messages: ClientMessage[] = [
    { type: "hello", id: "1", client: nobody },
    { type: "echo", id: "2", text: "" },
    { type: "subscribe", id: "3", topic: "scores" },
    { type: "ping", id: "4", at: 0 },
    { type: "unsubscribe", id: "5", topic: "scores" },
    { type: "publish", id: "6", topic: "log", to: "all", text: "" },
    { type: "echo", id: "7", text: "" },
    { type: "stop", id: "8" },
  ];
  const bytes = inOneSegment(messages);
  const withHandshake = await Conversation.open(raw, { firstBytes: bytes });
  await withHandshake.socket.closed();
  const afterHandshake = await Conversation.open(raw);
  afterHandshake.socket.sendBytes(bytes);
  await afterHandshake.socket.closed();
  for (const { collected } of [withHandshake, afterHandshake]) {
    const replies = collected.flatMap((message) => ("re" in message ? message.re : []));
    expect(replies).toEqual(from(1, 8).map(String));
  }
});

test("MSG-11 MUST answer an unknown type with the error unknown_type", {
  tag: "@messages",
}, async ({ converse }) => {
  const talk = await converse();
  const types = ["shout", "", "Echo", "welcome", "__proto__", "constructor", "toString", "hasOwnProperty"];
  for (const type of types) {
    const error = await refusalOf(talk, JSON.stringify({ type, id: `a ${type}`, text: "" }));
    expect(error, type).toMatchObject({ code: "unknown_type", re: `a ${type}` });
  }
});

test("MSG-12 MUST answer what is no JSON object with the error invalid", {
  tag: "@messages",
}, async ({ converse }) => {
  const talk = await converse();
  const texts = ["", " ", "{", "null", "0", "1e999", "true", '"echo"', "[]", "[".repeat(60_000), "undefined"];
  // Deep enough to exhaust the stack of a parser that recurses, and within MAX_MESSAGE_BYTES.
  texts.push('{"a":'.repeat(13_000));
  for (const text of texts) {
    expect(await refusalOf(talk, text)).toEqual({
      type: "error",
      code: "invalid",
      message: expect.any(String),
    });
  }
});

test("MSG-13 MUST survive 100,000 opening brackets", { tag: "@messages" }, async ({ launch, converse }) => {
  const talk = await converse({ server: await launch({ MAX_MESSAGE_BYTES: "1048576" }) });
  for (const bomb of ["[", '{"a":', '{"type":']) {
    expect((await refusalOf(talk, bomb.repeat(100_000))).code).toBe("invalid");
  }
});

test("MSG-14 MUST answer a known type with wrong fields with the error invalid, and the id if it can be read", {
  tag: "@messages",
}, async ({ converse }) => {
  const talk = await converse();
  const wrong = [
    { type: "echo" },
    { type: "echo", text: 1 },
    { type: "publish", topic: "room/a", to: "nobody", text: "" },
    { type: "publish", topic: "room/a", text: "" },
    { type: "subscribe" },
    { type: "subscribe", topic: ["room/a"] },
    { type: "subscribe", topic: "room/a", since: null },
    { type: "subscribe", topic: "room/a", since: { epoch: "e", offset: -1 } },
    { type: "subscribe", topic: "room/a", since: { epoch: "e", offset: 0.5 } },
    { type: "subscribe", topic: "room/a", since: { offset: 1 } },
    { type: "start", job: "dig", mebibytes: 1 },
    { type: "start", job: "hash", mebibytes: 0 },
    { type: "start", job: "hash", mebibytes: 257 },
    { type: "start", job: "hash", mebibytes: 1.5 },
    { type: "ping", at: "now" },
    { type: "hello", client: "me" },
    { type: "hello", client: nobody.toUpperCase() },
    { type: "chaos", do: "nothing" },
  ];
  for (const message of wrong) {
    const error = await refusalOf(talk, JSON.stringify({ id: "mine", ...message }));
    expect(error, JSON.stringify(message)).toMatchObject({ code: "invalid", re: "mine" });
  }
});

test("MSG-15 MUST NOT give back an id that the protocol does not allow", {
  tag: "@messages",
}, async ({ converse }) => {
  const talk = await converse();
  const ids = ["", "x".repeat(65), 7, null, ["a"], { toString: "a" }, undefined];
  for (const id of ids) {
    const error = await refusalOf(talk, JSON.stringify({ type: "echo", id, text: "" }));
    expect(error, JSON.stringify(id)).toEqual({
      type: "error",
      code: "invalid",
      message: expect.any(String),
    });
  }
  const longest = "x".repeat(64);
  expect(await talk.request({ type: "echo", id: longest, text: "" })).toMatchObject({ re: longest });
});

test("MSG-16 MUST refuse half of a surrogate pair wherever it stands, and say nothing that a peer cannot read", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const talk = await converse();
  // Escaped, it is valid UTF-8 and valid JSON (RFC 8259 §8.2), and yet no text.
  for (const half of ["\\ud800", "\\udfff", "a\\ud83d", "\\udc00\\ud800"]) {
    const text = await refusalOf(talk, `{"type":"echo","id":"e","text":"${half}"}`);
    expect(text).toMatchObject({ code: "invalid", re: "e" });
    const chat = await refusalOf(
      talk,
      `{"type":"publish","id":"p","topic":"${room}","to":"all","text":"${half}"}`,
    );
    expect(chat).toMatchObject({ code: "invalid", re: "p" });
    expect(await refusalOf(talk, `{"type":"echo","id":"${half}","text":""}`)).not.toHaveProperty("re");
    expect(await refusalOf(talk, `{"type":"${half}","id":"t"}`)).toMatchObject({ re: "t" });
  }
  const pair = await talk.request({ type: "subscribe", topic: room });
  expect(pair.offset, "nothing of it was published").toBe(0);
});

test("MSG-17 MUST refuse a number that is none", { tag: "@messages" }, async ({ converse }) => {
  const talk = await converse();
  // To JSON.parse it is Infinity, which JSON cannot say: the answer would be `null`.
  for (const at of ["1e999", "-1e999"]) {
    const error = await refusalOf(talk, `{"type":"ping","id":"p","at":${at}}`);
    expect(error).toMatchObject({ code: "invalid", re: "p" });
  }
  const since = '{"epoch":"e","offset":1e999}';
  const error = await refusalOf(talk, `{"type":"subscribe","id":"s","topic":"scores","since":${since}}`);
  expect(error).toMatchObject({ code: "invalid", re: "s" });
});

test("MSG-18 MUST treat the names of JavaScript's own properties like any others", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const talk = await converse();
  for (const name of ["__proto__", "toString", "hasOwnProperty"]) {
    const error = await refusalOf(talk, JSON.stringify({ type: "subscribe", id: name, topic: name }));
    expect(error, "no topic has such a name").toMatchObject({ code: "invalid", re: name });
  }
  expect(await talk.refusal({ type: "subscribe", topic: "constructor" })).toMatchObject({
    code: "not_found",
  });
  for (const topic of ["weather/constructor", "job/constructor", "log/constructor"]) {
    expect(await talk.refusal({ type: "subscribe", topic }), topic).toMatchObject({ code: "not_found" });
    expect(await talk.refusal({ type: "cancel", topic }), topic).toMatchObject({ code: "not_found" });
  }
  // As keys they can only be meant to do harm.
  const publish = `"type":"publish","id":"p","topic":"${room}","to":"all","text":""`;
  for (const key of ["__proto__", "constructor", "prototype"]) {
    const error = await refusalOf(talk, `{"${key}":{"to":"others","polluted":true},${publish}}`);
    expect(error, key).toMatchObject({ code: "invalid" });
  }
  expect(await refusalOf(talk, `{"__proto__":{${publish}}}`)).toMatchObject({ code: "invalid" });
  expect(await talk.request({ type: "echo", id: "__proto__", text: "" })).toMatchObject({ re: "__proto__" });
  const { offset } = await talk.request({ type: "subscribe", topic: room });
  expect(offset, "nothing of it was published").toBe(0);
});

test("MSG-19 MUST ignore fields that it does not know", { tag: "@messages" }, async ({ converse, room }) => {
  const talk = await converse();
  const extra = { to: 1, at: [], more: { of: "the same" } };
  talk.socket.send(JSON.stringify({ type: "echo", id: "e", text: "a", ...extra }));
  expect(await talk.reply("e")).toEqual({ type: "echo", re: "e", text: "a" });
  await talk.request({ type: "subscribe", topic: room });
  const chat = { type: "publish", id: "p", topic: room, to: "all", text: "b", from: "somebody", offset: 99 };
  talk.socket.send(JSON.stringify(chat));
  const [event] = await talk.events(room, 1);
  expect(event).toMatchObject({ offset: 1, data: { kind: "chat", text: "b" } });
  expect(event?.from, "nobody speaks for somebody else").not.toBe("somebody");
});

test("MSG-20 MUST close with 4500 at the fifth message in a row that cannot be read", {
  tag: ["@messages", "@close"],
}, async ({ converse }) => {
  const talk = await converse();
  for (const text of ["{", "null", '{"type":"shout"}', '{"type":"echo"}', "[]"]) talk.socket.send(text);
  expect(await talk.socket.closed()).toMatchObject({ how: "close frame", code: 4500 });
  expect(talk.collected.map(({ type }) => type)).toEqual(["welcome", ...Array(5).fill("error")]);
});

test("MSG-21 MUST forget the bad messages after one that can be read", {
  tag: "@messages",
}, async ({ converse }) => {
  const talk = await converse();
  for (const round of from(1, 3)) {
    for (const text of ["{", "null", "[]", '{"type":"shout"}']) talk.socket.send(text);
    // Refused, but read.
    await talk.refusal({ type: "publish", topic: "scores", to: "all", text: `round ${round}` });
  }
  expect(talk.collected.filter(({ type }) => type === "error")).toHaveLength(15);
  await talk.settled();
});

test("MSG-22 MUST answer what comes before hello with hello_required, and then still take the hello", {
  tag: "@messages",
}, async ({ raw }) => {
  for (const message of oneOfEach) {
    const talk = await Conversation.open(raw);
    const error = await talk.refusal({ ...message, id: "early" });
    expect(error, message.type).toMatchObject({ code: "hello_required", re: "early" });
    await talk.hello();
  }
});

test("MSG-23 MUST close with 4004 whoever says no hello in time, and nobody else", {
  tag: ["@messages", "@close"],
}, async ({ launch, converse, raw }) => {
  const server = await launch({ HELLO_MS: "300" });
  const polite = await converse({ server });
  const silent = await Conversation.open(raw.at(server.port));
  const babbling = await Conversation.open(raw.at(server.port));
  await babbling.refusal({ type: "echo", text: "" });
  for (const talk of [silent, babbling]) {
    expect(await talk.socket.closed()).toMatchObject({ how: "close frame", code: 4004 });
  }
  // It came first: its time would be over, too.
  await polite.settled();
});

test("MSG-24 MUST refuse a second hello, and change nothing", { tag: "@messages" }, async ({ raw, room }) => {
  const talk = await Conversation.open(raw);
  const { member } = await talk.hello();
  const error = await talk.refusal({ type: "hello", id: "again", client: nobody });
  expect(error).toMatchObject({ code: "conflict", re: "again" });
  await talk.request({ type: "subscribe", topic: room });
  await talk.request({ type: "publish", topic: room, to: "all", text: "" });
  const [event] = await talk.events(room, 1);
  expect(event?.from).toBe(member);
});

test("MSG-25 MUST close the older connection of a client with 4509 when it says hello on another", {
  tag: ["@messages", "@close"],
}, async ({ raw, converse, room }) => {
  const old = await Conversation.open(raw);
  const { member } = await old.hello();
  await old.request({ type: "subscribe", topic: room });
  const young = await Conversation.open(raw, { client: old.client });
  expect(await young.hello()).toMatchObject({ member });
  expect(await old.socket.closed()).toMatchObject({ how: "close frame", code: 4509 });
  await young.request({ type: "subscribe", topic: room });
  const other = await converse();
  await other.request({ type: "publish", topic: room, to: "all", text: "to the young" });
  expect(await young.events(room, 1)).toHaveLength(1);
  // Now the old one's end has passed as well, and took nothing from the young one.
  expect(await young.request({ type: "publish", topic: room, to: "all", text: "" })).toMatchObject({
    offset: 2,
  });
});

// RFC 6455 §7.4.1: 1003 for a type of data that the endpoint cannot accept.
test("MSG-26 MUST close with 1003 whoever sends binary, before hello and after", {
  tag: ["@messages", "@close"],
}, async ({ raw, converse }) => {
  const early = await Conversation.open(raw);
  const late = await converse();
  for (const { socket } of [early, late]) {
    socket.send(Buffer.from('{"type":"ping","id":"1","at":0}'));
    expect(await socket.closed()).toMatchObject({ how: "close frame", code: 1003 });
  }
});

test("MSG-27 MUST answer one message too many with rate_limited and how long to wait, and then take more", {
  tag: "@messages",
}, async ({ launch, converse }) => {
  const server = await launch({ MAX_BURST: "2", MAX_MESSAGES_PER_SECOND: "2", HEARTBEAT_MS: "1000" });
  const [talk, neighbour] = [await converse({ server }), await converse({ server })];
  const ids = from(1, 5).map(() => talk.send({ type: "echo", text: "" }));
  const error = await talk.nextOf("error");
  expect(error).toMatchObject({ code: "rate_limited" });
  expect(ids).toContain(error.re);
  expect(error.retryAfterMs).toBeGreaterThan(0);
  expect(error.retryAfterMs).toBeLessThanOrEqual(500);
  await neighbour.request({ type: "echo", text: "what others do is not my fault" });
  for (const id of ids.filter((id) => id !== error.re)) await talk.reply(id);
  // The server's ping says that we have been silent for a second, enough for the next message.
  await talk.socket.next("ping");
  await talk.request({ type: "echo", text: "" });
});

test("MSG-28 MUST close with 4003 whoever goes on after rate_limited", {
  tag: ["@messages", "@close"],
}, async ({ launch, converse }) => {
  const server = await launch({ MAX_BURST: "5", MAX_MESSAGES_PER_SECOND: "1" });
  const [talk, neighbour] = [await converse({ server }), await converse({ server })];
  for (const number of from(1, 60)) talk.send({ type: "echo", text: `${number}` });
  expect(await talk.socket.closed()).toMatchObject({ how: "close frame", code: 4003 });
  const errors = talk.collected.filter((message) => message.type === "error");
  expect(errors.map(({ code }) => code)).toEqual(Array(20).fill("rate_limited"));
  const echoes = talk.collected.filter(({ type }) => type === "echo");
  expect(echoes.length, "a burst of five, and hello was one of them").toBeGreaterThanOrEqual(4);
  await neighbour.request({ type: "echo", text: "" });
});

test("MSG-29 MUST refuse one topic too many for a socket, and count only those that it has", {
  tag: "@messages",
}, async ({ launch, converse }) => {
  const server = await launch({ MAX_TOPICS: "2" });
  const [talk, neighbour] = [await converse({ server }), await converse({ server })];
  for (const topic of ["scores", "weather/berlin"]) await talk.request({ type: "subscribe", topic });
  const error = await talk.refusal({ type: "subscribe", id: "third", topic: "weather/quito" });
  expect(error).toMatchObject({ code: "limit", re: "third" });
  await talk.request({ type: "subscribe", topic: "scores" });
  await neighbour.request({ type: "subscribe", topic: "weather/quito" });
  await talk.request({ type: "unsubscribe", topic: "scores" });
  await talk.request({ type: "subscribe", topic: "weather/quito" });
});

test("MSG-30 MUST refuse an address one room too many while all its rooms are in use, however it asks", {
  tag: ["@messages", "@events", "@poll"],
}, async ({ launch, converse, raw }) => {
  // One address may have a quarter of them.
  const server = await launch({ MAX_ROOMS: "8" });
  const [talk, http] = [await converse({ server }), raw.at(server.port)];
  await talk.request({ type: "subscribe", topic: "room/a" });
  await talk.request({ type: "subscribe", topic: "presence/a" });
  await talk.request({ type: "subscribe", topic: "presence/b" });
  for (const topic of ["room/c", "presence/c"]) {
    expect(await talk.refusal({ type: "subscribe", topic })).toMatchObject({ code: "limit" });
  }
  const publish = { type: "publish", topic: "room/c", to: "all", text: "" } as const;
  expect(await talk.refusal(publish)).toMatchObject({ code: "limit" });
  for (const path of ["/events?topic=room/c", "/poll?topic=room/c"]) {
    expect(await http.request(path), path).toMatchObject({ status: 429 });
  }
  await talk.request({ type: "subscribe", topic: "room/b" });
});

test("MSG-38 MUST forget an empty room for a new one, so that nobody is kept out by those that were only named", {
  tag: ["@messages", "@poll"],
}, async ({ launch, converse, raw }) => {
  const server = await launch({ MAX_ROOMS: "12" });
  const [talk, http] = [await converse({ server }), raw.at(server.port)];
  const { epoch } = await talk.request({ type: "subscribe", topic: "room/mine" });
  for (let room = 0; room < 10; room++) {
    expect(await http.request(`/poll?topic=room/${room}`)).toMatchObject({ status: 200 });
  }
  await talk.request({ type: "subscribe", topic: "room/another" });
  const { epoch: same } = await talk.request({ type: "publish", topic: "room/mine", to: "all", text: "" });
  expect(same, "a room in use stays").toBe(epoch);
});

test("MSG-31 MUST refuse one job too many for a client, until one has ended", {
  tag: "@messages",
}, async ({ launch, converse }) => {
  const server = await launch({ MAX_JOBS: "2" });
  const [talk, neighbour] = [await converse({ server }), await converse({ server })];
  const start = { type: "start", job: "hash", mebibytes: 256 } as const;
  const { topic } = await talk.request(start);
  await talk.request(start);
  expect(await talk.refusal(start)).toMatchObject({ code: "limit" });
  await neighbour.request({ ...start, mebibytes: 1 });
  await talk.request({ type: "subscribe", topic });
  await talk.request({ type: "cancel", topic });
  await talk.next((message) => message.type === "event" && isOver(message), { awaited: "the job's end" });
  await talk.request(start);
});

test("MSG-39 MUST refuse one job too many for an address, whoever asks", { tag: "@messages" }, async ({
  launch,
  converse,
}) => {
  // One address may have a quarter of them.
  const server = await launch({ MAX_JOBS_TOTAL: "8" });
  const talks = [await converse({ server }), await converse({ server }), await converse({ server })];
  const start = { type: "start", job: "hash", mebibytes: 256 } as const;
  const [first, second, third] = talks as [Conversation, Conversation, Conversation];
  const { topic } = await first.request(start);
  await second.request(start);
  expect(await third.refusal(start)).toMatchObject({ code: "limit" });
  await first.request({ type: "subscribe", topic });
  await first.request({ type: "cancel", topic });
  await first.next((message) => message.type === "event" && isOver(message), { awaited: "the job's end" });
  await third.request(start);
});

/** Returns what makes a client come from this address: the header that a proxy would add. */
function at(address: string): { headers: Record<string, string> } {
  return { headers: { "X-Forwarded-For": address } };
}

test("MSG-45 MUST leave rooms to others when eight sockets of one address take all they can", {
  tag: ["@messages", "@events", "@poll"],
}, async ({ launch, converse, raw }) => {
  const server = await launch({ TRUST_PROXY: "1", MAX_ROOMS: "100", MAX_TOPICS: "25" });
  const squatters = await Promise.all(from(1, 8).map(() => converse({ server, ...at("203.0.113.6") })));
  for (const [index, squatter] of squatters.entries()) {
    for (const room of from(1, 25)) squatter.send({ type: "subscribe", topic: `room/${index}-${room}` });
    await squatter.settled();
  }
  const honest = await converse({ server, ...at("203.0.113.1") });
  await honest.request({ type: "subscribe", topic: "room/new" });
  const http = raw.at(server.port);
  const answer = await http.request("/poll?topic=room/lobby", at("203.0.113.2"));
  expect(answer).toMatchObject({ status: 200 });
  const count = (type: string) =>
    squatters.flatMap(({ collected }) => collected).filter((message) => message.type === type).length;
  expect([count("subscribed"), count("error")]).toEqual([25, 175]);
});

test("MSG-46 MUST close with 1013 a client whose room is needed by others", {
  tag: ["@messages", "@close"],
}, async ({ launch, converse }) => {
  const server = await launch({ TRUST_PROXY: "1", MAX_ROOMS: "8" });
  const squatters = await Promise.all(
    from(1, 4).map((host) => converse({ server, ...at(`203.0.113.${host}`) })),
  );
  for (const [index, squatter] of squatters.entries()) {
    for (const room of ["a", "b"])
      await squatter.request({ type: "subscribe", topic: `room/${index}-${room}` });
  }
  const honest = await converse({ server, ...at("203.0.113.9") });
  await honest.request({ type: "subscribe", topic: "room/new" });
  const closed = await Promise.race(squatters.map(({ socket }) => socket.closed()));
  expect(closed).toMatchObject({ code: Close.TryAgainLater });
  await honest.request({ type: "publish", topic: "room/new", to: "all", text: "here" });
  expect(await honest.events("room/new", 1)).toHaveLength(1);
});

test("MSG-47 MUST keep the history of an empty room while an address names a thousand others", {
  tag: ["@messages", "@poll"],
}, async ({ launch, converse, raw }) => {
  const server = await launch({ MAX_ROOMS: "100" });
  const author = await converse({ server });
  const { epoch } = await author.request({ type: "publish", topic: "room/kept", to: "all", text: "kept" });
  const http = raw.at(server.port);
  for (const batch of from(1, 50)) {
    await Promise.all(from(1, 20).map((room) => http.request(`/poll?topic=room/${batch}-${room}`)));
  }
  const since = { epoch, offset: 0 };
  const subscribed = await author.request({ type: "subscribe", topic: "room/kept", since });
  expect(subscribed).toMatchObject({ epoch, offset: 1, recovered: true });
});

test("MSG-48 MUST leave jobs to others when eight sockets of one address start all they can", {
  tag: "@messages",
}, async ({ launch, converse }) => {
  const server = await launch({ TRUST_PROXY: "1" });
  const start = { type: "start", job: "hash", mebibytes: 256 } as const;
  const squatters = await Promise.all(from(1, 8).map(() => converse({ server, ...at("203.0.113.6") })));
  for (const squatter of squatters) for (const _ of from(1, 4)) squatter.send(start);
  for (const squatter of squatters) await squatter.settled();
  const started = squatters.flatMap(({ collected }) => collected).filter(({ type }) => type === "ack");
  expect(started).toHaveLength(8);
  const honest = await converse({ server, ...at("203.0.113.1") });
  await honest.request(start);
});

test("MSG-49 MUST answer what came before a stop, even in one segment with it", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const client = await converse();
  const frame = (message: object) =>
    encodeFrame({
      opcode: Opcode.Text,
      payload: Buffer.from(JSON.stringify(message)),
      mask: new Uint8Array(4),
    });
  client.socket.sendBytes(
    Buffer.concat([
      frame({ type: "publish", id: "p", topic: room, to: "all", text: "last words" }),
      frame({ type: "echo", id: "e", text: "" }),
      frame({ type: "stop", id: "s" }),
      frame({ type: "echo", id: "late", text: "" }),
    ]),
  );
  expect(await client.socket.closed()).toMatchObject({ code: 1000 });
  const replies = client.collected.flatMap((message) => ("re" in message ? [message.re] : []));
  expect(replies.slice(-3).sort()).toEqual(["e", "p", "s"]);
});

function isOver({ data }: ServerMessage<"event">): boolean {
  return data.kind === "progress" && data.state !== "running";
}

test("MSG-32 MUST refuse a text over 4,096 UTF-16 units, and take one that is as long", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const talk = await converse();
  for (const letter of ["a", "€", "😀"]) {
    const text = letter.repeat(4096 / letter.length);
    expect((await talk.request({ type: "echo", text })).text).toBe(text);
    await talk.request({ type: "publish", topic: room, to: "all", text });
    const long = `${text}a`;
    expect(await talk.refusal({ type: "echo", text: long })).toMatchObject({ code: "invalid" });
    const error = await talk.refusal({ type: "publish", id: "long", topic: room, to: "all", text: long });
    expect(error).toMatchObject({ code: "invalid", re: "long" });
  }
  expect(await talk.request({ type: "subscribe", topic: room })).toMatchObject({ offset: 3 });
});

test("MSG-33 MUST refuse publications outside of rooms", { tag: "@messages" }, async ({ converse, room }) => {
  const talk = await converse();
  const { topic: job } = await talk.request({ type: "start", job: "hash", mebibytes: 1 });
  const presence = room.replace("room", "presence");
  await talk.request({ type: "subscribe", topic: presence });
  for (const topic of ["scores", "weather/berlin", "log", presence, job, "room", "rooms/a", "nothing"]) {
    const error = await talk.refusal({ type: "publish", id: topic, topic, to: "all", text: "" });
    expect(error, topic).toMatchObject({ code: "forbidden", re: topic });
  }
  for (const topic of ["", "room/", "room/A", "room/ä", "room/a b", "room/a/b", "room/../log", "/room/a"]) {
    const error = await refusalOf(
      talk,
      JSON.stringify({ type: "publish", id: "p", topic, to: "all", text: "" }),
    );
    expect(error, topic).toMatchObject({ code: "invalid", re: "p" });
  }
  const [longest, longer] = [32, 33].map((length) => `room/${"z".repeat(length)}`);
  await talk.request({ type: "publish", topic: longest ?? "", to: "all", text: "" });
  expect(await talk.refusal({ type: "publish", topic: longer ?? "", to: "all", text: "" })).toMatchObject({
    code: "invalid",
  });
});

test("MSG-34 MUST refuse chaos unless it was allowed", { tag: "@messages" }, async ({ launch, converse }) => {
  const forbidding = [await launch({ CHAOS: "0" }), await launch({ CHAOS: "" })];
  for (const server of forbidding) {
    const talk = await converse({ server });
    for (const order of ["close", "terminate", "throw", "flood"] as const) {
      const error = await talk.refusal({ type: "chaos", id: order, do: order });
      expect(error).toMatchObject({ code: "forbidden", re: order });
    }
    await talk.settled();
  }
});

// RFC 6455 §7.4: some codes are never on the wire, others belong to nobody yet.
test("MSG-35 MUST refuse to close with a code that may not be sent", {
  tag: "@messages",
}, async ({ converse }) => {
  const talk = await converse();
  for (const code of [1004, 1005, 1006, 1015, 1016, 2999, 999, 5000, 1000.5]) {
    const error = await talk.refusal({ type: "chaos", id: `${code}`, do: "close", code });
    expect(error).toMatchObject({ code: "invalid", re: `${code}` });
    await talk.settled();
  }
});

test("MSG-36 MUST pass the largest text unchanged, with characters of one to four bytes", {
  tag: ["@messages", "@send", "@broadcast"],
}, async ({ converse, room }) => {
  const [author, reader] = [await converse(), await converse()];
  await reader.request({ type: "subscribe", topic: room });
  // Also what JSON must escape, what JavaScript once took for the end of a line, and a BOM.
  const alphabet = [
    "a",
    "ß",
    "€",
    "😀",
    "\u0000",
    '"',
    "\\",
    "\n",
    "\r\n",
    "\u2028",
    "\ufeff",
    "\u200d",
    "\uffff",
  ];
  const mixed = alphabet.join("").repeat(300).slice(0, 4096).toWellFormed();
  for (const text of [mixed, "€".repeat(4096), "😀".repeat(2048), "\u0001".repeat(4096)]) {
    expect(text).toHaveLength(4096);
    expect((await author.request({ type: "echo", text })).text === text).toBe(true);
    await author.request({ type: "publish", topic: room, to: "all", text });
    const [event] = await reader.events(room, 1);
    expect(event?.data.kind === "chat" && event.data.text === text).toBe(true);
  }
});

test("MSG-37 MUST converse with the client of this repository, and end for good when it asks for it", {
  tag: ["@messages", "@close"],
}, async ({ app, connect, room }) => {
  const client = connect(app);
  const states: string[] = [];
  const stopped = new Promise<void>((resolve) => {
    client.on("state", ({ name }) => {
      states.push(name);
      if (name === "stopped") resolve();
    });
  });
  expect(await client.echo("grüß")).toMatchObject({ text: "grüß" });
  expect(client.welcome).toMatchObject({ server: app.manifest.id });
  expect(await client.publish(room, "a")).toMatchObject({ topic: room, offset: 1 });
  expect(await client.ping()).toMatchObject({ rttMs: expect.any(Number) });
  await expect(client.publish("scores", "a")).rejects.toMatchObject({ code: "forbidden" });
  await expect(client.echo("a".repeat(4097))).rejects.toMatchObject({ code: "invalid" });
  expect(await client.stop()).toMatchObject({ code: 1000, final: true });
  await stopped;
  expect(states, "one connection").toEqual(["open", "stopped"]);
});

test("MSG-40 MUST begin a topic anew for who subscribes again: the replay, then what is live", {
  tag: ["@messages", "@broadcast"],
}, async ({ converse, room }) => {
  const [author, reader] = [await converse(), await converse()];
  const { epoch } = await reader.request({ type: "subscribe", topic: room });
  const publish = (): string => author.send({ type: "publish", topic: room, to: "all", text: "" });
  const sent = from(1, 60).map((number) => {
    // In the midst of what is live.
    if (number % 20 === 10) reader.send({ type: "subscribe", topic: room, since: { epoch, offset: 0 } });
    return publish();
  });
  for (const id of sent) await author.reply(id);
  await reader.settled();
  let expected = 1;
  for (const message of reader.collected) {
    if (message.type === "subscribed") expected = 1;
    if (message.type !== "event") continue;
    expect(message).toMatchObject({ topic: room, epoch, offset: expected });
    expected += 1;
  }
  expect(expected, "to the last one").toBe(61);
  expect(reader.collected.filter(({ type }) => type === "subscribed")).toHaveLength(4);
});

test("MSG-41 MUST answer cancel with the place from which one hears what came of it", {
  tag: "@messages",
}, async ({ converse }) => {
  const talk = await converse();
  const { topic } = await talk.request({ type: "start", job: "hash", mebibytes: 256 });
  const { epoch, offset } = await talk.request({ type: "cancel", topic });
  const since = { epoch, offset };
  expect(await talk.request({ type: "subscribe", topic, since })).toMatchObject({ epoch, recovered: true });
  // Between a server and its engine, progress may be on its way that is older than the cancellation.
  const events = await ended(talk, topic);
  expect(events.map((event) => event.offset)).toEqual(from(offset + 1, offset + events.length));
  expect(events.at(-1)).toMatchObject({ epoch, data: { state: "cancelled" } });
});

test("MSG-42 MUST remember the last 256 requests of a client, and no more", { tag: "@messages" }, async ({
  launch,
  converse,
  room,
}) => {
  const talk = await converse({ server: await launch({ MAX_BURST: "1000" }) });
  const publish = (id: string) => talk.request({ type: "publish", id, topic: room, to: "all", text: "" });
  const first = await publish("1");
  for (const id of from(2, 256)) await publish(String(id));
  expect(await publish("1")).toEqual(first);
  await publish("257");
  expect(await publish("1")).toMatchObject({ offset: 258 });
});

test("MSG-43 MUST keep a client's newer connection when the hello of an older one arrives late", {
  tag: ["@messages", "@close"],
}, async ({ raw, converse, room }) => {
  const newer = await Conversation.open(raw);
  const { client } = newer;
  await newer.request({ type: "hello", client, connection: 2 });
  await newer.request({ type: "subscribe", topic: room });
  const older = await Conversation.open(raw, { client });
  older.send({ type: "hello", client, connection: 1 });
  older.send({ type: "publish", topic: room, to: "all", text: "too late" });
  expect(await older.socket.closed()).toMatchObject({ how: "close frame", code: 4509 });
  await newer.request({ type: "publish", topic: room, to: "all", text: "still here" });
  expect(await newer.events(room, 1)).toMatchObject([{ offset: 1, data: { text: "still here" } }]);
  const newest = await Conversation.open(raw, { client });
  await newest.request({ type: "hello", client, connection: 3 });
  expect(await newer.socket.closed()).toMatchObject({ how: "close frame", code: 4509 });
  await converse({ client });
  expect(await newest.socket.closed(), "a hello without a number counts as the newest").toMatchObject({
    code: 4509,
  });
});

/** Meets a server, and leaves it again. */
async function meet(raw: Raw, client?: string) {
  const talk = await Conversation.open(raw, client === undefined ? {} : { client });
  const { known, member } = await talk.hello();
  talk.socket.destroy();
  return { known, member, client: talk.client };
}

test("MSG-44 MUST tell a client in welcome whether it was remembered", {
  tag: ["@messages", "@embedded"],
}, async ({ launch, raw }) => {
  const server = await launch();
  const first = await meet(raw.at(server.port));
  expect(first.known).toBe(false);
  expect(await meet(raw.at(server.port), first.client)).toEqual({ ...first, known: true });
  await server.restart("SIGKILL");
  expect(await meet(raw.at(server.port), first.client)).toMatchObject({ known: false });
});

test("MSG-44 MUST tell a client in welcome that it was remembered, also after a restart", {
  tag: ["@messages", "@engine"],
}, async ({ launch, raw }) => {
  const server = await launch();
  const first = await meet(raw.at(server.port));
  expect(first.known).toBe(false);
  expect(await meet(raw.at(server.port), first.client)).toEqual({ ...first, known: true });
  await server.restart("SIGKILL");
  expect(await meet(raw.at(server.port), first.client)).toEqual({ ...first, known: true });
});
