import { describe, expect, test } from "vitest";
import { alone } from "../cluster/alone.ts";
import { type Peer, secret, settled, setUp } from "../testing/index.ts";
import { fingerprint, memory } from "./clients.ts";
import type { Draft, Entry, Log } from "./log.ts";
import { MemoryLog } from "./memory-log.ts";

/** A log whose appends a test completes or refuses by hand. */
class SlowLog implements Log {
  readonly #log = new MemoryLog(() => "e".repeat(32));
  readonly #appends: { topic: string; draft: Draft; settle: PromiseWithResolvers<undefined> }[] = [];

  append(topic: string, draft: Draft): Promise<undefined> {
    // Only clients' publications are held up.
    if (!topic.startsWith("room/")) return this.#log.append(topic, draft);
    const settle = Promise.withResolvers<undefined>();
    this.#appends.push({ topic, draft, settle });
    return settle.promise;
  }

  get waiting(): number {
    return this.#appends.length;
  }

  async complete(): Promise<void> {
    for (const { topic, draft, settle } of this.#appends.splice(0)) {
      await this.#log.append(topic, draft);
      settle.resolve(undefined);
    }
    await settled();
  }

  async refuse(): Promise<void> {
    for (const { settle } of this.#appends.splice(0)) settle.reject(new Error("the disk is full"));
    await settled();
  }

  open = () => undefined;
  head = (topic: string) => this.#log.head(topic);
  since = (topic: string, cursor?: Parameters<Log["since"]>[1]) => this.#log.since(topic, cursor);
  follow = (listener: (entry: Entry) => void) => this.#log.follow(listener);
  close = (topic: string) => this.#log.close(topic);
}

const hi = { type: "publish", id: "1", topic: "room/a", to: "all", text: "hi" } as const;

function offsetsOf(peer: Peer): number[] {
  return peer.heardOf("event").map(({ offset }) => offset);
}

describe("an ack", () => {
  test("comes when the event is in the log, and not before", async () => {
    const log = new SlowLog();
    const { greet } = setUp({}, { cluster: alone(log) });
    const anna = await greet();
    await anna.say(hi);
    expect(anna.heard()).toEqual([]);
    await log.complete();
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "1", offset: 1 }]);
  });

  test("never comes for an event that the log refused: the author gets an error and may try again", async () => {
    const log = new SlowLog();
    const { greet, failures } = setUp({}, { cluster: alone(log) });
    const anna = await greet();
    await anna.say(hi);
    await log.refuse();
    expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "unavailable" }]);
    expect(failures).toEqual([new Error("the disk is full")]);
    await anna.say(hi);
    await log.complete();
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "1", offset: 1 }]);
  });

  test("goes to the connection that its author has at that moment", async () => {
    const log = new SlowLog();
    const { greet } = setUp({}, { cluster: alone(log) });
    const before = await greet(1);
    await before.say(hi);
    await before.gone();
    const after = await greet(1);
    await log.complete();
    expect(before.heard()).toEqual([]);
    expect(after.heard()).toMatchObject([{ type: "ack", re: "1" }]);
  });

  test("goes nowhere while the author is gone, and neither does a refusal", async () => {
    const log = new SlowLog();
    const { greet } = setUp({}, { cluster: alone(log) });
    const anna = await greet(1);
    await anna.say(hi);
    await anna.gone();
    await log.refuse();
    const again = await greet(1);
    await again.say(hi);
    await log.complete();
    expect(again.heard()).toMatchObject([{ type: "ack", re: "1", offset: 1 }]);
  });

  test("comes even if the stack throws while it delivers, because the event is stored", async () => {
    const { greet, failures } = setUp();
    const [anna, ben] = [await greet(), await greet()];
    await ben.say({ type: "subscribe", id: "1", topic: "room/a" });
    ben.socket.isBroken = true;
    await anna.say(hi);
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "1", offset: 1 }]);
    expect(failures).toEqual([new Error("a broken stack")]);
  });
});

