// Several servers that are one application. Their promises are in packages/protocol/PROTOCOL.md, under "Delivery" and
// "Several servers". The table in packages/cluster/README.md says what happens when something fails.
import { connect as connectTcp } from "node:net";
import { type Cursor, subprotocol } from "@rosetta/protocol";
import {
  Conversation,
  different,
  type Event,
  from,
  memberOf,
  metric,
  offsetsOf,
  publish,
  type Server,
  textsOf,
} from "@rosetta/testkit";
import { follow as followTopic } from "../clients.ts";
import { keeping, test } from "../cluster.ts";
import { type Converse, expect } from "../fixtures.ts";
import { poll, stream, take } from "../http-readers.ts";
import { ended, follow, hash, progressOf } from "../jobs.ts";
import { present, presentNames } from "../presence.ts";
import { expectNothingMissed } from "../resuming.ts";

/** Milliseconds after which a killed server has been given up, and its clients are on other servers. */
const lease = { deadline: 15_000 };

/** Opens a conversation and subscribes to a topic. */
async function subscriber(converse: Converse, server: Server, topic: string, since?: Cursor) {
  const talk = await converse({ server });
  const subscribed = await talk.request({ type: "subscribe", topic, ...(since && { since }) });
  return { talk, ...subscribed };
}

/**
 * Takes the event in a place. In a new epoch the newest event may come once more before it, to show the epoch.
 */
function placed(reader: Conversation, topic: string, offset: number) {
  return reader.next(
    (message) => message.type === "event" && message.topic === topic && message.offset === offset,
    { awaited: `event ${offset} of ${topic}` },
  );
}

/** Starts so many jobs, which take turns, that none of them ends soon. Returns the last. */
async function longJob(owner: Conversation) {
  for (const _ of from(1, 9)) await owner.request(hash(256));
  return owner.request(hash(256));
}

/** Waits until a job that is over cannot be cancelled any more: its outcome is published a moment earlier. */
async function isForgotten(owner: Conversation, topic: string): Promise<void> {
  const cancel = async () => (await owner.reply(owner.send({ type: "cancel", topic }))).type;
  await expect.poll(cancel).toBe("error");
}

const manyJobs = { MAX_JOBS: "20", MAX_JOBS_TOTAL: "80" };

test("CLUSTER-01 MUST bring a message from one server to readers on another, over every transport", {
  tag: ["@broadcast", "@events", "@poll"],
}, async ({ cluster: [here, there, third], converse, raw, room }) => {
  const author = await converse({ server: here });
  const { talk: reader } = await subscriber(converse, there, room);
  const { events } = await stream(raw.at(third.port), room);
  const { cursor } = await poll(raw.at(third.port), room);
  await publish(author, room, different(3));
  const heard = await reader.events(room, 3);
  expect(textsOf(heard)).toEqual(different(3));
  expect(heard.map((event) => event.from)).toEqual(Array(3).fill(memberOf(author)));
  expect(await take(events, 3)).toEqual(heard);
  expect((await poll(raw.at(third.port), room, cursor)).events).toEqual(heard);
});

test("CLUSTER-02 MUST bring everything in one order to all, even when several servers publish at once", {
  tag: ["@broadcast", "@events"],
}, async ({ cluster, converse, raw, room }) => {
  const authors = await Promise.all(cluster.slice(0, 3).map((server) => converse({ server })));
  const readers = await Promise.all(cluster.map((server) => converse({ server })));
  for (const talk of [...authors, ...readers]) await talk.request({ type: "subscribe", topic: room });
  const streams = await Promise.all(cluster.map(({ port }) => stream(raw.at(port), room)));
  const said = authors.map((_, index) => different(30, `author ${index}:`));
  await Promise.all(authors.map((author, index) => publish(author, room, said[index] ?? [])));
  const [first = [], ...others] = await Promise.all(
    [...readers, ...authors].map((talk) => talk.events(room, 90)),
  );
  expect(offsetsOf(first)).toEqual(from(1, 90));
  for (const events of others) expect(events).toEqual(first);
  for (const { events } of streams) expect(await take(events, 90)).toEqual(first);
  for (const [index, texts] of said.entries()) {
    const own = textsOf(first).filter((text) => text.startsWith(`author ${index}:`));
    expect(own, "each author's own in the order of publication").toEqual(texts);
  }
});

