import {
  Conversation,
  different,
  from,
  metric,
  offsetsOf,
  type Raw,
  type Server,
  seconds,
  textsOf,
} from "@rosetta/testkit";
import { expect, test } from "../fixtures.ts";

/** Starts a long poll that has nothing to answer yet. */
async function waitingPoll(raw: Raw, topic: string) {
  const { epoch, offset } = JSON.parse((await raw.request(`/poll?topic=${topic}`)).body);
  return raw.request(`/poll?topic=${topic}&since=${epoch}:${offset}`);
}

/** Starts a server that is stopping and cannot end yet, because one client leaves its close frame unanswered. */
async function heldOpen(launch: (env: Record<string, string>) => Promise<Server>, raw: Raw) {
  const server = await launch({ DRAIN_MS: "10000", MAX_QUEUE_BYTES: "67108864" });
  const stalled = await Conversation.open(raw.at(server.port));
  await stalled.hello();
  await stalled.request({ type: "subscribe", topic: "room/flood" });
  stalled.socket.pause();
  const other = await Conversation.open(raw.at(server.port));
  await other.hello();
  await other.request({ type: "subscribe", topic: "room/flood" });
  await other.request({ type: "chaos", do: "flood", mebibytes: 16 });
  await other.events("room/flood", 4096, { deadline: 20_000 });
  const exited = server.stop();
  await other.nextOf("bye");
  return { server, stalled, exited };
}

/** Publishes with fifty under way at any time, until the connection ends; how many it published. */
async function publishOnAndOn(author: Conversation, topic: string): Promise<number> {
  let published = 0;
  const one = () => {
    author.send({ type: "publish", topic, to: "all", text: "~".repeat(1000) });
    published++;
  };
  for (const _ of from(1, 50)) one();
  while (await author.nextOf("ack").catch(() => undefined)) one();
  return published;
}

// RFC 6455 §7.4.1 has 1001 for a server that goes away; 1012, registered since, says that it comes back.
test("STOP-01 MUST tell every client of a restart, say when to come back, and close with 1012", {
  tag: ["@shutdown", "@close"],
}, async ({ launch, converse }) => {
  const server = await launch();
  const clients = [await converse({ server }), await converse({ server }), await converse({ server })];
  const exited = server.stop();
  for (const client of clients) {
    const bye = await client.nextOf("bye");
    expect(bye.code).toBe(1012);
    expect(bye.retryAfterMs).toBeGreaterThan(0);
    expect(bye.final).toBeUndefined();
    expect(await client.socket.closed()).toMatchObject({ code: 1012, how: "close frame" });
  }
  expect(await exited).toEqual({ code: 0, signal: null });
});

test("STOP-02 MUST close /echo with 1012, too", { tag: ["@shutdown", "@close", "@step"] }, async ({
  launch,
  raw,
}) => {
  const server = await launch();
  const ws = await raw.at(server.port).connect("/echo");
  await ws.ping();
  const exited = server.stop();
  expect(await ws.closed()).toMatchObject({ code: 1012, how: "close frame" });
  expect(await exited).toEqual({ code: 0, signal: null });
});

// RFC 6455 §7.1.1: the server may give up on a peer that does not answer.
test("STOP-03 MUST not wait for a client that never answers its close frame", {
  tag: ["@shutdown", "@close"],
}, async ({ launch, converse }) => {
  const server = await launch();
  const stubborn = await converse({ server });
  stubborn.socket.autoClose = false;
  const exited = server.stop();
  expect(await stubborn.socket.closed()).toMatchObject({ code: 1012 });
  await stubborn.socket.ended();
  expect(await exited).toEqual({ code: 0, signal: null });
});

test("STOP-04 MUST end event streams and answer polls", { tag: ["@shutdown", "@events", "@poll"] }, async ({
  launch,
  raw,
}) => {
  const server = await launch();
  const own = raw.at(server.port);
  const stream = await own.events("/events?topic=room/quiet");
  await stream.next();
  const poll = waitingPoll(own, "room/quiet");
  // The poll is counted among the connections once it waits.
  await expect
    .poll(async () => (await own.request("/metrics")).body)
    .toContain('rosetta_connections{endpoint="/poll"} 1');
  const exited = server.stop();
  expect((await poll).status).toBe(204);
  expect(await stream.ended()).toBe("end");
  expect(stream.complete).toBe(true);
  expect(await exited).toEqual({ code: 0, signal: null });
});