test("a stack that throws while it sends an ack or a refusal ends only that socket", async () => {
  const log = new SlowLog();
  const { greet, failures, inside } = setUp({}, { cluster: alone(log) });
  const anna = await greet();
  anna.socket.isBroken = true;
  await anna.say(hi);
  await log.complete();
  await anna.say({ ...hi, id: "2" });
  await log.refuse();
  expect(failures).toEqual(
    ["a broken stack", "the disk is full", "a broken stack"].map((each) => new Error(each)),
  );
  expect(inside.clients.get(secret(1))?.answers.get(fingerprint("1"))?.place).toMatchObject({ offset: 1 });
});

describe("a repeated request", () => {
  test("is acknowledged again, and has no second effect", async () => {
    const { greet, inside } = setUp();
    const anna = await greet();
    for (let count = 0; count < 3; count++) await anna.say(hi);
    const acks = anna.heard();
    expect(acks).toHaveLength(3);
    for (const ack of acks) expect(ack).toMatchObject({ type: "ack", re: "1", offset: 1 });
    expect(inside.log.head("room/a").offset).toBe(1);
  });

  test("waits for the ack of the first one while that is on its way", async () => {
    const log = new SlowLog();
    const { greet } = setUp({}, { cluster: alone(log) });
    const anna = await greet();
    await anna.say(hi);
    await anna.say(hi);
    expect(log.waiting).toBe(1);
    await log.complete();
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "1", offset: 1 }]);
  });

  test("on a new connection is acknowledged there", async () => {
    const { greet, inside } = setUp();
    const before = await greet(1);
    await before.say(hi);
    await before.gone();
    const after = await greet(1);
    await after.say(hi);
    expect(after.heard()).toMatchObject([{ type: "ack", re: "1", offset: 1 }]);
    expect(inside.log.head("room/a").offset).toBe(1);
  });

  test.each([
    ["another text", { text: "ho" }],
    ["another room", { topic: "room/b" }],
    ["another audience", { to: "others" as const }],
  ])("with %s is a conflict", async (_what, change) => {
    const { greet, inside } = setUp();
    const anna = await greet();
    await anna.say(hi);
    anna.heard();
    await anna.say({ ...hi, ...change });
    expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "conflict" }]);
    expect(inside.log.head("room/a").offset).toBe(1);
  });

  test("is the same even if its fields come in another order, with unknown ones among them", async () => {
    const { greet } = setUp();
    const anna = await greet();
    await anna.say(hi);
    await anna.say('{"text":"hi","to":"all","more":1,"topic":"room/a","id":"1","type":"publish"}');
    expect(anna.heard()).toMatchObject([{ type: "ack" }, { type: "ack" }]);
  });

  test("with another type is a conflict", async () => {
    const { greet, world } = setUp();
    const anna = await greet();
    await anna.say(hi);
    anna.heard();
    await anna.say({ type: "start", id: "1", job: "hash", mebibytes: 1 });
    expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "conflict" }]);
    expect(world.works).toHaveLength(0);
  });

  test("is answered as before, even if there is no place for its room any more", async () => {
    const { greet, world } = setUp({ limits: { rooms: 1 } });
    const anna = await greet();
    await anna.say(hi);
    await world.pass(120_000);
    await anna.say({ type: "subscribe", id: "2", topic: "room/b" });
    anna.heard();
    await anna.say(hi);
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "1", offset: 1 }]);
  });

  test("from another client is another request", async () => {
    const { greet, inside } = setUp();
    const [anna, ben] = [await greet(), await greet()];
    await anna.say(hi);
    await ben.say(hi);
    expect(inside.log.head("room/a").offset).toBe(2);
  });

  test("is recognized as long as the first is among the last 256", async () => {
    const { greet, inside } = setUp({ limits: { burst: 1_000 } });
    const anna = await greet();
    for (let id = 1; id <= 256; id++) await anna.say({ ...hi, id: `${id}` });
    await anna.say({ ...hi, id: "1" });
    expect(inside.log.head("room/a").offset).toBe(256);
    await anna.say({ ...hi, id: "257" });
    await anna.say({ ...hi, id: "1" });
    expect(inside.log.head("room/a").offset).toBe(258);
  });

  test("is recognized for two minutes after its client left, and no longer", async () => {
    const { greet, world, inside } = setUp();
    const first = await greet(1);
    await first.say(hi);
    await first.gone();
    await world.pass(119_000);
    const second = await greet(1);
    await second.say(hi);
    expect(inside.log.head("room/a").offset).toBe(1);
    await second.say({ type: "subscribe", id: "2", topic: "room/a" });
    await (await greet(2)).say({ type: "subscribe", id: "2", topic: "room/a" });
    await second.gone();
    await world.pass(120_000);
    const third = await greet(1);
    await third.say(hi);
    expect(inside.log.head("room/a").offset).toBe(2);
  });
});