test("CLUSTER-03 MUST publish once what a client sends again to another server, and give the same ack", {
  tag: "@messages",
}, async ({ cluster: [here, there, third], converse, room }) => {
  const { talk: reader } = await subscriber(converse, third, room);
  const author = await converse({ server: here });
  const message = { type: "publish", id: "once", topic: room, to: "all", text: "once" } as const;
  const ack = await author.request(message);
  const back = await converse({ server: there, client: author.client });
  expect(await back.request(message)).toEqual(ack);
  expect(textsOf(await reader.events(room, 1))).toEqual(["once"]);
  expect(await reader.rest(room)).toEqual([]);
});

test("CLUSTER-04 MUST publish once what a client says to two servers at the same time", {
  tag: "@messages",
}, async ({ cluster: [here, there, third], converse, raw, room }) => {
  const { talk: reader } = await subscriber(converse, third, room);
  let author = await converse({ server: here });
  for (const number of from(1, 8)) {
    const message = { type: "publish", id: `${number}`, topic: room, to: "all", text: `${number}` } as const;
    const elsewhere = number % 2 ? there : here;
    const back = await Conversation.open(raw.at(elsewhere.port), { client: author.client });
    author.send(message);
    back.send({ type: "hello", client: author.client });
    back.send(message);
    expect(await back.reply(message.id)).toMatchObject({ type: "ack", offset: number });
    author = back;
  }
  expect(textsOf(await reader.events(room, 8))).toEqual(from(1, 8).map(String));
  expect(await reader.rest(room)).toEqual([]);
});

test("CLUSTER-05 MUST refuse an id that had another body on another server, and publish nothing", {
  tag: "@messages",
}, async ({ cluster: [here, there], converse, room }) => {
  const author = await converse({ server: here });
  const message = { type: "publish", id: "mine", topic: room, to: "all", text: "a" } as const;
  const ack = await author.request(message);
  const back = await converse({ server: there, client: author.client });
  const others = [
    { ...message, text: "b" },
    { ...message, to: "others" as const },
    { ...message, topic: `${room}-b` },
    { ...hash(1), id: "mine" },
  ];
  for (const other of others) {
    const error = await back.refusal(other);
    expect(error, JSON.stringify(other)).toMatchObject({ code: "conflict", re: "mine" });
  }
  expect(await back.request(message)).toEqual(ack);
  expect(await back.request({ type: "subscribe", topic: room })).toMatchObject({ offset: 1 });
});

test("CLUSTER-06 MUST close the connection of a client that comes to another server with 4509, and know it again", {
  tag: ["@close", "@messages"],
}, async ({ cluster: [here, there, third], converse, raw, room }) => {
  const old = await converse({ server: here });
  const young = await Conversation.open(raw.at(there.port), { client: old.client });
  const welcome = await young.request({ type: "hello", client: old.client, connection: 3 });
  expect(welcome).toMatchObject({ known: true, member: memberOf(old) });
  expect(await old.socket.closed()).toMatchObject({ how: "close frame", code: 4509 });
  // The number of the connection tells which one is older, not the order in which servers learned of them.
  const late = await Conversation.open(raw.at(third.port), { client: old.client });
  late.send({ type: "hello", client: old.client, connection: 2 });
  expect(await late.socket.closed()).toMatchObject({ how: "close frame", code: 4509 });
  const { talk: reader } = await subscriber(converse, third, room);
  await young.request({ type: "subscribe", topic: room });
  await publish(young, room, ["mine"], "others");
  await publish(reader, room, ["theirs"], "others");
  expect(textsOf(await young.events(room, 1)), "it is the author here, too").toEqual(["theirs"]);
  expect(textsOf(await reader.events(room, 1))).toEqual(["mine"]);
});

