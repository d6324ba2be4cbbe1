import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, defaultHost } from "@rosetta/client";
import { folderOf } from "@rosetta/manifest";
import type { Cursor } from "@rosetta/protocol";
import { different, type Event, from, memberOf, metric, offsetsOf, publish, textsOf } from "@rosetta/testkit";
import { WebSocket } from "ws";
import { follow, test } from "../clients.ts";
import { expect } from "../fixtures.ts";
import { expectNothingMissed, resume } from "../resuming.ts";

/** What a subscriber without a cursor is given of a long topic, and what the server keeps of it. */
const [newest, kept] = [32, 256];
/** A text whose event takes a little more than 4 KiB. */
const long = "x".repeat(4096);

/** Waits until the client is waiting for retry number `attempt` or a later one. */
async function waitsFor(client: Client, attempt: number): Promise<void> {
  const waited = () => (client.state.name === "waiting" ? client.state.attempt : 0);
  await expect.poll(waited, { timeout: 15_000 }).toBeGreaterThanOrEqual(attempt);
}

test("RESUME-01 MUST bring all that was missed after a cut, and nothing twice", {
  tag: ["@send", "@broadcast"],
}, async ({ converse, room }) => {
  const [author, cut] = [await converse(), await converse()];
  const { epoch } = await cut.request({ type: "subscribe", topic: room });
  await publish(author, room, different(3));
  const before = await cut.events(room, 3);
  cut.socket.destroy();
  await publish(author, room, different(5, "missed"));
  const back = await converse({ client: cut.client });
  await expectNothingMissed(back, { author, topic: room, epoch, before });
});

test("RESUME-02 MUST bring everything once, wherever the stream is cut", {
  tag: ["@send", "@broadcast"],
}, async ({ converse, room }) => {
  const author = await converse();
  const seen: Event[] = [];
  let reader = await converse();
  let since: Cursor = { epoch: (await reader.request({ type: "subscribe", topic: room })).epoch, offset: 0 };
  for (const round of from(1, 5)) {
    // Under way while the cut comes, and while the reader comes back.
    const publishing = publish(author, room, different(20, `round ${round}:`));
    const part = await reader.events(room, 7 * round - 2);
    seen.push(...part);
    since = { ...since, offset: seen.at(-1)?.offset ?? 0 };
    reader.socket.destroy();
    const [next] = await Promise.all([converse({ client: reader.client }), publishing]);
    reader = next;
    expect(await resume(reader, room, since)).toMatchObject({ recovered: true });
  }
  seen.push(...(await reader.rest(room)));
  expect(offsetsOf(seen)).toEqual(from(1, 100));
});

test("RESUME-03 MUST bring nothing to who has missed nothing", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const [author, reader] = [await converse(), await converse()];
  const [, last] = await publish(author, room, different(2));
  const { epoch = "", offset = 0 } = last ?? {};
  const subscribed = await resume(reader, room, { epoch, offset });
  expect(subscribed).toMatchObject({ epoch, offset: 2, recovered: true });
  expect(await reader.rest(room)).toEqual([]);
});

test("RESUME-04 MUST tell by a new epoch that the server was restarted and what was missed is lost", {
  tag: ["@messages", "@embedded"],
}, async ({ launch, converse, room }) => {
  const server = await launch();
  const reader = await converse({ server });
  const { epoch } = await reader.request({ type: "subscribe", topic: room });
  await publish(await converse({ server }), room, different(3));
  await reader.events(room, 3);
  await server.restart();
  const back = await converse({ server, client: reader.client });
  const subscribed = await resume(back, room, { epoch, offset: 3 });
  expect(subscribed).toMatchObject({ offset: 0, recovered: false });
  expect(subscribed.epoch).not.toBe(epoch);
  await publish(await converse({ server }), room, different(5, "new"));
  const events = await back.events(room, 5);
  expect(offsetsOf(events)).toEqual(from(1, 5));
  expect(new Set(events.map((event) => event.epoch))).toEqual(new Set([subscribed.epoch]));
});

