import {
  Conversation,
  different,
  type Event,
  from,
  metric,
  offsetsOf,
  publish,
  type Raw,
  type RawSocket,
  type Server,
} from "@rosetta/testkit";
import { expect, test } from "../fixtures.ts";

const flooded = "room/flood";

/** A message of 64 KiB with its header, which may wait above the limit. */
const messageRoom = 64 * 1024 + 14;
/** What may wait for one socket. */
const queueLimit = 1024 * 1024 + messageRoom;

/** Connects a client that follows the flood. */
async function follower(raw: Raw, client?: string): Promise<Conversation> {
  const conversation = await Conversation.open(raw, client === undefined ? {} : { client });
  await conversation.hello();
  await conversation.request({ type: "subscribe", topic: flooded });
  return conversation;
}

/**
 * Floods all followers at the pace of one that reads, with 16 MiB: more than any kernel buffers for one socket.
 * `isEnough` is called after each MiB and can end the flood.
 */
async function pour(reader: Conversation, isEnough = async () => false): Promise<Event[]> {
  const events: Event[] = [];
  while (events.length < 4096) {
    await reader.request({ type: "chaos", do: "flood", mebibytes: 1 });
    const enough = await isEnough();
    events.push(...(await reader.events(flooded, 256)));
    if (enough) break;
  }
  return events;
}

/** Floods a reader that stopped reading, by way of one that reads, with more than the first can be given. */
async function flood(server: Server, raw: Raw) {
  const own = raw.at(server.port);
  const stalled = await follower(own);
  stalled.socket.pause();
  const reader = await follower(own);
  // One stack closes the connection before the hub can count it as slow.
  const isTooSlow = async () =>
    (await metric(own, "slow_total")) > 0 || (await metric(own, "connections", { endpoint: "/ws" })) < 2;
  return { own, stalled, reader, events: await pour(reader, isTooSlow) };
}

/** Returns the events of a topic that a client was given so far. */
function eventsOf({ collected }: Conversation, name: string): Event[] {
  return collected.filter((message) => message.type === "event").filter(({ topic }) => topic === name);
}

function receivedBy(conversation: Conversation): number[] {
  return offsetsOf(eventsOf(conversation, flooded));
}

/** Sends 32 MiB to /echo, more than any kernel takes for one socket, each message with its number. */
function sendMuch(ws: RawSocket): number {
  const count = 512;
  for (const number of from(1, count)) {
    const message = Buffer.alloc(64 * 1024);
    message.writeUInt32BE(number);
    ws.send(message);
  }
  return count;
}

function numberOf(data: Uint8Array): number {
  return Buffer.from(data).readUInt32BE();
}

test("SLOW-01 MUST close a reader that is too slow, after a prefix without a gap", {
  tag: ["@send", "@limits", "@waiting"],
}, async ({ launch, raw }) => {
  const { stalled, events } = await flood(await launch(), raw);
  stalled.socket.resume();
  await stalled.socket.closed({ deadline: 10_000 });
  const offsets = receivedBy(stalled);
  expect(offsets.length).toBeGreaterThan(0);
  expect(offsets.length).toBeLessThan(events.length);
  expect(offsets).toEqual(from(1, offsets.length));
});

test("SLOW-02 SHOULD say to a slow reader why it is closed: 4002", { tag: ["@send", "@close"] }, async ({
  launch,
  raw,
}) => {
  // The close frame comes after everything that waits, which takes a busy machine a while to read.
  const { stalled } = await flood(await launch({ DRAIN_MS: "10000" }), raw);
  stalled.socket.resume();
  const closed = await stalled.socket.closed({ deadline: 10_000 });
  expect(`closed with ${closed.code}`).toBe("closed with 4002");
});

test("SLOW-03 MUST not let others wait for a slow reader", { tag: ["@broadcast", "@send"] }, async ({
  launch,
  raw,
}) => {
  const { events } = await flood(await launch(), raw);
  expect(events.length, "events of 4 KiB, more than can wait").toBeGreaterThan(256);
  expect(offsetsOf(events)).toEqual(from(1, events.length));
});

test("SLOW-04 MUST bound what waits for a reader, and free it when the reader is gone", {
  tag: ["@send", "@limits", "@waiting", "@metrics"],
}, async ({ launch, raw }) => {
  // Much longer than one flood, or a queue could go from empty to closed without being seen.
  const queueBytes = 4 * 1024 * 1024;
  const own = raw.at((await launch({ DRAIN_MS: "1000", MAX_QUEUE_BYTES: String(queueBytes) })).port);
  const [stalled, reader] = [await follower(own), await follower(own)];
  stalled.socket.pause();
  let most = 0;
  await pour(reader, async () => {
    most = Math.max(most, await metric(own, "queue_bytes"));
    return false;
  });
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(queueBytes + messageRoom);
  await expect.poll(() => metric(own, "connections", { endpoint: "/ws" }), { timeout: 10_000 }).toBe(1);
  expect(await metric(own, "queue_bytes")).toBe(0);
});