test("CLUSTER-07 MUST let a job be followed on any server, and cancelled there by its owner, and by nobody else", {
  tag: "@messages",
}, async ({ gather, converse }) => {
  const [here, there, third] = await gather(manyJobs);
  const owner = await converse({ server: here });
  const started = await longJob(owner);
  const { topic } = started;
  const following = follow(await converse({ server: third }), started);
  const stranger = await converse({ server: there });
  expect(await stranger.refusal({ type: "cancel", topic })).toMatchObject({ code: "forbidden" });
  const back = await converse({ server: there, client: owner.client });
  expect(await back.request({ type: "cancel", topic })).toMatchObject({ type: "ack", topic });
  const events = await following;
  expect(offsetsOf(events)).toEqual(from(1, events.length));
  expect(events.map(progressOf).at(-1)).toMatchObject({ state: "cancelled", total: 256 });
  await isForgotten(back, topic);
});

test("CLUSTER-08 MUST start one job for one id, also if it comes again to another server", {
  tag: "@messages",
}, async ({ gather, converse }) => {
  const [here, there] = await gather({ MAX_JOBS: "1" });
  const owner = await converse({ server: here });
  const start = { ...hash(16), id: "once" };
  const ack = await owner.request(start);
  const back = await converse({ server: there, client: owner.client });
  expect(await back.request(start)).toEqual(ack);
  expect(await back.refusal({ ...start, mebibytes: 1 })).toMatchObject({ code: "conflict" });
  expect((await follow(back, ack)).map(progressOf).at(-1)).toMatchObject({ state: "done" });
});

test("CLUSTER-09 MUST end the jobs of a server that was killed, and say that they failed", {
  tag: "@messages",
}, async ({ gather, converse }) => {
  const [here, there] = await gather(manyJobs);
  const owner = await converse({ server: here });
  const { topic, epoch } = await longJob(owner);
  const { talk: follower } = await subscriber(converse, there, topic, { epoch, offset: 0 });
  await follower.events(topic, 1);
  await here.kill();
  const events = await ended(follower, topic);
  expect(events.map(progressOf).at(-1)).toMatchObject({ state: "failed" });
  const back = await converse({ server: there, client: owner.client });
  await isForgotten(back, topic);
});

test("CLUSTER-10 MUST tell on every server who is in a room, and who is left when a server was killed", {
  tag: ["@send", "@closed"],
}, async ({ gather, converse, room }) => {
  const [here, there, third] = await gather();
  const presence = room.replace("room", "presence");
  const watchers = await Promise.all([there, third].map((server) => converse({ server })));
  for (const watcher of watchers) await watcher.request({ type: "subscribe", topic: presence });
  const { talk: one } = await subscriber(converse, here, room);
  const { talk: two } = await subscriber(converse, there, room);
  const { talk: three } = await subscriber(converse, third, room);
  for (const watcher of watchers) await present(watcher, presence, [one, two, three]);
  await two.request({ type: "unsubscribe", topic: room });
  for (const watcher of watchers) await present(watcher, presence, [one, three]);
  await here.kill();
  for (const watcher of watchers) await present(watcher, presence, [three], lease);
  await here.restart();
  const { talk: four } = await subscriber(converse, here, room);
  for (const watcher of watchers) await present(watcher, presence, [three, four]);
});

test("CLUSTER-11 MUST count a member once whose server was killed, and who came back on another", {
  tag: ["@send", "@closed"],
}, async ({ gather, converse, room }) => {
  const [here, there, third] = await gather();
  const presence = room.replace("room", "presence");
  const watcher = await converse({ server: third });
  await watcher.request({ type: "subscribe", topic: presence });
  const { talk: one } = await subscriber(converse, here, room);
  const { talk: two } = await subscriber(converse, there, room);
  await present(watcher, presence, [one, two]);
  await here.kill();
  const back = await converse({ server: there, client: one.client });
  await back.request({ type: "subscribe", topic: room });
  expect(memberOf(back)).toBe(memberOf(one));
  const { talk: three } = await subscriber(converse, third, room);
  await present(watcher, presence, [back, two, three], lease);
});

test("CLUSTER-12 MUST bring all that was missed on another server after the first was killed, and nothing twice", {
  tag: ["@messages", "@send"],
}, async ({ gather, converse, room }) => {
  const [here, there, third] = await gather();
  const { talk: reader, epoch } = await subscriber(converse, here, room);
  await publish(await converse({ server: here }), room, different(3));
  const before = await reader.events(room, 3);
  await here.kill();
  const author = await converse({ server: there });
  await publish(author, room, different(5, "missed"));
  const back = await converse({ server: third, client: reader.client });
  await expectNothingMissed(back, { author, topic: room, epoch, before });
});

