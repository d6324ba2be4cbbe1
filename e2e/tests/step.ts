// What a rung of a ladder promises and no app does: its rooms are simpler, and it counts nothing.
import { Opcode } from "@rosetta/conformance";
import { from, type Raw, type RawSocket, type Server } from "@rosetta/testkit";
import { expect, type Launch, test } from "../fixtures.ts";

/** Much longer than a rung takes for what it can do, and short enough to wait for on a rung that cannot. */
const patience = { deadline: 4_000 };

const foreign = { Origin: "https://foreign.example" };

/** Joins a room. The answer to the ping shows that the server knows. */
async function member(raw: Raw, room = "lobby"): Promise<RawSocket> {
  const ws = await raw.connect(`/rooms?room=${room}`);
  await ws.ping();
  return ws;
}

function say(ws: RawSocket, text: string, to = "all"): void {
  ws.send(JSON.stringify({ to, text }));
}

async function heard(ws: RawSocket): Promise<string> {
  return JSON.parse(await ws.nextText(patience)).text;
}

/** Returns what a socket was told and nobody has taken. The ping brings everything that is under way. */
async function rest(ws: RawSocket): Promise<string[]> {
  await ws.ping();
  return textsOf(ws);
}

function textsOf({ messages }: RawSocket): string[] {
  return messages.flatMap((message) => (message.kind === "text" ? [JSON.parse(message.text).text] : []));
}

/** A server that asks every second who is still there. */
function quick(launch: Launch): Promise<Server> {
  return launch({ HEARTBEAT_MS: "1000", PONG_MS: "1000" });
}

function pingsTo({ frames }: RawSocket): number {
  return frames.filter(({ opcode }) => opcode === Opcode.Ping).length;
}

const floodCount = 400;

/** Says 16 MiB, more than any kernel takes for one socket, at the pace of the one who says it. */
async function flood(author: RawSocket): Promise<void> {
  for (const number of from(1, floodCount)) {
    say(author, `${number} `.padEnd(40_000, "."));
    await author.nextText();
  }
}

function numbersOf(texts: readonly string[]): number[] {
  return texts.filter((text) => text !== undefined).map((text) => Number.parseInt(text, 10));
}

/** A member who has stopped reading, another one, and much that waits for the first. */
async function stalledMember(own: Raw) {
  const [stalled, author] = [await member(own, "flood"), await member(own, "flood")];
  stalled.pause();
  await flood(author);
  return { stalled, author };
}

/** Shows at once, and not only after a flood, that a rung knows nothing of shutting down. */
async function demandHealth(own: Raw): Promise<void> {
  expect((await own.request("/healthz")).status, "/healthz").toBe(200);
}

/** A server that is going down and cannot end yet, because somebody has not read everything. */
async function heldOpen(launch: Launch, raw: Raw) {
  const server = await launch({ DRAIN_MS: "10000", MAX_QUEUE_BYTES: "67108864" });
  await demandHealth(raw.at(server.port));
  const { stalled, author } = await stalledMember(raw.at(server.port));
  const exited = server.stop();
  await author.nextText(patience);
  return { server, stalled, exited };
}

const inOrder = { code: 0, signal: null };

test("STEP-01 MUST tell everybody in a room, or everybody but the one who says it", {
  tag: ["@rooms", "@step"],
}, async ({ raw, room }) => {
  const [ann, ben, cyd] = [await member(raw, room), await member(raw, room), await member(raw, room)];
  say(ann, "to all");
  say(ann, "to others", "others");
  for (const ws of [ben, cyd]) {
    expect(await heard(ws)).toBe("to all");
    expect(await heard(ws)).toBe("to others");
  }
  expect(await rest(ann)).toEqual(["to all"]);
});

test("STEP-02 MUST keep rooms apart, and put who names none into the lobby", {
  tag: ["@rooms", "@step"],
}, async ({ launch, raw, room }) => {
  const own = raw.at((await launch()).port);
  const [inside, outside, lobby] = [
    await member(own, room),
    await member(own, `${room}-2`),
    await member(own),
  ];
  const unnamed = await own.connect("/rooms");
  await unnamed.ping();
  say(inside, "inside");
  say(unnamed, "in the lobby");
  expect(await heard(inside)).toBe("inside");
  expect(await heard(lobby)).toBe("in the lobby");
  for (const ws of [inside, outside, lobby]) expect(await rest(ws)).toEqual([]);
});

