import { describe, expect, test } from "vitest";
import { request, setUp } from "./testing.ts";
import { isPublic, roomOf } from "./topics.ts";

const minutes = 60_000;

describe("rooms", () => {
  test("begin with the first who names them, up to a limit of those in use", async () => {
    const { greet } = setUp({ limits: { rooms: 2 } });
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await anna.say({ type: "subscribe", id: "2", topic: "presence/b" });
    anna.heard();
    for (const topic of ["room/c", "presence/d"]) await anna.say({ type: "subscribe", id: "3", topic });
    await anna.say({ type: "publish", id: "4", topic: "room/e", to: "all", text: "x" });
    const errors = anna.heard();
    expect(errors).toHaveLength(3);
    for (const error of errors) expect(error).toMatchObject({ type: "error", code: "limit" });
    // Those that are there go on, and the refused request may be sent again.
    await anna.say({ type: "publish", id: "4", topic: "room/a", to: "all", text: "x" });
    expect(anna.heard()).toMatchObject([{ type: "event" }, { type: "ack" }]);
  });

  test("are 1,000 if nothing is said", async () => {
    const { hub, greet } = setUp();
    const inUse = [...Array(1_000).keys()].map((room) => hub.topics.open(`room/${room}`));
    const anna = await greet();
    for (const topic of inUse) if (!("code" in topic)) anna.session.follow(topic);
    expect(hub.topics.open("room/1000")).toMatchObject({ code: "limit" });
  });

  test("make way for another, who has been empty longest first", async () => {
    const { hub, world, greet } = setUp({ limits: { rooms: 3 } });
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "room/used" });
    for (const name of ["room/left", "presence/polled"]) {
      hub.topics.open(name);
      await world.pass(1_000);
    }
    // Whoever names a room uses it.
    hub.topics.open("presence/left");
    await world.pass(1_000);
    const { epoch } = hub.log.head("room/polled");
    expect(hub.topics.open("room/new")).toHaveProperty("name");
    expect(hub.topics.get("room/polled")).toBeUndefined();
    expect(hub.topics.get("presence/polled")).toBeUndefined();
    expect(hub.log.head("room/polled").epoch).not.toBe(epoch);
    for (const name of ["room/used", "room/left"]) expect(hub.topics.get(name), name).toBeDefined();
  });

  test("cannot be kept from those who need one by naming others", async () => {
    const { hub, world, greet } = setUp({ limits: { rooms: 10 } });
    const before = world.timers;
    for (let room = 0; room < 1_000; room++) {
      hub.readers.poll(request(`/poll?topic=room/${room}`), "1.1.1.1", ({ status }) =>
        expect(status).toBe(200),
      );
    }
    expect(world.timers).toBe(before + 10);
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    expect(anna.heard()).toMatchObject([{ type: "subscribed" }]);
  });

  test("that are empty begin their two minutes again whenever they are named", async () => {
    const { hub, world } = setUp();
    for (let minute = 0; minute < 5; minute++) {
      hub.topics.open(minute % 2 ? "presence/a" : "room/a");
      await world.pass(2 * minutes - 1);
      expect(hub.topics.get("room/a")).toBeDefined();
    }
    await world.pass(1);
    expect(hub.topics.get("room/a")).toBeUndefined();
  });

  test("that are empty for two minutes are forgotten, their presence and their log with them", async () => {
    const { greet, hub, world } = setUp({ limits: { rooms: 1 } });
    const anna = await greet();
    await anna.say({ type: "publish", id: "1", topic: "room/a", to: "all", text: "x" });
    const { epoch } = hub.log.head("room/a");
    await world.pass(2 * minutes - 1);
    expect(hub.topics.get("room/a")).toBeDefined();
    await world.pass(1);
    expect(hub.topics.get("room/a")).toBeUndefined();
    expect(hub.topics.get("presence/a")).toBeUndefined();
    await anna.say({ type: "subscribe", id: "2", topic: "room/b" });
    expect(anna.heard().at(-1)).toMatchObject({ type: "subscribed" });
    expect(hub.log.head("room/a").epoch).not.toBe(epoch);
  });

  test.each(["room/a", "presence/a"])("that are followed by %s stay", async (topic) => {
    const { greet, hub, world } = setUp();
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic });
    await world.pass(10 * minutes);
    expect(hub.topics.get("room/a")).toBeDefined();
    await anna.say({ type: "unsubscribe", id: "2", topic });
    await world.pass(minutes);
    await anna.say({ type: "subscribe", id: "3", topic });
    await world.pass(10 * minutes);
    expect(hub.topics.get("room/a")).toBeDefined();
    await anna.gone();
    await world.pass(2 * minutes - 1);
    expect(hub.topics.get("room/a")).toBeDefined();
    await world.pass(1);
    expect(hub.topics.get("room/a")).toBeUndefined();
  });

  test("that were left again begin their two minutes again", async () => {
    const { greet, hub, world } = setUp();
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await world.pass(119_000);
    await anna.say({ type: "unsubscribe", id: "2", topic: "room/a" });
    await world.pass(119_000);
    expect(hub.topics.get("room/a")).toBeDefined();
  });

  test("leave nothing behind, however many there were", async () => {
    const { greet, world, hub } = setUp();
    const before = world.timers;
    const anna = await greet();
    for (let room = 0; room < 100; room++) {
      await anna.say({ type: "subscribe", id: "1", topic: `room/${room}` });
    }
    await anna.gone();
    await world.pass(3 * minutes);
    expect(world.timers).toBe(before);
    expect(hub.topics.get("room/1")).toBeUndefined();
  });

  test("that are forgotten while an event is under way stay forgotten", async () => {
    const { hub, world } = setUp();
    hub.topics.open("room/a");
    await world.pass(2 * minutes - 1);
    const { epoch } = hub.log.head("room/a");
    // The append and the forgetting fall together: the event comes to a log that has no topic any more.
    const forget = world.pass(1);
    hub.append("room/b", { data: { kind: "chat", text: "nobody opened this room" } });
    await forget;
    expect(hub.topics.get("room/b")).toBeUndefined();
    expect(hub.log.since("room/b").entries).toEqual([]);
    expect(hub.log.head("room/a").epoch).not.toBe(epoch);
  });

  test("have names that a message could carry; nothing else is one, wherever it comes from", () => {
    expect(roomOf("room/a-1")).toBe("a-1");
    expect(roomOf("presence/a-1")).toBe("a-1");
    const others = [
      "room/",
      "room/A",
      "room/a/b",
      'room/"',
      "room/a\n",
      `room/${"r".repeat(33)}`,
      "xroom/a",
      "room",
    ];
    for (const name of others) expect(roomOf(name), name).toBeUndefined();
    const { hub } = setUp();
    for (const name of [...others, "__proto__", "constructor", ""]) {
      expect(hub.topics.open(name), name).toMatchObject({ code: "not_found" });
    }
  });
});