test("CLUSTER-13 MUST keep all that a server has acknowledged before it stopped in order, for clients that move to another server", {
  tag: ["@shutdown", "@messages"],
}, async ({ gather, converse, room }) => {
  const [here, there] = await gather();
  const { talk: reader, epoch } = await subscriber(converse, here, room);
  const author = await converse({ server: here });
  const sent = different(40).map((text) => author.send({ type: "publish", topic: room, to: "all", text }));
  const stopped = here.stop();
  expect(await reader.nextOf("bye")).toMatchObject({ code: 1012 });
  expect(await reader.socket.closed({ deadline: 10_000 })).toMatchObject({ code: 1012 });
  expect(await stopped).toMatchObject({ code: 0 });
  const acked = author.collected.flatMap((message) => (message.type === "ack" ? [message.offset] : []));
  const heard = reader.collected.filter((message): message is Event => message.type === "event");
  const since = { epoch, offset: heard.at(-1)?.offset ?? 0 };
  const back = await converse({ server: there, client: reader.client });
  const subscribed = await back.request({ type: "subscribe", topic: room, since });
  expect(subscribed).toMatchObject({ epoch, recovered: true });
  const all = [...heard, ...(await back.rest(room))];
  expect(offsetsOf(all)).toEqual(from(1, subscribed.offset));
  expect(subscribed.offset).toBeLessThanOrEqual(sent.length);
  expect(offsetsOf(all)).toEqual(expect.arrayContaining(acked));
});

test("CLUSTER-14 MUST let an event stream and a poll go on at another server, from the place where they were", {
  tag: ["@events", "@poll"],
}, async ({ gather, converse, raw, room }) => {
  const [here, there, third] = await gather();
  const author = await converse({ server: third });
  const { events } = await stream(raw.at(here.port), room);
  const { cursor } = await poll(raw.at(here.port), room);
  await publish(author, room, different(2));
  const seen = await take(events, 2);
  await here.kill();
  await publish(author, room, different(2, "missed"));
  const last = `${seen[1]?.epoch}:2`;
  const back = await stream(raw.at(there.port), room, { "Last-Event-ID": last });
  expect(back.cursor).toMatchObject({ recovered: true, offset: 4 });
  const rest = await take(back.events, 2);
  expect(textsOf([...seen, ...rest])).toEqual([...different(2), ...different(2, "missed")]);
  const page = await poll(raw.at(there.port), room, cursor);
  expect(page).toMatchObject({ recovered: true, offset: 4 });
  expect(page.events).toEqual([...seen, ...rest]);
});

test("CLUSTER-15 MUST tell of one weather and one match, whichever server is asked", {
  tag: ["@send", "@broadcast"],
}, async ({ cluster, converse }) => {
  const readers = await Promise.all(cluster.map((server) => converse({ server })));
  for (const topic of ["scores", "weather/quito"]) {
    for (const reader of readers) await reader.request({ type: "subscribe", topic });
    const heard = await Promise.all(readers.map((reader) => reader.events(topic, 3)));
    const places = new Map(heard.flat().map((event) => [`${event.epoch}:${event.offset}`, event]));
    for (const event of heard.flat()) expect(event).toEqual(places.get(`${event.epoch}:${event.offset}`));
    expect(new Set(heard.flat().map(({ epoch }) => epoch)).size).toBe(1);
    expect(new Set(heard.flat().map(({ at }) => Math.floor(at / 1_000))).size, "one each second").toBe(
      places.size,
    );
  }
});

// The secret proves which client it is. Somebody who can read the engine must not be able to take the client's place.
test("CLUSTER-16 MUST NOT give the engine the secret of a client", {
  tag: "@messages",
}, async ({ launchEngine, gather, converse, room }) => {
  const redis = await launchEngine();
  const sent: string[] = [];
  const monitor = connectTcp(redis.port, "127.0.0.1", () => monitor.write("MONITOR\r\n"));
  monitor.on("data", (bytes) => sent.push(String(bytes)));
  const [here, there] = await gather({ REDIS_URL: redis.url });
  const { talk: author } = await subscriber(converse, here, room);
  await publish(author, room, ["heard by the engine"]);
  await author.request(hash(1));
  await converse({ server: there, client: author.client });
  await expect.poll(() => sent.join("")).toContain("heard by the engine");
  // Redis has told the monitor everything that came before this.
  await redis.ask("ECHO all-was-seen");
  await expect.poll(() => sent.join("")).toContain("all-was-seen");
  monitor.destroy();
  expect(sent.join("")).not.toContain(author.client);
});