describe("a client that connects again", () => {
  test("replaces its older connection, whose late end changes nothing", async () => {
    const { greet } = setUp();
    const older = await greet(1);
    const newer = await greet(1);
    expect(older.socket.closing?.code).toBe(4509);
    await older.gone(4509);
    await newer.say(hi);
    expect(newer.heard()).toMatchObject([{ type: "ack" }]);
    expect(newer.session.client?.session).toBe(newer.session);
  });

  test("replaces it at once on a stack that reports the end at once", async () => {
    const { greet, port } = setUp();
    port.reportsAtOnce = true;
    const older = await greet(1);
    const newer = await greet(1);
    expect(older.socket.closing?.code).toBe(4509);
    await newer.say(hi);
    expect(newer.heard()).toMatchObject([{ type: "ack" }]);
  });

  test.each([
    ["with a number", 1, 1],
    ["without a number", 1, undefined],
    ["with a number after one without", undefined, 1],
  ])("on a connection %s replaces the one before", async (_, first, second) => {
    const { greet } = setUp();
    const older = await greet(1, undefined, first);
    const newer = await greet(1, undefined, second);
    expect(older.socket.closing?.code).toBe(4509);
    expect(newer.socket.closing).toBeUndefined();
  });

  test("is not replaced by the hello of an older connection, however late that arrives", async () => {
    const { greet, connect } = setUp();
    const newer = await greet(1, undefined, 2);
    const older = connect();
    await older.say({ type: "hello", id: "1", client: secret(1), connection: 1 });
    await older.say(hi);
    expect(older.socket.closing?.code).toBe(4509);
    expect(older.heard()).toEqual([]);
    expect(newer.socket.closing).toBeUndefined();
    await newer.say({ ...hi, text: "not what the older said" });
    expect(newer.heard()).toMatchObject([{ type: "ack", offset: 1 }]);
  });

  test("refuses its older connection even when the newer one has gone", async () => {
    const { greet, connect } = setUp();
    await (await greet(1, undefined, 2)).gone();
    const older = connect();
    await older.say({ type: "hello", id: "1", client: secret(1), connection: 1 });
    expect(older.socket.closing?.code).toBe(4509);
    expect((await greet(1, undefined, 3)).socket.closing).toBeUndefined();
  });

  test("learns on each connection whether it was remembered", async () => {
    const { connect, world } = setUp();
    const known: boolean[] = [];
    const meet = async (awayMs: number) => {
      const peer = connect();
      await peer.say({ type: "hello", id: "1", client: secret(1) });
      const [welcome] = peer.heard();
      if (welcome?.type === "welcome") known.push(welcome.known);
      await peer.gone();
      await world.pass(awayMs);
    };
    for (const awayMs of [0, 119_999, 120_000, 0]) await meet(awayMs);
    expect(known).toEqual([false, true, true, false]);
  });

  test("keeps its name for two minutes", async () => {
    const { greet, world } = setUp();
    const first = await greet(1);
    const name = first.session.client?.member;
    await first.gone();
    await world.pass(119_999);
    const second = await greet(1);
    expect(second.session.client?.member).toBe(name);
    await world.pass(500_000);
    await second.gone();
    await world.pass(120_000);
    expect((await greet(1)).session.client?.member).not.toBe(name);
  });
});