test("STOP-05 MUST deliver everything that it acknowledged", { tag: ["@shutdown", "@broadcast"] }, async ({
  launch,
  converse,
  room,
}) => {
  const server = await launch({ MAX_MESSAGES_PER_SECOND: "100000", MAX_BURST: "100000" });
  const readers = [await converse({ server }), await converse({ server })];
  for (const reader of readers) await reader.request({ type: "subscribe", topic: room });
  const authors = [await converse({ server }), await converse({ server }), await converse({ server })];
  const publishing = authors.map((author) => publishOnAndOn(author, room));
  // In the middle of it: some are acknowledged, and some are still under way when it ends.
  await readers[0]?.events(room, 1);
  const exited = server.stop();
  for (const each of [...authors, ...readers]) await each.socket.closed();
  const acknowledged = authors.flatMap(({ collected }) =>
    collected.flatMap((message) => (message.type === "ack" ? [message.offset] : [])),
  );
  expect(acknowledged.length).toBeGreaterThan(0);
  const published = await Promise.all(publishing);
  expect(published.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(acknowledged.length);
  for (const reader of readers) {
    const events = reader.collected.filter((message) => message.type === "event");
    expect(offsetsOf(events)).toEqual(from(1, events.length));
    expect(textsOf(events).every((text) => text.length === 1000)).toBe(true);
    expect(Math.max(...acknowledged)).toBeLessThanOrEqual(events.length);
  }
  expect(await exited).toEqual({ code: 0, signal: null });
});

test("STOP-06 MUST say that it is going down, and let nobody else in", {
  tag: ["@health", "@door", "@shutdown"],
}, async ({ launch, raw }) => {
  const { server, stalled, exited } = await heldOpen(launch, raw);
  const own = raw.at(server.port);
  const health = await own.request("/healthz");
  expect(health.status).toBe(503);
  expect(JSON.parse(health.body)).toEqual({ status: "draining", server: server.manifest.id });
  const refusal = await own.refused("/echo");
  expect(refusal.status).toBe(503);
  expect(Number(refusal.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await own.request("/events?topic=scores")).status).toBe(503);
  stalled.socket.destroy();
  expect(await exited).toEqual({ code: 0, signal: null });
});

test("STOP-07 MUST wait for a slow reader within the deadline, and give it all", {
  tag: ["@shutdown", "@waiting"],
}, async ({ launch, converse, raw }) => {
  const { stalled, exited } = await heldOpen(launch, raw);
  // Longer than it waits for close frames.
  const pass = await seconds(await converse());
  await pass(3);
  stalled.socket.resume();
  expect(await stalled.socket.closed({ deadline: 10_000 })).toMatchObject({ code: 1012 });
  const events = stalled.collected.filter((message) => message.type === "event");
  expect(offsetsOf(events)).toEqual(from(1, 4096));
  expect(await exited).toEqual({ code: 0, signal: null });
});

for (const [id, signal] of [
  ["STOP-08", "SIGINT"],
  ["STOP-09", "SIGHUP"],
] as const) {
  test(`${id} MUST stop in order on ${signal}, too`, { tag: "@shutdown" }, async ({ launch, converse }) => {
    const server = await launch();
    const client = await converse({ server });
    const exited = server.stop(signal);
    expect(await client.nextOf("bye")).toMatchObject({ code: 1012 });
    expect(await client.socket.closed()).toMatchObject({ code: 1012 });
    expect(await exited).toEqual({ code: 0, signal: null });
  });
}

test("STOP-10 MUST end at once on a second signal, and say by its exit code that it was cut short", {
  tag: "@shutdown",
}, async ({ launch, raw }) => {
  const { server, exited } = await heldOpen(launch, raw);
  expect(await server.stop("SIGTERM")).toEqual({ code: 1, signal: null });
  await exited;
});

test("STOP-11 MUST leave no listener behind", { tag: ["@shutdown", "@listen"] }, async ({ launch, raw }) => {
  const server = await launch();
  expect((await raw.at(server.port).request("/greet")).status).toBe(200);
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  await expect(raw.at(server.port).request("/greet")).rejects.toThrow(/ECONNREFUSED/);
});

// A stack's own stop would wait for such a request as long as its client likes.
test("STOP-12 MUST not wait for a request that never ends, nor for a connection that is kept alive", {
  tag: "@shutdown",
}, async ({ launch, raw }) => {
  const server = await launch();
  const own = raw.at(server.port);
  const host = `Host: 127.0.0.1:${server.port}`;
  const [unfinished, idle] = [await own.tcp(), await own.tcp()];
  unfinished.write(`GET /greet HTTP/1.1\r\n${host}\r\nX-Half: a`);
  const greeted = Promise.withResolvers<void>();
  idle.listen((bytes) => {
    if (bytes.includes("Hello")) greeted.resolve();
  });
  idle.write(`GET /greet HTTP/1.1\r\n${host}\r\n\r\n`);
  await greeted.promise;
  expect(await server.stop()).toEqual({ code: 0, signal: null });
});

test("STOP-13 MUST end in order whoever is there: who talks, who is silent, who never answers, who never reads", {
  tag: ["@shutdown", "@close", "@events"],
}, async ({ launch, converse, raw, room }) => {
  const server = await launch({ DRAIN_MS: "1000", MAX_QUEUE_BYTES: "67108864" });
  const own = raw.at(server.port);
  const [talker, silent] = [await converse({ server }), await converse({ server })];
  const [stubborn, deaf] = [await converse({ server }), await converse({ server })];
  stubborn.socket.autoClose = false;
  await deaf.request({ type: "subscribe", topic: "room/flood" });
  deaf.socket.pause();
  // More than the kernels on both sides take.
  await talker.request({ type: "chaos", do: "flood", mebibytes: 16 });
  await expect.poll(() => metric(own, "queue_bytes")).toBeGreaterThan(1024 * 1024);
  await silent.request({ type: "subscribe", topic: room });
  const echo = await own.connect("/echo");
  const stream = await own.events(`/events?topic=${room}`);
  await stream.next();
  for (const text of different(50)) talker.send({ type: "publish", topic: room, to: "all", text });
  await talker.next((message) => message.type === "ack" && message.topic === room);
  const exited = server.stop();
  for (const { socket } of [talker, silent, stubborn]) {
    expect(await socket.closed()).toMatchObject({ code: 1012, how: "close frame" });
  }
  expect(await echo.closed()).toMatchObject({ code: 1012, how: "close frame" });
  expect(await stream.ended()).toBe("end");
  const acknowledged = talker.collected.filter((message) => message.type === "ack" && message.topic === room);
  const received = silent.collected.filter((message) => message.type === "event");
  expect(offsetsOf(received)).toEqual(from(1, received.length));
  expect(received.length).toBeGreaterThanOrEqual(acknowledged.length);
  expect(await exited).toEqual({ code: 0, signal: null });
});

test("STOP-14 MUST finish an answer that is under way, even if it is read slowly", {
  tag: ["@shutdown", "@events"],
}, async ({ launch, converse, raw }) => {
  const server = await launch({ LINGER_MS: "10000", MAX_QUEUE_BYTES: "67108864" });
  const own = raw.at(server.port);
  const stream = await own.events("/events?topic=room/flood");
  await stream.next();
  stream.pause();
  const author = await converse({ server });
  await author.request({ type: "subscribe", topic: "room/flood" });
  // More than the kernels on both sides buffer.
  await author.request({ type: "chaos", do: "flood", mebibytes: 16 });
  await author.events("room/flood", 4096, { deadline: 20_000 });
  const exited = server.stop();
  await author.socket.closed();
  const isListening = () =>
    own.request("/greet").then(
      () => true,
      () => false,
    );
  await expect.poll(isListening).toBe(false);
  stream.resume();
  expect(await stream.ended({ deadline: 10_000 })).toBe("end");
  expect(stream.complete).toBe(true);
  expect(await exited).toEqual({ code: 0, signal: null });
});