test("CLUSTER-17 MUST lose nothing, and do nothing twice, while connections to the engine are cut", {
  tag: ["@messages", "@broadcast"],
}, async ({ launchEngine, link, gather, converse, room }) => {
  const redis = await launchEngine();
  const network = await link(redis.port);
  const [here, there, third] = await gather({ REDIS_URL: `redis://127.0.0.1:${network.port}` });
  const authors = await Promise.all([here, there].map((server) => converse({ server })));
  const { talk: reader } = await subscriber(converse, third, room);
  const said: string[][] = [];
  for (const round of from(1, 4)) {
    const texts = authors.map((_, index) => different(10, `round ${round}, author ${index}:`));
    const publishing = authors.map((author, index) => publish(author, room, texts[index] ?? []));
    network.cut();
    await Promise.all(publishing);
    said.push(...texts);
  }
  const heard = await reader.events(room, 80);
  expect(offsetsOf(heard)).toEqual(from(1, 80));
  expect(textsOf(heard).toSorted()).toEqual(said.flat().toSorted());
  expect(await reader.rest(room)).toEqual([]);
});

test("CLUSTER-18 MUST keep what was acknowledged if the engine is killed and has kept its file, and tell by a new epoch", {
  tag: ["@messages", "@broadcast"],
}, async ({ launchEngine, gather, converse, room }) => {
  const redis = await launchEngine(keeping);
  const [here, there, third] = await gather({ REDIS_URL: redis.url });
  const author = await converse({ server: here });
  const { talk: reader, epoch } = await subscriber(converse, there, room);
  await publish(author, room, different(3));
  await reader.events(room, 3);
  await redis.kill();
  // It waits for the engine.
  const publishing = publish(author, room, ["said while the engine was away"]);
  await redis.again();
  const [ack] = await publishing;
  expect(ack).toMatchObject({ offset: 4 });
  expect(ack?.epoch).not.toBe(epoch);
  expect(await placed(reader, room, 4)).toMatchObject({ epoch: ack?.epoch });
  const { talk: back, recovered } = await subscriber(converse, third, room, { epoch, offset: 3 });
  expect(recovered, "nobody knows what was lost").toBe(false);
  expect(textsOf(await back.events(room, 4))).toEqual([...different(3), "said while the engine was away"]);
});

test("CLUSTER-19 MUST tell everybody that all is lost if the engine comes back empty, though nothing is said since", {
  tag: ["@close", "@events", "@poll"],
}, async ({ launchEngine, gather, converse, raw, room }) => {
  const redis = await launchEngine();
  const [here, there, third] = await gather({ REDIS_URL: redis.url });
  const [ack] = await publish(await converse({ server: here }), room, different(3));
  const since = { epoch: ack?.epoch ?? "", offset: 3 };
  const { talk: reader } = await subscriber(converse, there, room, since);
  const { events } = await stream(raw.at(third.port), room, { "Last-Event-ID": `${since.epoch}:3` });
  const polling = poll(raw.at(here.port), room, `${since.epoch}:3`, { deadline: 15_000 });
  await redis.kill();
  await redis.again();
  expect(await reader.socket.closed({ deadline: 10_000 })).toMatchObject({ how: "close frame", code: 1013 });
  await expect(events.next(), "an event stream ends").rejects.toThrow("the server ended the stream");
  expect(await polling).toMatchObject({ recovered: false, offset: 0, events: [] });
  const back = await subscriber(converse, third, room, since);
  expect(back).toMatchObject({ offset: 0, recovered: false });
  expect(back.epoch).not.toBe(since.epoch);
});