test("SLOW-05 MUST let a reader that was too slow come back, and tell it what it cannot have", {
  tag: ["@send", "@limits", "@broadcast"],
}, async ({ launch, raw }) => {
  const { own, stalled, reader, events } = await flood(await launch(), raw);
  // It may have been too slow only for the very last events, so now it misses a whole MiB.
  events.push(...(await pour(reader, async () => true)));
  stalled.socket.resume();
  await stalled.socket.closed({ deadline: 10_000 });
  const last = receivedBy(stalled).length;
  const epoch = stalled.collected.find((message) => message.type === "subscribed")?.epoch ?? "";

  const back = await Conversation.open(own, { client: stalled.client });
  await back.hello();
  const since = { epoch, offset: last };
  const answer = await back.request({ type: "subscribe", topic: flooded, since });
  // The ring is shorter than the gap: no part of the gap is passed off as the whole.
  expect(answer).toMatchObject({ epoch, offset: events.length, recovered: false });
  const [next] = await back.events(flooded, 1);
  expect(next?.offset).toBeGreaterThan(last + 1);
});

// The answer to "why is drain never called?": it is, once bytes had to wait.
test("SLOW-07 MUST skip what is outdated for a slow reader, and send it the newest when it drains", {
  tag: ["@waiting", "@drained"],
}, async ({ launch, raw, room }) => {
  const server = await launch({ MAX_QUEUE_BYTES: "67108864" });
  const own = raw.at(server.port);
  const name = room.slice("room/".length);
  const presence = `presence/${name}`;
  const stalled = await follower(own);
  await stalled.request({ type: "subscribe", topic: presence });
  stalled.socket.pause();
  const other = await follower(own);
  await pour(other);

  // Three changes that nobody waits for after the last: only a drain can bring it.
  await other.request({ type: "subscribe", topic: presence });
  for (const count of [1, 0, 1]) {
    await other.request({ type: count === 1 ? "subscribe" : "unsubscribe", topic: room } as never);
    await other.next(
      (message) => message.type === "event" && message.topic === presence && countOf(message.data) === count,
    );
  }
  expect(await metric(own, "skipped_total")).toBeGreaterThan(0);

  stalled.socket.resume();
  const last = await stalled.next(
    (message) => message.type === "event" && message.topic === presence && countOf(message.data) === 1,
    { deadline: 20_000, awaited: "the newest presence, which only a drain brings" },
  );
  expect(last).toMatchObject({ topic: presence, offset: 3 });
  expect(await stalled.rest(presence)).toEqual([]);
  expect(receivedBy(stalled)).toEqual(from(1, 4096));
});

// The other side of SLOW-07: bytes that wait without a `drain` to come must not count.
test("SLOW-12 MUST send a slow reader the newest each time that it was slow, however few bytes had to wait", {
  tag: ["@waiting", "@drained"],
}, async ({ launch, raw, room }) => {
  const server = await launch({ MAX_MESSAGES_PER_SECOND: "100000", MAX_BURST: "100000" });
  const own = raw.at(server.port);
  const presence = `presence/${room.slice("room/".length)}`;
  const [stalled, author] = [await follower(own), await Conversation.open(own)];
  await author.hello();
  await stalled.request({ type: "subscribe", topic: presence });
  const text = "x".repeat(4_000);
  // Twice, because one drain says nothing about the next.
  for (const [type, count] of [
    ["subscribe", 1],
    ["unsubscribe", 0],
  ] as const) {
    const skipped = await metric(own, "skipped_total");
    stalled.socket.pause();
    // In small steps until the first bytes wait: the kernel takes some MiB first.
    for (let sent = 0; (await metric(own, "queue_bytes")) === 0; sent += 4) {
      expect(sent, "messages sent, and still none had to wait").toBeLessThan(8_192);
      await publish(author, flooded, [text, text, text, text]);
    }
    await author.request({ type, topic: room });
    await expect.poll(() => metric(own, "skipped_total")).toBeGreaterThan(skipped);
    stalled.socket.resume();
    await stalled.next(
      (message) => message.type === "event" && message.topic === presence && countOf(message.data) === count,
      { awaited: "the newest presence, which only a drain brings" },
    );
    await expect.poll(() => metric(own, "queue_bytes")).toBe(0);
  }
});