test("STEP-03 MUST go on when somebody has left a room, with or without a word", {
  tag: ["@rooms", "@step"],
}, async ({ raw, room }) => {
  const [ann, ben, cyd] = [await member(raw, room), await member(raw, room), await member(raw, room)];
  await ben.close(1000);
  cyd.destroy();
  for (const text of ["first", "second"]) {
    say(ann, text);
    expect(await heard(ann)).toBe(text);
  }
  const back = await member(raw, room);
  say(ann, "third");
  expect(await heard(back)).toBe("third");
});

test("STEP-04 MUST ask a silent peer once, and then give it up", { tag: ["@heartbeat", "@step"] }, async ({
  launch,
  raw,
}) => {
  const ws = await raw.at((await quick(launch)).port).connect("/echo");
  ws.autoPong = false;
  expect(await ws.closed(patience)).toMatchObject({ code: 1006 });
  expect(pingsTo(ws)).toBe(1);
});

test("STEP-05 MUST keep peers that answer pings, or speak, or send pings themselves", {
  tag: ["@heartbeat", "@step"],
}, async ({ launch, raw }) => {
  const own = raw.at((await quick(launch)).port);
  const [silent, talker, asker] = await Promise.all(from(1, 3).map(() => own.connect("/echo")));
  if (!silent || !talker || !asker) throw new Error("three sockets");
  talker.autoPong = false;
  asker.autoPong = false;
  for (const _ of from(1, 3)) {
    await Promise.all([silent, talker, asker].map((ws) => ws.next("ping", patience)));
    talker.send("still here");
    expect(await talker.nextText()).toBe("still here");
    await asker.ping();
  }
  await silent.ping();
});

// A timer that starts again with every write would never notice.
test("STEP-06 MUST give up a peer that is dead while it is written to", {
  tag: ["@heartbeat", "@step"],
}, async ({ launch, raw, room }) => {
  const own = raw.at((await quick(launch)).port);
  const [dead, author] = [await member(own, room), await member(own, room)];
  dead.autoPong = false;
  const closed = dead.closed(patience);
  let isOpen = true;
  const over = () => {
    isOpen = false;
  };
  closed.then(over, over);
  // The author's next ping comes a second later.
  while (isOpen) {
    say(author, "still talking");
    await Promise.race([author.next("ping", patience), closed]).catch(over);
  }
  expect(await closed).toMatchObject({ code: 1006 });
});

// SIGSTOP and SIGCONT: a suspended laptop, or a container that was frozen.
test("STEP-07 MUST not take its own standstill for the death of its peers", {
  tag: ["@heartbeat", "@step"],
}, async ({ launch, raw }) => {
  const [server, other] = [await quick(launch), await quick(launch)];
  const [peer, clock] = [
    await raw.at(server.port).connect("/echo"),
    await raw.at(other.port).connect("/echo"),
  ];
  peer.autoPong = false;
  const ping = await peer.next("ping", patience);
  server.freeze();
  peer.sendFrame({ opcode: Opcode.Pong, payload: ping.payload });
  peer.autoPong = true;
  // The other server pings every second, which tells the time.
  for (const _ of from(1, 3)) await clock.next("ping", patience);
  server.thaw();
  await peer.next("ping", patience);
  await peer.ping();
});

test("STEP-08 MUST close with 1011 where a handler throws, and live on", {
  tag: ["@guard", "@step"],
}, async ({ launch, raw, room }) => {
  const own = raw.at((await launch()).port);
  const [culprit, other, echo] = [
    await member(own, room),
    await member(own, room),
    await own.connect("/echo"),
  ];
  culprit.send("not JSON");
  expect(await culprit.closed(patience)).toMatchObject({ code: 1011, how: "close frame" });
  say(other, "still here");
  expect(await heard(other)).toBe("still here");
  echo.send("still here");
  expect(await echo.nextText()).toBe("still here");
  await member(own, room);
});

test("STEP-09 MUST answer 503 over its number of connections, and take the next when one has left", {
  tag: ["@admission", "@step"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ MAX_CONNECTIONS: "2" })).port);
  const [first] = [await own.connect("/echo"), await member(own)];
  for (const path of ["/echo", "/rooms"]) {
    const refused = await own.refused(path);
    expect(refused.status, path).toBe(503);
    expect(refused.headers.get("retry-after"), path).toMatch(/^[1-9]\d*$/);
  }
  await first.close(1000);
  await first.ended();
  const isWelcome = () =>
    own.connect("/echo").then(
      () => true,
      () => false,
    );
  await expect.poll(isWelcome, { timeout: patience.deadline }).toBe(true);
  expect((await own.refused("/echo")).status).toBe(503);
});