test("CLUSTER-20 MUST tell an engine that came back empty which clients are here, and which jobs run", {
  tag: ["@messages", "@close"],
}, async ({ launchEngine, gather, converse }) => {
  const redis = await launchEngine();
  const [here, there] = await gather({ REDIS_URL: redis.url, ...manyJobs });
  const owner = await converse({ server: here });
  const stranger = await converse({ server: there });
  const { topic } = await longJob(owner);
  const attempt = async () => (await stranger.refusal({ type: "cancel", topic })).code;
  expect(await attempt()).toBe("forbidden");
  await redis.kill();
  await redis.again();
  // At first there is no such job, and no owner.
  await expect.poll(attempt, { timeout: 10_000 }).toBe("forbidden");
  const back = await converse({ server: there, client: owner.client });
  expect(memberOf(back)).toBe(memberOf(owner));
  expect(await owner.socket.closed()).toMatchObject({ how: "close frame", code: 4509 });
  expect(await back.request({ type: "cancel", topic })).toMatchObject({ type: "ack", topic });
});

test("CLUSTER-21 MUST let members who lost their place come back by themselves, and tell who is there", {
  tag: ["@send", "@close"],
}, async ({ launchEngine, gather, converse, connect, room }) => {
  const redis = await launchEngine();
  const servers = await gather({ REDIS_URL: redis.url });
  const followers = servers.map((server) => followTopic(connect(server), room));
  for (const each of followers) await each.isTold(({ mode }) => mode === "stream", "that it is there");
  await redis.kill();
  await redis.again();
  for (const each of followers) await each.isTold(({ recovered }) => recovered === false, "of the loss");
  const watcher = await converse({ server: servers[2] });
  await watcher.request({ type: "subscribe", topic: room.replace("room", "presence") });
  const names = followers.map(({ client }) => client.welcome?.member ?? "nobody");
  await presentNames(watcher, room.replace("room", "presence"), names, lease);
});

test("CLUSTER-22 MUST say that it is unavailable while the engine stands still, and do once what is sent again", {
  tag: "@messages",
}, async ({ launchEngine, gather, converse, raw, room }) => {
  const redis = await launchEngine();
  const [here, there, third] = await gather({ REDIS_URL: redis.url, ENGINE_TIMEOUT_MS: "2000" });
  const author = await converse({ server: here });
  const { talk: reader } = await subscriber(converse, there, room);
  await publish(author, room, ["before"]);
  const isUp = (value: number) =>
    Promise.all(
      [here, there, third].map(({ port }) =>
        expect.poll(() => metric(raw.at(port), "engine_up"), { timeout: 15_000 }).toBe(value),
      ),
    );
  redis.signal("SIGSTOP");
  const message = { type: "publish", id: "late", topic: room, to: "all", text: "late" } as const;
  const error = await author.refusal(message);
  expect(error).toMatchObject({ code: "unavailable", retryAfterMs: expect.any(Number) });
  await isUp(0);
  expect(await author.refusal(message)).toMatchObject({ code: "unavailable" });
  redis.signal("SIGCONT");
  await isUp(1);
  const back = await converse({ server: third, client: author.client });
  const ack = await back.request(message);
  expect(ack).toMatchObject({ offset: 2 });
  expect(await back.request(message)).toEqual(ack);
  expect(textsOf(await reader.events(room, 2))).toEqual(["before", "late"]);
  expect(await reader.rest(room)).toEqual([]);
});

test("CLUSTER-23 MUST send its clients elsewhere if it is cut off from the engine, and take part again later", {
  tag: ["@health", "@close", "@messages"],
}, async ({ launchEngine, link, gather, converse, raw, room }) => {
  const redis = await launchEngine();
  const network = await link(redis.port);
  const offer = { subprotocols: [subprotocol] };
  const patience = { ENGINE_TIMEOUT_MS: "500", ENGINE_GRACE_MS: "3000" };
  const cut = { REDIS_URL: `redis://127.0.0.1:${network.port}` };
  const [here, there] = await gather({ REDIS_URL: redis.url, ...patience }, cut);
  const { talk: author, epoch } = await subscriber(converse, here, room);
  await publish(author, room, ["before"]);
  network.stall();
  const message = { type: "publish", id: "once", topic: room, to: "all", text: "said twice" } as const;
  expect(await author.refusal(message)).toMatchObject({ code: "unavailable" });
  expect(await author.nextOf("bye", { deadline: 10_000 })).toMatchObject({ code: 1013 });
  expect(await author.socket.closed()).toMatchObject({ how: "close frame", code: 1013 });
  expect(await raw.at(here.port).request("/healthz")).toMatchObject({ status: 503 });
  expect(await raw.at(here.port).refused("/ws", offer)).toMatchObject({ status: 503 });
  const moved = await converse({ server: there, client: author.client });
  expect(await moved.request(message)).toMatchObject({ epoch, offset: 2 });
  network.release();
  await here.healthy();
  const back = await converse({ server: here, client: author.client });
  expect(memberOf(back)).toBe(memberOf(author));
  const subscribed = await back.request({ type: "subscribe", topic: room, since: { epoch, offset: 1 } });
  expect(subscribed).toMatchObject({ epoch, offset: 2, recovered: true });
  expect(textsOf(await back.events(room, 1))).toEqual(["said twice"]);
});