test("RESUME-04 MUST bring what was missed before the server was restarted, and what comes after it", {
  tag: ["@messages", "@engine"],
}, async ({ launch, converse, room }) => {
  const server = await launch();
  const reader = await converse({ server });
  const { epoch } = await reader.request({ type: "subscribe", topic: room });
  const author = await converse({ server });
  await publish(author, room, different(3));
  await reader.events(room, 3);
  reader.socket.destroy();
  await publish(author, room, different(2, "missed"));
  await server.restart();
  const back = await converse({ server, client: reader.client });
  expect(await resume(back, room, { epoch, offset: 3 })).toMatchObject({ epoch, offset: 5, recovered: true });
  await publish(await converse({ server }), room, ["new"]);
  const events = await back.events(room, 3);
  expect(textsOf(events)).toEqual([...different(2, "missed"), "new"]);
  expect(offsetsOf(events)).toEqual(from(4, 6));
});

test("RESUME-05 MUST NOT take an old epoch for the new one, though its offset exists again", {
  tag: ["@messages", "@embedded"],
}, async ({ launch, converse, room }) => {
  const server = await launch();
  const [before] = await publish(await converse({ server }), room, different(3));
  await server.restart("SIGKILL");
  const author = await converse({ server });
  await publish(author, room, different(5, "new"));
  const subscribed = await resume(author, room, { epoch: before?.epoch ?? "", offset: 3 });
  expect(subscribed).toMatchObject({ offset: 5, recovered: false });
  expect(textsOf(await author.events(room, 5))).toEqual(different(5, "new"));
});

test("RESUME-05 MUST go on counting in the same epoch after the server was killed", {
  tag: ["@messages", "@engine"],
}, async ({ launch, converse, room }) => {
  const server = await launch();
  const before = await publish(await converse({ server }), room, different(3));
  await server.restart("SIGKILL");
  const author = await converse({ server });
  const after = await publish(author, room, different(5, "new"));
  expect(offsetsOf([...before, ...after])).toEqual(from(1, 8));
  expect(new Set([...before, ...after].map(({ epoch }) => epoch)).size).toBe(1);
  const since = { epoch: before[0]?.epoch ?? "", offset: 3 };
  expect(await resume(author, room, since)).toMatchObject({ offset: 8, recovered: true });
  expect(textsOf(await author.events(room, 5))).toEqual(different(5, "new"));
});

test("RESUME-06 MUST replay all that it keeps, 256 events, and nothing in part", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const [one, two, late, later] = [await converse(), await converse(), await converse(), await converse()];
  const [first] = await publish(one, room, different(150));
  await publish(two, room, different(kept + 1 - 150, "more"));
  const epoch = first?.epoch ?? "";
  expect(await resume(late, room, { epoch, offset: 1 })).toMatchObject({ offset: 257, recovered: true });
  expect(offsetsOf(await late.events(room, kept))).toEqual(from(2, 257));
  expect(await resume(later, room, { epoch, offset: 0 })).toMatchObject({ offset: 257, recovered: false });
  expect(offsetsOf(await later.rest(room)), "the newest part").toEqual(from(257 - newest + 1, 257));
});

test("RESUME-07 MUST forget by bytes as well, and say so", { tag: "@messages" }, async ({
  converse,
  room,
}) => {
  const [author, near, far] = [await converse(), await converse(), await converse()];
  // 60 times 4 KiB, where 128 KiB are kept.
  const [first] = await publish(author, room, Array(60).fill(long));
  const epoch = first?.epoch ?? "";
  expect(await resume(near, room, { epoch, offset: 40 })).toMatchObject({ recovered: true });
  expect(offsetsOf(await near.rest(room))).toEqual(from(41, 60));
  expect(await resume(far, room, { epoch, offset: 20 })).toMatchObject({ offset: 60, recovered: false });
  const offsets = offsetsOf(await far.rest(room));
  expect(offsets.length, "the newest part").toBeGreaterThan(20);
  expect(offsets).toEqual(from(60 - offsets.length + 1, 60));
});