test("STEP-10 MUST welcome the Origins that are listed, and only those", {
  tag: ["@admission", "@step"],
}, async ({ launch, raw }) => {
  const origin = "https://rosetta.example";
  const own = raw.at((await launch({ ALLOWED_ORIGINS: `${origin},http://127.0.0.1:4000` })).port);
  const Host = "rosetta.example";
  for (const path of ["/echo", "/rooms"]) {
    await own.connect(path, { headers: { Host, Origin: origin } });
    const usual = { Host, Origin: `http://127.0.0.1:${own.port}` };
    expect((await own.refused(path, { headers: usual })).status, path).toBe(403);
    expect((await own.refused(path, { headers: { Host, ...foreign } })).status, path).toBe(403);
  }
});

test("STEP-11 MUST guard a room's door like any other", { tag: ["@admission", "@step"] }, async ({ raw }) => {
  const statuses = [
    await raw.refused("/rooms?room=x", { headers: foreign }),
    await raw.refused("/rooms?room=x", { headers: { Host: "rebound.example" } }),
    await raw.refused("/rooms?room=x", { subprotocols: ["chat"] }),
    await raw.refused("/rooms/x"),
    await raw.request("/rooms?room=x"),
  ].map(({ status }) => status);
  expect(statuses).toEqual([403, 421, 400, 404, 426]);
});

// RFC 6455 §7.4.1: 1009.
test("STEP-12 MUST close with 1009 on a message over its limit", { tag: ["@admission", "@step"] }, async ({
  launch,
  raw,
}) => {
  const own = raw.at((await launch({ MAX_MESSAGE_BYTES: "1024" })).port);
  for (const [path, fragments] of [
    ["/echo", 1],
    ["/echo", 3],
    ["/rooms", 1],
  ] as const) {
    const ws = await own.connect(path);
    ws.send("a".repeat(1025), { fragments });
    expect(await ws.closed(patience), path).toMatchObject({ code: 1009, how: "close frame" });
  }
});

test("STEP-13 MUST close a member who does not read, after a prefix without a gap", {
  tag: ["@backpressure", "@step"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch()).port);
  const { stalled } = await stalledMember(own);
  stalled.resume();
  await stalled.closed(patience);
  const numbers = numbersOf(textsOf(stalled));
  expect(numbers.length).toBeGreaterThan(0);
  expect(numbers.length).toBeLessThan(floodCount);
  expect(numbers).toEqual(from(1, numbers.length));
});

test("STEP-14 SHOULD say to a member who does not read why it is closed: 4002", {
  tag: ["@backpressure", "@step"],
}, async ({ launch, raw }) => {
  const { stalled } = await stalledMember(raw.at((await launch()).port));
  stalled.resume();
  const closed = await stalled.closed(patience);
  expect(`closed with ${closed.code}`).toBe("closed with 4002");
});

// The one who talks to /echo fills only its own queue. So it is made to wait, and nothing is lost.
test("STEP-15 MUST not read from a client of /echo that does not read, and then give it all", {
  tag: ["@backpressure", "@step"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch()).port);
  const [ws, clock] = [await own.connect("/echo"), await own.connect("/echo")];
  ws.pause();
  const count = 512;
  for (const number of from(1, count)) {
    const message = Buffer.alloc(64 * 1024);
    message.writeUInt32BE(number);
    ws.send(message);
  }
  // Far more round trips than the server needs to take 32 MiB, if it does.
  for (let trip = 0; trip < 500 && ws.waiting > 0; trip++) await clock.ping();
  expect(ws.waiting, "bytes that the server has not taken").toBeGreaterThan(8 * 1024 * 1024);
  ws.resume();
  for (const number of from(1, count)) {
    const { data } = await ws.nextMessage(undefined, patience);
    expect(Buffer.from(data).readUInt32BE()).toBe(number);
  }
});

test("STEP-16 MUST say goodbye to a room, close with 1012, and exit with 0", {
  tag: ["@shutdown", "@step"],
}, async ({ launch, raw }) => {
  const server = await launch();
  const ws = await member(raw.at(server.port));
  const exited = server.stop();
  expect(JSON.parse(await ws.nextText(patience))).toEqual({ bye: "restarting" });
  expect(await ws.closed(patience)).toMatchObject({ code: 1012, how: "close frame" });
  expect(await exited).toEqual(inOrder);
});

for (const [id, signal] of [
  ["STEP-17", "SIGINT"],
  ["STEP-18", "SIGHUP"],
] as const) {
  test(`${id} MUST stop in order on ${signal}, too`, { tag: ["@shutdown", "@step"] }, async ({
    launch,
    raw,
  }) => {
    const server = await launch();
    const ws = await raw.at(server.port).connect("/echo");
    await ws.ping();
    const exited = server.stop(signal);
    expect(await ws.closed(patience)).toMatchObject({ code: 1012, how: "close frame" });
    expect(await exited).toEqual(inOrder);
  });
}