test("CLUSTER-24 MUST tell of the loss by a new epoch if a replica takes over that was behind, and mix no two texts", {
  tag: ["@messages", "@broadcast"],
}, async ({ launchEngine, link, gather, converse, room }) => {
  const master = await launchEngine();
  const replica = await launchEngine(["--replicaof", "127.0.0.1", `${master.port}`]);
  const network = await link(master.port);
  const [here, there, third] = await gather({ REDIS_URL: `redis://127.0.0.1:${network.port}` });
  const author = await converse({ server: here });
  const { talk: reader, epoch } = await subscriber(converse, there, room);
  await publish(author, room, different(3));
  await expect.poll(() => master.ask("WAIT 1 1000"), { timeout: 10_000 }).toBe(":1\r\n");
  // Nothing listens there, so it receives nothing more from the master.
  await replica.ask("REPLICAOF 127.0.0.1 1");
  await publish(author, room, different(3, "lost"));
  expect(textsOf(await reader.events(room, 6))).toEqual([...different(3), ...different(3, "lost")]);
  await master.kill();
  await replica.ask("REPLICAOF NO ONE");
  network.targets = [replica.port];
  network.cut();
  const [ack] = await publish(author, room, ["new"]);
  expect(ack).toMatchObject({ offset: 4 });
  expect(ack?.epoch).not.toBe(epoch);
  const place = { epoch: ack?.epoch, data: { text: "new" } };
  expect(await placed(reader, room, 4), "another text in the place of one that is lost").toMatchObject(place);
  const { talk: back, recovered } = await subscriber(converse, third, room, { epoch, offset: 6 });
  expect(recovered).toBe(false);
  expect(textsOf(await back.events(room, 4))).toEqual([...different(3), "new"]);
});

test("CLUSTER-25 MUST bring everything once and in order to 50 clients while all servers are restarted in turn", {
  tag: ["@shutdown", "@messages"],
}, async ({ gather, link, connect, room }) => {
  const balancer = await link();
  const origin = `127.0.0.1:${balancer.port}`;
  const servers = await gather({ SERVERS: `balancer=http://${origin}` });
  balancer.targets = servers.map(({ port }) => port);
  const anyServer = { wsUrl: (path: string) => `ws://${origin}${path}` };
  const followers = from(1, 50).map(() => followTopic(connect(anyServer), room));
  for (const each of followers) await each.isTold(({ mode }) => mode === "stream", "that it is there");
  const said: string[] = [];
  const sayAll = async (round: string): Promise<void> => {
    const texts = different(followers.length, `${round}, client`);
    said.push(...texts);
    await Promise.all(followers.map(({ client }, index) => client.publish(room, texts[index] ?? "")));
  };
  await sayAll("before");
  for (const server of servers) {
    const saying = sayAll(`while ${server.manifest.id} is restarted`);
    await server.restart();
    await saying;
  }
  await followers[0]?.client.publish(room, "end");
  await Promise.all(followers.map((each) => each.hears("end")));
  const [first, ...others] = followers;
  expect(textsOf(first?.heard ?? []).toSorted()).toEqual([...said, "end"].toSorted());
  expect(offsetsOf(first?.heard ?? [])).toEqual(from(1, said.length + 1));
  for (const { heard } of others) expect(heard).toEqual(first?.heard);
  const told = followers.flatMap(({ states }) => states);
  expect(told.filter(({ recovered }) => recovered === false)).toEqual([]);
});

