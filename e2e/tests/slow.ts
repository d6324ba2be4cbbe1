import { Conversation } from "../conversation.ts";
import { type Event, from, offsetsOf } from "../events.ts";
import { expect, test } from "../fixtures.ts";
import { metric } from "../metrics.ts";
import type { Raw } from "../raw.ts";
import type { Server } from "../server.ts";

const flooded = "room/flood";

/** A client that follows the flood. */
async function follower(raw: Raw, client?: string): Promise<Conversation> {
  const conversation = await Conversation.open(raw, client === undefined ? {} : { client });
  await conversation.hello();
  await conversation.request({ type: "subscribe", topic: flooded });
  return conversation;
}

/** 16 MiB to all followers, more than any kernel takes for one socket; at the pace of one who reads. */
async function pour(reader: Conversation): Promise<Event[]> {
  const events: Event[] = [];
  while (events.length < 4096) {
    await reader.request({ type: "chaos", do: "flood", mebibytes: 1 });
    events.push(...(await reader.events(flooded, 256)));
  }
  return events;
}

/** A reader that stopped reading, one that reads, and more for both than the first can be given. */
async function flood(server: Server, raw: Raw) {
  const own = raw.at(server.port);
  const stalled = await follower(own);
  stalled.socket.pause();
  return { own, stalled, events: await pour(await follower(own)) };
}

function receivedBy({ collected }: Conversation): number[] {
  const events = collected.filter((message) => message.type === "event");
  return offsetsOf(events.filter(({ topic }) => topic === flooded));
}

test("SLOW-01 MUST close a reader that is too slow, after a prefix without a gap", {
  tag: ["@send", "@limits", "@waiting"],
}, async ({ launch, raw }) => {
  const { stalled } = await flood(await launch(), raw);
  stalled.socket.resume();
  await stalled.socket.closed({ deadline: 10_000 });
  const offsets = receivedBy(stalled);
  expect(offsets.length).toBeGreaterThan(0);
  expect(offsets.length).toBeLessThan(4096);
  expect(offsets).toEqual(from(1, offsets.length));
});

test("SLOW-02 SHOULD say to a slow reader why it is closed: 4002", { tag: ["@send", "@close"] }, async ({
  launch,
  raw,
}) => {
  const { stalled } = await flood(await launch(), raw);
  stalled.socket.resume();
  const closed = await stalled.socket.closed({ deadline: 10_000 });
  expect(`closed with ${closed.code}`).toBe("closed with 4002");
});

test("SLOW-03 MUST not let others wait for a slow reader", { tag: ["@broadcast", "@send"] }, async ({
  launch,
  raw,
}) => {
  const { events } = await flood(await launch(), raw);
  expect(offsetsOf(events)).toEqual(from(1, 4096));
});

test("SLOW-04 MUST bound what waits for a reader, and free it when the reader is gone", {
  tag: ["@send", "@limits", "@waiting", "@metrics"],
}, async ({ launch, raw }) => {
  const { own } = await flood(await launch(), raw);
  // One message above the limit of 1 MiB.
  expect(await metric(own, "queue_bytes")).toBeLessThan(1024 * 1024 + 64 * 1024);
  await expect.poll(() => metric(own, "connections", { endpoint: "/ws" }), { timeout: 10_000 }).toBe(1);
  expect(await metric(own, "queue_bytes")).toBe(0);
});

test("SLOW-05 MUST let a reader that was too slow come back, and tell it what it cannot have", {
  tag: ["@send", "@limits", "@broadcast"],
}, async ({ launch, raw }) => {
  const { own, stalled } = await flood(await launch(), raw);
  stalled.socket.resume();
  await stalled.socket.closed({ deadline: 10_000 });
  const last = receivedBy(stalled).length;
  const epoch = stalled.collected.find((message) => message.type === "subscribed")?.epoch ?? "";

  const back = await Conversation.open(own, { client: stalled.client });
  await back.hello();
  const since = { epoch, offset: last };
  const answer = await back.request({ type: "subscribe", topic: flooded, since });
  // The ring is shorter than the flood: no part of the gap is passed off as the whole.
  expect(answer).toMatchObject({ epoch, offset: 4096, recovered: false });
  const [next] = await back.events(flooded, 1);
  expect(next?.offset).toBeGreaterThan(last + 1);
});

test("SLOW-06 MUST let a reader that was a little slow come back to where it was", {
  tag: ["@send", "@limits", "@broadcast"],
}, async ({ launch, raw, room }) => {
  const server = await launch();
  const own = raw.at(server.port);
  const reader = await Conversation.open(own);
  await reader.hello();
  const { epoch } = await reader.request({ type: "subscribe", topic: room });
  const author = await Conversation.open(own);
  await author.hello();
  await author.request({ type: "publish", topic: room, to: "all", text: "1" });
  await reader.events(room, 1);
  reader.socket.destroy();
  for (const text of ["2", "3", "4"]) await author.request({ type: "publish", topic: room, to: "all", text });

  const back = await Conversation.open(own, { client: reader.client });
  await back.hello();
  const since = { epoch, offset: 1 };
  expect(await back.request({ type: "subscribe", topic: room, since })).toMatchObject({ recovered: true });
  expect(offsetsOf(await back.events(room, 3))).toEqual([2, 3, 4]);
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

test("SLOW-08 MUST bound what waits for a client of /echo that never reads", {
  tag: ["@send", "@echo", "@limits"],
}, async ({ launch, raw }) => {
  const server = await launch();
  const own = raw.at(server.port);
  const ws = await own.connect("/echo");
  ws.pause();
  const message = new Uint8Array(64 * 1024);
  for (let count = 0; count < 512; count++) ws.send(message);
  await expect.poll(() => metric(own, "connections", { endpoint: "/echo" }), { timeout: 15_000 }).toBe(0);
  expect(await metric(own, "queue_bytes")).toBe(0);
});

function countOf(data: { kind: string; count?: number }): number | undefined {
  return data.kind === "presence" ? data.count : undefined;
}