test("STEP-19 MUST say that it is well, and that it is going down, and let nobody else in", {
  tag: ["@shutdown", "@step"],
}, async ({ launch, raw }) => {
  const { server, stalled, exited } = await heldOpen(launch, raw);
  const own = raw.at(server.port);
  expect((await own.request("/healthz")).status).toBe(503);
  const refusal = await own.refused("/echo");
  expect(refusal.status).toBe(503);
  expect(Number(refusal.headers.get("retry-after"))).toBeGreaterThan(0);
  stalled.destroy();
  expect(await exited).toEqual(inOrder);
});

test("STEP-20 MUST wait for a slow reader within the deadline, and give it all", {
  tag: ["@shutdown", "@step"],
}, async ({ launch, raw }) => {
  const { stalled, exited } = await heldOpen(launch, raw);
  stalled.resume();
  expect(await stalled.closed(patience)).toMatchObject({ code: 1012 });
  expect(numbersOf(textsOf(stalled))).toEqual(from(1, floodCount));
  expect(await exited).toEqual(inOrder);
});

// RFC 6455 §7.1.1: the server may give up on a peer that does not answer.
test("STEP-21 MUST not wait for those who never answer, never read, or never end their request", {
  tag: ["@shutdown", "@step"],
}, async ({ launch, raw }) => {
  const server = await launch({ DRAIN_MS: "1000", MAX_QUEUE_BYTES: "67108864" });
  const own = raw.at(server.port);
  await demandHealth(own);
  const stubborn = await own.connect("/echo");
  stubborn.autoClose = false;
  await stubborn.ping();
  const unfinished = await own.tcp();
  unfinished.write(`GET /greet HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nX-Half: a`);
  await stalledMember(own);
  const exited = server.stop();
  expect(await stubborn.closed(patience)).toMatchObject({ code: 1012 });
  expect(await exited).toEqual(inOrder);
});

test("STEP-22 MUST end at once on a second signal, and say by its exit code that it was cut short", {
  tag: ["@shutdown", "@step"],
}, async ({ launch, raw }) => {
  const { server, exited } = await heldOpen(launch, raw);
  expect(await server.stop("SIGTERM")).toEqual({ code: 1, signal: null });
  await exited;
});

// JSON is more than objects. What is no text would be passed on to everybody.
test("STEP-23 MUST pass on nothing but texts", { tag: ["@guard", "@step"] }, async ({
  launch,
  raw,
  room,
}) => {
  const own = raw.at((await launch()).port);
  const other = await member(own, room);
  const deep = "[".repeat(20_000) + "]".repeat(20_000);
  const values = ["5", "null", "{}", `{"a":"b"}`, deep].map((text) => `{"text":${text}}`);
  for (const message of ["null", "[]", `"text"`, "5", "{}", `{"__proto__":{"text":"a"}}`, deep, ...values]) {
    const culprit = await member(own, room);
    culprit.send(message);
    const closed = await culprit.closed(patience);
    expect(closed, message.slice(0, 40)).toMatchObject({ code: 1011, how: "close frame" });
  }
  say(other, "still here");
  expect(await heard(other)).toBe("still here");
  expect(await rest(other)).toEqual([]);
});

// A message costs as many sends as a room has members, and a segment brings thousands of messages.
test("STEP-24 MUST close with 4003 who floods a room, after a prefix without a gap", {
  tag: ["@backpressure", "@step"],
}, async ({ launch, raw, room }) => {
  const own = raw.at((await launch({ MAX_MESSAGES_PER_SECOND: "100" })).port);
  const [author, other] = [await member(own, room), await member(own, room)];
  const count = 2_000;
  for (const number of from(1, count)) say(author, String(number), "others");
  expect(await author.closed(patience)).toMatchObject({ code: 4003, how: "close frame" });
  say(other, "still here", "others");
  const numbers = numbersOf(await rest(other));
  expect(numbers.length).toBeGreaterThanOrEqual(100);
  expect(numbers.length).toBeLessThan(count);
  expect(numbers).toEqual(from(1, numbers.length));
});

// A connection that a refusal leaves open counts nowhere, and nobody ends it.
test("STEP-25 MUST hang up after a refusal, and take no other protocol for a WebSocket", {
  tag: ["@admission", "@step"],
}, async ({ raw }) => {
  const other = { Connection: "Upgrade", Upgrade: "other/1" };
  expect((await raw.request("/greet", { headers: other })).status).toBe(200);
  expect((await raw.request("/echo", { headers: other })).status).toBe(426);
  const connection = await raw.tcp();
  connection.write(
    `GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1:${raw.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  expect(await connection.ended(patience)).toBe("end");
});