test("CLUSTER-26 MUST start without its engine, say so in one line, and serve as soon as the engine is there", {
  tag: ["@listen", "@health"],
}, async ({ launchEngine, launch, converse, raw, room }) => {
  const redis = await launchEngine();
  await redis.kill();
  const server = await launch({ REDIS_URL: redis.url }, { untilHealthy: false });
  expect(await raw.at(server.port).request("/healthz")).toMatchObject({ status: 503 });
  expect(await raw.at(server.port).refused("/ws", { subprotocols: [subprotocol] })).toMatchObject({
    status: 503,
  });
  await redis.again();
  await server.healthy();
  const said = (): string[] => server.stderr.filter((line) => line.includes("Redis at"));
  // That it is there is said once it has answered two beats.
  await expect
    .poll(said)
    .toEqual([expect.stringContaining("cannot be used"), expect.stringContaining("is there")]);
  expect(await publish(await converse({ server }), room, ["here"])).toMatchObject([{ offset: 1 }]);
});

test("CLUSTER-27 MUST say that it is unavailable while the engine refuses everything, and tell its operator why", {
  tag: "@messages",
}, async ({ launchEngine, gather, converse, room }) => {
  const redis = await launchEngine();
  // A server that has already noticed the refusal keeps the message waiting for this long.
  const servers = await gather({ REDIS_URL: redis.url, ENGINE_TIMEOUT_MS: "2000" });
  const authors = await Promise.all(servers.map((server) => converse({ server })));
  const { talk: reader } = await subscriber(converse, servers[1], room);
  await redis.ask("CONFIG SET maxmemory 1");
  const message = { type: "publish", id: "late", topic: room, to: "all", text: "late" } as const;
  for (const author of authors)
    expect(await author.refusal(message)).toMatchObject({
      code: "unavailable",
      retryAfterMs: expect.any(Number),
    });
  const lines = (word: string) =>
    servers.map(({ stderr }) => stderr.filter((line) => line.includes(word)).length);
  await expect.poll(() => lines("cannot be used: OOM")).toEqual(servers.map(() => 1));
  await redis.ask("CONFIG SET maxmemory 0");
  await expect.poll(() => lines("is there")).toEqual(servers.map(() => 1));
  for (const author of authors) expect(await author.request(message)).toMatchObject({ topic: room });
  expect(textsOf(await reader.events(room, servers.length))).toEqual(servers.map(() => "late"));
  expect(servers.flatMap(({ stderr }) => stderr.filter((line) => line.includes('"level":50')))).toEqual([]);
});

test("CLUSTER-28 MUST go on, and tell of what is lost, whatever another program writes into the engine", {
  tag: "@messages",
}, async ({ launchEngine, gather, converse, room }) => {
  const redis = await launchEngine();
  const servers = await gather({ REDIS_URL: redis.url });
  const key = (kind: string, name = room) => `{rosetta}:0:${kind}:${name}`;
  const readers = await Promise.all(servers.map((server) => subscriber(converse, server, room)));
  await publish(await converse({ server: servers[0] }), room, ["before"]);
  for (const { talk } of readers) expect(textsOf(await talk.events(room, 1))).toEqual(["before"]);
  for (const text of ["garbage", '"x 9 {}"']) await redis.ask(`PUBLISH ${key("topic")} ${text}`);
  await redis.ask(`XADD ${key("stream")} 2-0 e garbage`);
  await redis.ask(`HSET ${key("topic")} offset 2`);
  // The event is lost for whoever has read the one before it. Each server notices it at its next beat.
  for (const { talk } of readers) expect(await talk.socket.closed()).toMatchObject({ code: 1013 });
  await redis.ask(`SET ${key("topic", "room/text")} x`);
  await redis.ask(`SET ${key("roster", "text")} x`);
  for (const server of servers) {
    const talk = await converse({ server });
    const name = memberOf(talk);
    await talk.request({ type: "subscribe", topic: room });
    expect(await publish(talk, room, ["after"])).toMatchObject([{ topic: room }]);
    await talk.request({ type: "subscribe", topic: "room/text" });
    await talk.request({ type: "subscribe", topic: "presence/text" });
    await presentNames(talk, "presence/text", [name]);
    await talk.request({ type: "unsubscribe", topic: "room/text" });
  }
});