test("RESUME-08 MUST trust no cursor from the future, nor one of another epoch", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const [author, other] = [await converse(), await converse()];
  const [first] = await publish(author, room, different(3));
  const [foreign] = await publish(author, `${room}-b`, different(3));
  const epoch = first?.epoch ?? "";
  expect(foreign?.epoch, "each topic has its own life").not.toBe(epoch);
  const untrusted = [
    { epoch, offset: 4 },
    { epoch, offset: Number.MAX_SAFE_INTEGER },
    { epoch: foreign?.epoch ?? "", offset: 2 },
    { epoch: "0", offset: 2 },
    { epoch: "ä".repeat(32), offset: 0 },
  ];
  for (const since of untrusted) {
    const subscribed = await resume(other, room, since);
    expect(subscribed, JSON.stringify(since)).toMatchObject({ epoch, offset: 3, recovered: false });
    expect(offsetsOf(await other.events(room, 3)), "never silence").toEqual([1, 2, 3]);
    await other.request({ type: "unsubscribe", topic: room });
  }
});

test("RESUME-09 MUST NOT fill the queue by a replay: what is too much for half of it is told as lost", {
  tag: ["@messages", "@send"],
}, async ({ launch, converse, room }) => {
  const server = await launch({ MAX_QUEUE_BYTES: "32768" });
  const [author, little, much] = [
    await converse({ server }),
    await converse({ server }),
    await converse({ server }),
  ];
  // 30 times 1 KiB and a little more, where 16 KiB may wait.
  const [first] = await publish(author, room, Array(30).fill("x".repeat(1024)));
  const epoch = first?.epoch ?? "";
  expect(await resume(little, room, { epoch, offset: 20 })).toMatchObject({ recovered: true });
  expect(offsetsOf(await little.rest(room))).toEqual(from(21, 30));
  expect(await resume(much, room, { epoch, offset: 5 })).toMatchObject({ offset: 30, recovered: false });
  const offsets = offsetsOf(await much.rest(room));
  expect(offsets.length, "as much as may wait").toBeGreaterThan(10);
  expect(offsets.length).toBeLessThan(16);
  expect(offsets).toEqual(from(30 - offsets.length + 1, 30));
  await publish(author, room, ["live"]);
  expect(textsOf(await much.events(room, 1)), "the connection lives").toEqual(["live"]);
});

test("RESUME-10 MUST publish once what is sent twice with one id, and give the same ack", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const [author, reader] = [await converse(), await converse()];
  await reader.request({ type: "subscribe", topic: room });
  const message = { type: "publish", id: "once", topic: room, to: "all", text: "once" } as const;
  const ack = await author.request(message);
  expect(await author.request(message)).toEqual(ack);
  // Two in a row, of which the second comes before the first is in its place.
  const racing = { ...message, id: "race", text: "race" };
  author.send(racing);
  author.send(racing);
  await author.reply("race");
  await author.settled();
  const acks = author.collected.filter((each) => each.type === "ack" && each.re === "race");
  expect(acks.length).toBeGreaterThanOrEqual(1);
  for (const each of acks) expect(each).toEqual({ ...ack, re: "race", offset: 2 });
  await publish(author, room, ["end"]);
  expect(textsOf(await reader.events(room, 3))).toEqual(["once", "race", "end"]);
  expect(await reader.rest(room)).toEqual([]);
});

test("RESUME-11 MUST publish once what a client sends again on a new connection", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const reader = await converse();
  await reader.request({ type: "subscribe", topic: room });
  let author = await converse();
  for (const number of from(1, 8)) {
    const message = { type: "publish", id: `${number}`, topic: room, to: "all", text: `${number}` } as const;
    author.send(message);
    // In even rounds it was certainly published; in odd ones the cut may be faster.
    if (number % 2 === 0) expect(textsOf(await reader.events(room, 1))).toEqual([`${number}`]);
    author.socket.destroy();
    author = await converse({ client: author.client });
    expect(await author.request(message)).toMatchObject({ offset: number });
    if (number % 2 === 1) expect(textsOf(await reader.events(room, 1))).toEqual([`${number}`]);
  }
  expect(await reader.rest(room)).toEqual([]);
});