test("SLOW-08 MUST bound what waits for a client of /echo that never reads", {
  tag: ["@send", "@echo", "@limits"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ DRAIN_MS: "1000" })).port);
  const ws = await own.connect("/echo");
  ws.pause();
  let most = 0;
  // In small steps, with the metrics read after each: one stack closes in the same turn in which too much waits.
  const message = new Uint8Array(64 * 1024);
  for (let sent = 0; (await metric(own, "connections", { endpoint: "/echo" })) > 0; sent += 4) {
    expect(sent, "messages of 64 KiB sent to a peer that never reads").toBeLessThan(4_096);
    for (let step = 0; step < 4; step++) ws.send(message);
    most = Math.max(most, await metric(own, "queue_bytes"));
  }
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(queueLimit);
  expect(await metric(own, "queue_bytes")).toBe(0);
});

test("SLOW-09 MUST say to a slow client of /echo why it is closed: 4002, after a prefix without a gap", {
  tag: ["@send", "@echo", "@close"],
}, async ({ launch, raw }) => {
  const own = raw.at((await launch({ DRAIN_MS: "10000" })).port);
  const ws = await own.connect("/echo");
  ws.pause();
  const sent = sendMuch(ws);
  await expect.poll(() => metric(own, "slow_total"), { timeout: 10_000 }).toBe(1);
  ws.resume();
  expect(await ws.closed({ deadline: 10_000 })).toMatchObject({ code: 4002, how: "close frame" });
  const numbers = ws.messages.map(({ data }) => numberOf(data));
  expect(numbers.length).toBeGreaterThan(0);
  expect(numbers.length).toBeLessThan(sent);
  expect(numbers).toEqual(from(1, numbers.length));
});

test("SLOW-10 MUST let a reader that was too slow catch up where the gap is short", {
  tag: ["@send", "@limits", "@broadcast"],
}, async ({ launch, converse, raw, room }) => {
  const server = await launch();
  const own = raw.at(server.port);
  const [author, stalled] = [await converse({ server }), await follower(own)];
  const { epoch } = await stalled.request({ type: "subscribe", topic: room });
  stalled.socket.pause();
  await publish(author, room, different(3, "before"));
  await pour(await follower(own));
  await publish(author, room, different(3, "after"));
  stalled.socket.resume();
  await stalled.socket.closed({ deadline: 10_000 });
  const seen = offsetsOf(eventsOf(stalled, room));
  expect(seen).toEqual(from(1, seen.length));
  // It got what was sent before anything had to wait, but not the last event, which came after all that waited.
  expect(seen.length).toBeGreaterThanOrEqual(3);
  expect(seen.length).toBeLessThan(6);

  const back = await converse({ server, client: stalled.client });
  const since = { epoch, offset: seen.length };
  expect(await back.request({ type: "subscribe", topic: room, since })).toMatchObject({ recovered: true });
  expect(offsetsOf(await back.rest(room))).toEqual(from(seen.length + 1, 6));
});

test("SLOW-11 MUST count every reader that is closed for its slowness", {
  tag: ["@send", "@metrics", "@broadcast", "@closed"],
}, async ({ launch, raw }) => {
  const { own } = await flood(await launch({ DRAIN_MS: "1000" }), raw);
  await expect.poll(() => metric(own, "connections", { endpoint: "/ws" }), { timeout: 10_000 }).toBe(1);
  expect(`slow_total is ${await metric(own, "slow_total")}`).toBe("slow_total is 1");
});

function countOf(data: { kind: string; count?: number }): number | undefined {
  return data.kind === "presence" ? data.count : undefined;
}

test("SLOW-13 MUST close with 4002 a reader that is only one event above the limit", {
  tag: ["@limits", "@send", "@broadcast"],
}, async ({ launch, raw, room }) => {
  const server = await launch({
    DRAIN_MS: "10000",
    MAX_QUEUE_BYTES: "65536",
    MAX_MESSAGES_PER_SECOND: "100000",
    MAX_BURST: "100000",
  });
  const own = raw.at(server.port);
  const [stalled, author] = [await follower(own), await Conversation.open(own)];
  await author.hello();
  await stalled.request({ type: "subscribe", topic: room });
  stalled.socket.pause();
  const text = "x".repeat(4_000);
  // In small steps, to stop just above the limit: the kernel takes some MiB first.
  const isOver = async () =>
    (await metric(own, "queue_bytes")) > 65_536 ||
    (await metric(own, "slow_total")) > 0 ||
    (await metric(own, "connections", { endpoint: "/ws" })) < 2;
  for (let sent = 0; !(await isOver()); sent += 4) {
    expect(sent, "messages sent, and still too little waits").toBeLessThan(8_192);
    await publish(author, room, [text, text, text, text]);
  }
  // If the event still fits, the answer to the ping does not. The kernel may take some more at any time.
  const oneMore = async () => {
    await publish(author, room, [text]);
    stalled.send({ type: "ping", at: 0 });
    return metric(own, "slow_total");
  };
  await expect.poll(oneMore).toBe(1);
  stalled.socket.resume();
  expect(await stalled.socket.closed({ deadline: 10_000 })).toMatchObject({
    code: 4002,
    how: "close frame",
  });
});