describe("a reader that comes back", () => {
  /** A reader that saw `seen` of `all` events and was then cut off. */
  async function missed(seen: number, all: number, text = "x", limits = {}) {
    const setting = setUp({ limits: { burst: 10_000, ...limits } });
    const [anna, ben] = [await setting.greet(1), await setting.greet(2)];
    await anna.say({ type: "subscribe", id: "s", topic: "room/a" });
    await ben.say({ type: "subscribe", id: "s", topic: "room/a" });
    for (let id = 1; id <= seen; id++) await ben.say({ ...hi, id: `${id}`, text });
    const [subscribed] = anna.heardOf("subscribed");
    await anna.gone();
    for (let id = seen + 1; id <= all; id++) await ben.say({ ...hi, id: `${id}`, text });
    return { ...setting, ben, since: { epoch: subscribed?.epoch ?? "", offset: seen } };
  }

  test("gets everything that it missed, and then new events", async () => {
    const { greet, since, ben } = await missed(3, 10);
    const anna = await greet(1);
    await anna.say({ type: "subscribe", id: "s", topic: "room/a", since });
    await ben.say({ ...hi, id: "11" });
    const [subscribed, ...events] = anna.heard();
    expect(subscribed).toMatchObject({ recovered: true, offset: 10, epoch: since.epoch });
    expect(events.map((event) => event.type === "event" && event.offset)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test("gets nothing if it missed nothing", async () => {
    const { greet, since } = await missed(3, 3);
    const anna = await greet(1);
    await anna.say({ type: "subscribe", id: "s", topic: "room/a", since });
    expect(anna.heard()).toMatchObject([{ type: "subscribed", recovered: true, offset: 3 }]);
  });

  test("gets up to 256 missed events; of more, the newest 32 with recovered: false", async () => {
    for (const [all, recovered, count] of [
      [257, true, 256],
      [258, false, 32],
    ] as const) {
      const { greet, since } = await missed(1, all);
      const anna = await greet(1);
      await anna.say({ type: "subscribe", id: "s", topic: "room/a", since });
      const [subscribed, ...events] = anna.heard();
      expect(subscribed).toMatchObject({ recovered, offset: all });
      expect(events).toHaveLength(count);
      expect(events.at(-1)).toMatchObject({ offset: all });
    }
  });

  test("gets no part of missed events that do not fit into 128 KiB", async () => {
    const { greet, since } = await missed(1, 40, "y".repeat(4_096));
    const anna = await greet(1);
    await anna.say({ type: "subscribe", id: "s", topic: "room/a", since });
    const [subscribed, ...events] = anna.heard();
    expect(subscribed).toMatchObject({ recovered: false, offset: 40 });
    expect(events.length).toBeLessThanOrEqual(31);
    expect(events.at(-1)).toMatchObject({ offset: 40 });
  });

  test.each([
    ["from the future", { offset: 11 }],
    ["of another life of the log", { epoch: "f".repeat(16) }],
  ])("with a cursor %s begins anew", async (_what, change) => {
    const { greet, since } = await missed(3, 10);
    const anna = await greet(1);
    await anna.say({ type: "subscribe", id: "s", topic: "room/a", since: { ...since, ...change } });
    const [subscribed, ...events] = anna.heard();
    expect(subscribed).toMatchObject({ recovered: false, offset: 10 });
    expect(events).toHaveLength(10);
  });

  test("survives its own replay, which fills at most half of the queue", async () => {
    const limits = { queueBytes: 20_000 };
    const within = await missed(1, 10, "z".repeat(900), limits);
    const anna = await within.greet(1);
    await anna.say({ type: "subscribe", id: "s", topic: "room/a", since: within.since });
    expect(anna.heard()[0]).toMatchObject({ recovered: true });

    const beyond = await missed(1, 30, "z".repeat(900), limits);
    const ben = await beyond.greet(1);
    await ben.say({ type: "subscribe", id: "s", topic: "room/a", since: beyond.since });
    const frames = ben.socket.frames.slice(2);
    expect(ben.heard()[0]).toMatchObject({ recovered: false, offset: 30 });
    expect(frames.length).toBeGreaterThan(5);
    expect(frames.join("").length).toBeLessThanOrEqual(10_000);
    expect(frames.at(-1)).toContain('"offset":30');
  });

  test("gets no replay that does not fit beside what already waits for it", async () => {
    const { greet, since } = await missed(1, 10, "z".repeat(900), { queueBytes: 20_000 });
    const anna = await greet(1);
    anna.socket.waiting = 9_500;
    await anna.say({ type: "subscribe", id: "s", topic: "room/a", since });
    expect(anna.heard()).toMatchObject([{ type: "subscribed", recovered: false, offset: 10 }]);
  });

  test("does not get its own publications to others, so it misses their offsets", async () => {
    const { greet } = setUp();
    const [before, ben] = [await greet(1), await greet(2)];
    await before.say({ type: "subscribe", id: "s", topic: "room/a" });
    const [subscribed] = before.heardOf("subscribed");
    await before.say({ ...hi, id: "1", to: "others" });
    await ben.say({ ...hi, id: "2" });
    await before.say({ ...hi, id: "3", to: "all" });
    await before.gone();
    const after = await greet(1);
    const since = { epoch: subscribed?.epoch ?? "", offset: 0 };
    await after.say({ type: "subscribe", id: "s", topic: "room/a", since });
    expect(offsetsOf(after)).toEqual([2, 3]);
    await ben.say({ type: "subscribe", id: "s", topic: "room/a", since });
    expect(offsetsOf(ben)).toEqual([1, 2, 3]);
  });

  test("is not mistaken for another client with the same name", async () => {
    const { greet, world } = setUp();
    world.token = () => "a".repeat(32);
    const [anna, ben] = [await greet(1), await greet(2)];
    expect(anna.session.client?.member).toBe(ben.session.client?.member);
    await anna.say({ ...hi, to: "others" });
    await ben.say({ type: "subscribe", id: "s", topic: "room/a" });
    expect(offsetsOf(ben)).toEqual([1]);
  });
});

test("a client that is replaced while it publishes to others is left out on its new connection too", async () => {
  const log = new SlowLog();
  const { greet } = setUp({}, { cluster: alone(log) });
  const older = await greet(1);
  await older.say({ ...hi, to: "others" });
  const newer = await greet(1);
  await newer.say({ type: "subscribe", id: "s", topic: "room/a" });
  newer.heard();
  await log.complete();
  expect(newer.heard()).toMatchObject([{ type: "ack", re: "1", offset: 1 }]);
});

test("at most 10,000 clients are remembered, and the one that left first is forgotten first", async () => {
  const { greet, inside } = setUp();
  const stays = await greet(1);
  await stays.say(hi);
  const [second, first] = [await greet(2), await greet(3)];
  await second.say(hi);
  await first.say(hi);
  await first.gone();
  await second.gone();
  for (let client = 4; client <= 10_001; client++) {
    const session = { send() {} } as never;
    const arrival = inside.clients.arrive(secret(client), session, undefined);
    if (arrival) inside.clients.leave(arrival.client, session);
  }
  expect(inside.clients.get(secret(1))?.answers.size).toBe(1);
  expect(inside.clients.get(secret(3))).toBeUndefined();
  expect(inside.clients.get(secret(2))?.answers.size).toBe(1);
});

describe("the memory for answers", () => {
  const publish = async (peer: Peer, first: number, last: number): Promise<void> => {
    for (let id = first; id <= last; id++) await peer.say({ ...hi, id: `${id}` });
    peer.heard();
  };
  const unlimited = { burst: 10_000 };
  /** Returns the offset of a publication's ack. A second effect would have a different one. */
  const offsetOf = async (peer: Peer, id: number): Promise<number | undefined> => {
    await peer.say({ ...hi, id: `${id}` });
    return peer.heardOf("ack")[0]?.offset;
  };

  test("is counted, and freed when a client is forgotten", async () => {
    const { greet, hub, world, inside } = setUp();
    const anna = await greet();
    await publish(anna, 1, 3);
    expect(inside.clients.bytes).toBe(memory.client + 3 * memory.answer);
    expect(hub.metrics().body).toContain(`rosetta_remembered_bytes ${inside.clients.bytes}\n`);
    await publish(anna, 2, 2);
    expect(inside.clients.bytes).toBe(memory.client + 3 * memory.answer);
    await publish(anna, 4, 500);
    expect(inside.clients.bytes).toBeLessThanOrEqual(memory.client + 256 * memory.answer);
    await anna.gone();
    await world.pass(120_000);
    expect(inside.clients.bytes).toBe(0);
  });

  test("holds nothing for a publication that was not stored", async () => {
    const log = new SlowLog();
    const { greet, inside } = setUp({}, { cluster: alone(log) });
    const anna = await greet();
    await anna.say(hi);
    await log.refuse();
    expect(inside.clients.bytes).toBe(memory.client);
  });

  test("is freed by forgetting the client that left first, with all its answers", async () => {
    const rememberedBytes = 3 * memory.client + 70 * memory.answer;
    const { greet, inside } = setUp({ limits: { ...unlimited, rememberedBytes } });
    const [first, second, here] = [await greet(1), await greet(2), await greet(3)];
    await publish(first, 1, 30);
    await publish(second, 31, 60);
    await first.gone();
    await second.gone();
    await publish(here, 61, 71);
    expect(inside.clients.get(secret(1))).toBeUndefined();
    expect(inside.clients.get(secret(2))?.answers.size).toBe(30);
    const back = await greet(2);
    expect(await offsetOf(back, 31)).toBe(31);
    expect(await offsetOf(back, 60)).toBe(60);
  });

  test("keeps as many answers of connected clients as they may have requests open", async () => {
    const { greet, inside } = setUp({ limits: { ...unlimited, rememberedBytes: 200 * memory.answer } });
    const [one, two] = [await greet(1), await greet(2)];
    await publish(one, 1, 150);
    await publish(two, 151, 300);
    for (const client of [1, 2]) {
      expect(inside.clients.get(secret(client))?.answers.size).toBeGreaterThanOrEqual(64);
    }
    expect(inside.clients.bytes).toBeLessThanOrEqual(200 * memory.answer);
    for (let id = 87; id <= 150; id++) expect(await offsetOf(one, id)).toBe(id);
    for (let id = 237; id <= 300; id++) expect(await offsetOf(two, id)).toBe(id);
  });

  test("is never freed by forgetting a connected client", async () => {
    const { greet, inside } = setUp({ limits: { ...unlimited, rememberedBytes: 1_024 } });
    const [one, two] = [await greet(1), await greet(2)];
    await publish(one, 1, 100);
    await publish(two, 101, 200);
    expect(inside.clients.get(secret(1))?.answers.size).toBe(64);
    expect(await offsetOf(one, 100)).toBe(100);
    await one.gone();
    const back = await greet(1);
    await publish(back, 201, 201);
    for (const client of [1, 2]) expect(inside.clients.get(secret(client))?.answers.size).toBe(64);
  });

  test("is taken from clients that left before connected clients lose answers, and is counted once", async () => {
    const rememberedBytes = 2 * memory.client + 400 * memory.answer;
    const { greet, inside } = setUp({ limits: { ...unlimited, rememberedBytes } });
    const [left, here] = [await greet(1), await greet(2)];
    await publish(left, 1, 200);
    await left.gone();
    await publish(here, 201, 410);
    expect(inside.clients.get(secret(1))).toBeUndefined();
    expect(inside.clients.get(secret(2))?.answers.size).toBe(210);
    const others = [await greet(3), await greet(4)];
    for (const other of others) await publish(other, 411, 600);
    const sizes = [2, 3, 4].map((client) => inside.clients.get(secret(client))?.answers.size ?? 0);
    const answers = sizes.reduce((sum, size) => sum + size, 0);
    expect(inside.clients.bytes).toBe(3 * memory.client + answers * memory.answer);
    expect(inside.clients.bytes).toBeLessThanOrEqual(rememberedBytes);
  });

  test("is taken from a client that came back as from any other", async () => {
    const rememberedBytes = 2 * memory.client + 300 * memory.answer;
    const { greet, inside } = setUp({ limits: { ...unlimited, rememberedBytes } });
    await publish(await greet(1), 1, 200);
    const [back, other] = [await greet(1), await greet(2)];
    await back.gone();
    await greet(1);
    await publish(other, 201, 310);
    expect(inside.clients.get(secret(1))?.answers.size).toBe(64);
  });
});