test("RESUME-12 MUST refuse an id that had another body, and publish nothing", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const author = await converse();
  await author.request({ type: "subscribe", topic: room });
  const message = { type: "publish", id: "mine", topic: room, to: "all", text: "a" } as const;
  await author.request(message);
  const others = [
    { ...message, text: "b" },
    { ...message, to: "others" as const },
    { ...message, topic: `${room}-b` },
    { type: "start", id: "mine", job: "hash", mebibytes: 1 } as const,
  ];
  for (const other of others) {
    const error = await author.refusal(other);
    expect(error, JSON.stringify(other)).toMatchObject({ code: "conflict", re: "mine" });
  }
  const back = await converse({ client: author.client });
  expect(await back.refusal({ ...message, text: "b" })).toMatchObject({ code: "conflict" });
  expect(await back.request(message)).toMatchObject({ offset: 1 });
  expect(await back.request({ type: "subscribe", topic: `${room}-b` })).toMatchObject({ offset: 0 });
});

test("RESUME-13 MUST keep the ids of clients apart", { tag: "@messages" }, async ({ converse, room }) => {
  const [one, two] = [await converse(), await converse()];
  await one.request({ type: "subscribe", topic: room });
  const message = { type: "publish", id: "1", topic: room, to: "all" } as const;
  expect(await one.request({ ...message, text: "one" })).toMatchObject({ offset: 1 });
  expect(await two.request({ ...message, text: "two" })).toMatchObject({ offset: 2 });
  expect(await two.request({ ...message, id: "2", text: "two" })).toMatchObject({ offset: 3 });
  const events = await one.events(room, 3);
  expect(events.map((event) => event.from)).toEqual([one, two, two].map(memberOf));
});

test("RESUME-14 MUST leave out of a replay what its reader said to others, and keep its offset", {
  tag: ["@messages", "@send"],
}, async ({ converse, room }) => {
  const [author, reader] = [await converse(), await converse()];
  const [first] = await publish(author, room, ["a"]);
  await publish(author, room, ["b"], "others");
  await publish(reader, room, ["c"], "others");
  await publish(author, room, ["d"]);
  await publish(author, room, ["e"], "others");
  const since = { epoch: first?.epoch ?? "", offset: 0 };
  author.socket.destroy();
  const back = await converse({ client: author.client });
  expect(await resume(back, room, since)).toMatchObject({ offset: 5, recovered: true });
  expect(await resume(reader, room, since)).toMatchObject({ offset: 5, recovered: true });
  const [own, other] = [await back.rest(room), await reader.rest(room)];
  expect(own.map(({ offset, data }) => [offset, data.kind === "chat" && data.text])).toEqual([
    [1, "a"],
    [3, "c"],
    [4, "d"],
  ]);
  expect(textsOf(other)).toEqual(["a", "b", "d", "e"]);
  await back.request({ type: "unsubscribe", topic: room });
  await back.request({ type: "subscribe", topic: room });
  expect(offsetsOf(await back.rest(room)), "nor without a cursor").toEqual([1, 3, 4]);
});

test("RESUME-15 MUST bring at most the newest of a topic in which only that matters", {
  tag: ["@messages", "@send"],
}, async ({ converse }) => {
  const [watcher, back] = [await converse(), await converse()];
  const topic = "weather/lagos";
  const { epoch } = await watcher.request({ type: "subscribe", topic });
  const seen = await watcher.events(topic, 3);
  const offset = (seen[0]?.offset ?? 0) - 1;
  const subscribed = await resume(back, topic, { epoch, offset });
  const [event] = await back.events(topic, 1);
  expect(subscribed).toMatchObject({ mode: "latest", epoch });
  expect(event?.offset).toBe(subscribed.offset);
  expect(subscribed.offset).toBeGreaterThanOrEqual(offset + 3);
});

test("RESUME-16 MUST bring everything once to a client whose connection is lost again and again", {
  tag: ["@messages", "@close"],
}, async ({ app, converse, connect, room }) => {
  const author = await converse();
  const reader = follow(connect(app), room);
  await publish(author, room, ["begin"]);
  await reader.hears("begin");
  for (const round of from(1, 3)) {
    const publishing = publish(author, room, different(10, `round ${round}:`));
    await expect(reader.client.request({ type: "chaos", do: "terminate" })).rejects.toThrow();
    await publishing;
    await publish(author, room, different(10, `after ${round}:`));
    await reader.isTold((state) => state.recovered === true, `that it goes on after cut ${round}`);
  }
  await publish(author, room, ["end"]);
  await reader.hears("end");
  const said = from(1, 3).flatMap((round) => [
    ...different(10, `round ${round}:`),
    ...different(10, `after ${round}:`),
  ]);
  expect(textsOf(reader.heard)).toEqual(["begin", ...said, "end"]);
  expect(reader.states.filter(({ recovered }) => recovered === false)).toEqual([]);
});