test("clients publish in rooms, and nowhere else", () => {
  expect(isPublic("room/a")).toBe(true);
  for (const name of ["presence/a", "scores", "log", "job/1", "rooms/a"]) expect(isPublic(name)).toBe(false);
});

describe("the log", () => {
  test.each([
    ["127.0.0.1", [], "subscribed"],
    ["0.0.0.0", [], "forbidden"],
    ["0.0.0.0", ["metrics"], "forbidden"],
    ["0.0.0.0", ["log"], "subscribed"],
  ] as const)("on %s with EXPOSE=%s: %s", async (host, exposed, outcome) => {
    const { greet } = setUp({ host, exposed: new Set(exposed) });
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "log" });
    const [answer] = anna.heard();
    expect(answer?.type === "error" ? answer.code : answer?.type).toBe(outcome);
  });

  test("tells what happens to connections and jobs, but nothing of messages", async () => {
    const { greet, world, hub } = setUp();
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "log" });
    anna.heard();
    const ben = await greet(2);
    await ben.say({ type: "start", id: "1", job: "hash", mebibytes: 3 });
    await ben.say({ type: "publish", id: "2", topic: "room/a", to: "all", text: "x" });
    ben.session.slow();
    await ben.gone(4002);
    await world.pass(1_000);
    const { id: session } = ben.session;
    expect(anna.heardOf("event").map(({ data }) => data)).toEqual([
      { kind: "log", name: "opened", details: { session, endpoint: "/ws" } },
      { kind: "log", name: "job", details: { session, state: "started", mebibytes: 3 } },
      { kind: "log", name: "slow", details: { session, endpoint: "/ws" } },
      { kind: "log", name: "closed", details: { session, endpoint: "/ws", code: 4002 } },
    ]);
    expect(hub.metricsText()).toContain('rosetta_connections{endpoint="/ws"} 1');
  });

  test("tells no more than twenty things a second; the journal has them all", async () => {
    const { greet, connect, world, records } = setUp();
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "log" });
    await world.pass(2_000);
    anna.heard();
    for (let count = 0; count < 100; count++) connect("/echo");
    await world.pass(0);
    expect(anna.heardOf("event")).toHaveLength(20);
    expect(records.filter(({ name }) => name === "opened")).toHaveLength(101);
    await world.pass(500);
    for (let count = 0; count < 100; count++) connect("/echo");
    await world.pass(0);
    expect(anna.heardOf("event")).toHaveLength(10);
  });

  test("does not grow by being read", async () => {
    const { greet, world, hub } = setUp();
    const readers = await Promise.all([1, 2, 3].map((client) => greet(client)));
    for (const reader of readers) await reader.say({ type: "subscribe", id: "1", topic: "log" });
    const { offset } = hub.log.head("log");
    await world.pass(20_000);
    expect(hub.log.head("log").offset).toBe(offset);
  });

  test("is not kept where nobody may read it", async () => {
    const { connect, hub, world } = setUp({ host: "0.0.0.0" });
    connect();
    await world.pass(0);
    expect(hub.log.head("log").offset).toBe(0);
  });
});