test("RESUME-17 MUST let a client find a server again that was killed, tell it of the loss, and bring nothing twice", {
  tag: ["@messages", "@broadcast", "@embedded"],
}, async ({ launch, converse, connect, room }) => {
  const server = await launch();
  const reader = follow(connect(server), room);
  await publish(await converse({ server }), room, different(3));
  await reader.hears("text 3");
  await server.kill();
  // No server is up. The text waits for a connection, and is published once.
  const publishing = reader.client.publish(room, "said while nobody was there");
  await server.restart();
  await reader.isTold((state) => state.recovered === false, "that something may be lost");
  expect(await publishing).toMatchObject({ topic: room });
  await publish(await converse({ server }), room, ["end"]);
  await reader.hears("end");
  expect(textsOf(reader.heard)).toEqual([...different(3), "said while nobody was there", "end"]);
  expect(new Set(reader.heard.map(({ epoch }) => epoch)).size).toBe(2);
  expect(reader.client.welcome).toMatchObject({ server: server.manifest.id });
});

test("RESUME-17 MUST let a client find a server again that was killed, and bring it everything once", {
  tag: ["@messages", "@broadcast", "@engine"],
}, async ({ launch, converse, connect, room }) => {
  const server = await launch();
  const reader = follow(connect(server), room);
  await publish(await converse({ server }), room, different(3));
  await reader.hears("text 3");
  await server.kill();
  // No server is up. The text waits for a connection, and is published once.
  const publishing = reader.client.publish(room, "said while nobody was there");
  await server.restart();
  expect(await publishing).toMatchObject({ topic: room, offset: 4 });
  await publish(await converse({ server }), room, ["end"]);
  await reader.hears("end");
  expect(textsOf(reader.heard)).toEqual([...different(3), "said while nobody was there", "end"]);
  expect(reader.states.at(-1)).toMatchObject({ recovered: true });
  expect(new Set(reader.heard.map(({ epoch }) => epoch)).size).toBe(1);
  expect(reader.client.welcome).toMatchObject({ server: server.manifest.id, known: true });
});

// nodejs/undici#4741: if Node's WebSocket was never connected, it fires `close` from within close().
test("RESUME-18 MUST let a client return to a server that accepted its connection but did not answer in time", {
  tag: ["@upgrade", "@messages"],
}, async ({ launch, connect }) => {
  const server = await launch();
  server.freeze();
  const client = connect(server, { connectTimeoutMs: 100 });
  await waitsFor(client, 1);
  const echo = client.echo("are you there?");
  server.thaw();
  expect(await echo).toMatchObject({ text: "are you there?" });
});

test("RESUME-19 MUST let a client that uses the package ws come back", {
  tag: ["@upgrade", "@messages"],
}, async ({ launch, connect, room }) => {
  const server = await launch();
  const reader = follow(connect(server, { host: { ...defaultHost, WebSocket } }), room);
  await reader.client.publish(room, "before");
  await reader.hears("before");
  await server.kill();
  // Nothing listens on that port, so ws emits `error`, which ends the process if there is no listener.
  await waitsFor(reader.client, 2);
  await server.restart();
  await reader.isTold(({ recovered }) => recovered !== undefined, "whether something is lost");
  await reader.client.publish(room, "after");
  await reader.hears("after");
  expect(textsOf(reader.heard)).toEqual(["before", "after"]);
});

test("RESUME-20 MUST not receive a publication again from a client that it has forgotten", {
  tag: ["@messages", "@embedded"],
}, async ({ launch, converse, connect, room }) => {
  const server = await launch();
  const client = connect(server);
  await client.publish(room, "before");
  server.freeze();
  const publishing = client.publish(room, "heard or not, nobody knows");
  const refused = expect(publishing).rejects.toMatchObject({ code: "disconnected" });
  await server.kill();
  await server.restart();
  await refused;
  expect(client.welcome).toMatchObject({ known: false });
  expect(await (await converse({ server })).request({ type: "subscribe", topic: room })).toMatchObject({
    offset: 0,
  });
});

test("RESUME-20 MUST receive a publication again, and once, from a client that it remembers after it was killed", {
  tag: ["@messages", "@engine"],
}, async ({ launch, converse, connect, room }) => {
  const server = await launch();
  const client = connect(server);
  await client.publish(room, "before");
  server.freeze();
  const publishing = client.publish(room, "heard or not, nobody knows");
  await server.kill();
  await server.restart();
  expect(await publishing).toMatchObject({ offset: 2 });
  expect(client.welcome).toMatchObject({ known: true });
  const reader = await converse({ server });
  expect(await reader.request({ type: "subscribe", topic: room })).toMatchObject({ offset: 2 });
  expect(textsOf(await reader.rest(room))).toEqual(["before", "heard or not, nobody knows"]);
});

test("RESUME-21 MUST confirm every subscription of a client that wants more at once than the server accepts", {
  tag: ["@messages", "@close"],
}, async ({ launch, raw, connect, room }) => {
  const server = await launch({ MAX_BURST: "30", MAX_MESSAGES_PER_SECOND: "40", CHAOS: "1" });
  const client = connect(server);
  const followers = from(1, 80).map((number) => follow(client, `${room}-${number}`));
  const confirmed = () =>
    Promise.all(followers.map((each) => each.isTold(({ mode }) => !!mode, "confirmed")));
  await confirmed();
  await expect(client.request({ type: "chaos", do: "terminate" })).rejects.toThrow();
  await confirmed();
  expect(followers.flatMap(({ states }) => states).filter(({ error }) => error)).toEqual([]);
  expect(await metric(raw.at(server.port), "rate_limited_total")).toBe(0);
});

test("RESUME-22 MUST let a client keep its connection when it is asked to send too much for this server", {
  tag: ["@messages", "@limits"],
}, async ({ launch, connect, room }) => {
  const server = await launch({ MAX_MESSAGE_BYTES: "2048", MAX_TOPICS: "1" });
  const client = connect(server);
  client.on("problem", () => {});
  // Once before the server has said what it accepts, and once after.
  for (const _ of from(1, 2)) {
    await expect(client.publish(room, "x".repeat(3000))).rejects.toMatchObject({ code: "invalid" });
  }
  expect(await client.publish(room, "x".repeat(1000))).toMatchObject({ offset: 1 });
  const first = client.subscribe(room, () => {});
  const second = follow(client, `${room}-b`);
  await second.isTold(({ error }) => error?.code === "limit", "that there is no place for it");
  first.unsubscribe();
  await second.isTold(({ mode }) => mode === "stream", "that it has the place of the other");
  expect(client.state.name).toBe("open");
});

test("RESUME-23 MUST carry a client's messages compressed if both sides agreed on it", {
  tag: ["@messages", "@send"],
}, async ({ launch, connect, room }) => {
  const client = connect(await launch({ COMPRESSION: "1", CHAOS: "1" }));
  const reader = follow(client, room);
  const text = "grüß dich ".repeat(400);
  expect(await client.echo(text)).toMatchObject({ text });
  expect(client.state).toMatchObject({ extensions: expect.stringContaining("permessage-deflate") });
  await expect(client.request({ type: "chaos", do: "terminate" })).rejects.toThrow();
  await client.publish(room, text);
  await reader.hears(text);
});

// Bun waits 30 s for the answer to its close frame, unless the client calls `terminate()`.
test("RESUME-24 MUST serve a client in Bun, whose program ends even if the server does not answer its close", {
  tag: ["@messages", "@close"],
}, async ({ launch, room }) => {
  const server = await launch({ CHAOS: "1" });
  const bun = join(folderOf("bun-hono"), "node_modules/.bin/bun");
  const script = fileURLToPath(new URL("../in-bun.ts", import.meta.url));
  const program = spawn(bun, [script, server.wsUrl("/ws"), room], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(program.stdout, "data", { signal: AbortSignal.timeout(30_000) });
  expect(JSON.parse(String(line))).toEqual({ bun: true, heard: ["before the cut", "after it"] });
  server.freeze();
  program.stdin.end();
  expect(await once(program, "exit", { signal: AbortSignal.timeout(25_000) })).toEqual([0, null]);
  server.thaw();
});
