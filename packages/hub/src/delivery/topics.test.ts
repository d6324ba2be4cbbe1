import { Close } from "@rosetta/protocol";
import { describe, expect, test } from "vitest";
import { now, type Peer, request, type Setting, setUp } from "../testing/index.ts";
import { isPublic, roomOf } from "./topics.ts";

const minutes = 60_000;

describe("rooms", () => {
  test("begin when they are first named, up to a limit of rooms in use", async () => {
    const { greet } = setUp({ limits: { rooms: 8 } });
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await anna.say({ type: "subscribe", id: "2", topic: "presence/b" });
    expect(anna.heardOf("subscribed")).toHaveLength(2);
    for (const topic of ["room/c", "presence/d"]) await anna.say({ type: "subscribe", id: "3", topic });
    await anna.say({ type: "publish", id: "4", topic: "room/e", to: "all", text: "x" });
    const errors = anna.heard();
    expect(errors).toHaveLength(3);
    for (const error of errors) expect(error).toMatchObject({ type: "error", code: "limit" });
    // Existing rooms go on, and the refused request may be sent again.
    await anna.say({ type: "publish", id: "4", topic: "room/a", to: "all", text: "x" });
    expect(anna.heard()).toMatchObject([{ type: "event" }, { type: "ack" }]);
  });

  test("are 1,000 by default, 250 of them for one address", async () => {
    const { connect, inside } = setUp();
    for (let room = 0; room < 1_000; room++) {
      const address = `1.1.1.${room % 4}`;
      const topic = now(inside.topics.open(`room/${room}`, address));
      if ("code" in topic) throw new Error(`${room}: ${topic.message}`);
      connect("/ws", address).session.follow(topic);
    }
    for (const host of [0, 1, 2, 3]) {
      const problem = now(inside.topics.ask("room/new", `1.1.1.${host}`));
      expect(problem?.message).toBe("there are too many rooms: at most 250 for one address");
    }
  });

  test("make way for another of the same address, the one empty longest first", async () => {
    const { world, greet, inside } = setUp({ limits: { rooms: 12 } });
    const anna = await greet(1, "1.1.1.1");
    await anna.say({ type: "subscribe", id: "1", topic: "room/used" });
    for (const name of ["room/left", "presence/polled"]) {
      now(inside.topics.open(name, "1.1.1.1"));
      await world.pass(1_000);
    }
    // Naming a room counts as using it.
    now(inside.topics.open("presence/left", "1.1.1.1"));
    await world.pass(1_000);
    const { epoch } = inside.log.head("room/polled");
    expect(now(inside.topics.open("room/new", "1.1.1.1"))).toHaveProperty("name");
    expect(inside.topics.get("room/polled")).toBeUndefined();
    expect(inside.topics.get("presence/polled")).toBeUndefined();
    expect(inside.log.head("room/polled").epoch).not.toBe(epoch);
    for (const name of ["room/used", "room/left"]) expect(inside.topics.get(name), name).toBeDefined();
  });

  test("cannot be kept from others by naming many of them", async () => {
    const { hub, inside, greet } = setUp({ limits: { rooms: 10 } });
    for (let room = 0; room < 1_000; room++) {
      hub.poll(request(`/poll?topic=room/${room}`), `1.1.1.${room % 9}`, ({ status }) =>
        expect(status).toBe(200),
      );
    }
    const rooms = Array.from({ length: 1_000 }, (_, room) => inside.topics.get(`room/${room}`));
    expect(rooms.filter((room) => room !== undefined)).toHaveLength(10);
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    expect(anna.heard()).toMatchObject([{ type: "subscribed" }]);
  });

  test("are not begun by ask()", () => {
    const { hub, world, inside } = setUp();
    const before = world.timers;
    expect(now(inside.topics.ask("room/a", "1.1.1.1"))).toBeUndefined();
    expect(now(hub.events(request("/events?topic=room/a"), "1.1.1.1")).refusal).toBeUndefined();
    expect(inside.topics.get("room/a")).toBeUndefined();
    expect(world.timers).toBe(before);
  });

  test("that are empty begin their two minutes again whenever they are named", async () => {
    const { world, inside } = setUp();
    for (let minute = 0; minute < 5; minute++) {
      now(inside.topics.open(minute % 2 ? "presence/a" : "room/a", "1.1.1.1"));
      await world.pass(2 * minutes - 1);
      expect(inside.topics.get("room/a")).toBeDefined();
    }
    await world.pass(1);
    expect(inside.topics.get("room/a")).toBeUndefined();
  });

  test("that are empty for two minutes are forgotten, together with their presence and log", async () => {
    const { greet, world, inside } = setUp({ limits: { rooms: 4 } });
    const anna = await greet();
    await anna.say({ type: "publish", id: "1", topic: "room/a", to: "all", text: "x" });
    const { epoch } = inside.log.head("room/a");
    await world.pass(2 * minutes - 1);
    expect(inside.topics.get("room/a")).toBeDefined();
    await world.pass(1);
    expect(inside.topics.get("room/a")).toBeUndefined();
    expect(inside.topics.get("presence/a")).toBeUndefined();
    await anna.say({ type: "subscribe", id: "2", topic: "room/b" });
    expect(anna.heard().at(-1)).toMatchObject({ type: "subscribed" });
    expect(inside.log.head("room/a").epoch).not.toBe(epoch);
  });

  test.each(["room/a", "presence/a"])("whose %s is followed stay", async (topic) => {
    const { greet, world, inside } = setUp();
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic });
    await world.pass(10 * minutes);
    expect(inside.topics.get("room/a")).toBeDefined();
    await anna.say({ type: "unsubscribe", id: "2", topic });
    await world.pass(minutes);
    await anna.say({ type: "subscribe", id: "3", topic });
    await world.pass(10 * minutes);
    expect(inside.topics.get("room/a")).toBeDefined();
    await anna.gone();
    await world.pass(2 * minutes - 1);
    expect(inside.topics.get("room/a")).toBeDefined();
    await world.pass(1);
    expect(inside.topics.get("room/a")).toBeUndefined();
  });

  test("that are empty again begin their two minutes again", async () => {
    const { greet, world, inside } = setUp();
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await world.pass(119_000);
    await anna.say({ type: "unsubscribe", id: "2", topic: "room/a" });
    await world.pass(119_000);
    expect(inside.topics.get("room/a")).toBeDefined();
  });

  test("leave nothing behind, however many there were", async () => {
    const { greet, world, inside } = setUp();
    const before = world.timers;
    const anna = await greet();
    for (let room = 0; room < 100; room++) {
      await anna.say({ type: "subscribe", id: "1", topic: `room/${room}` });
    }
    await anna.gone();
    await world.pass(3 * minutes);
    expect(world.timers).toBe(before);
    expect(inside.topics.get("room/1")).toBeUndefined();
  });

  test("that are forgotten while an event is on its way stay forgotten", async () => {
    const { world, inside } = setUp();
    now(inside.topics.open("room/a", "1.1.1.1"));
    await world.pass(2 * minutes - 1);
    const { epoch } = inside.log.head("room/a");
    // The room is forgotten while the append is on its way, so the event reaches a log without that topic.
    const forget = world.pass(1);
    inside.append("room/b", { data: { kind: "chat", text: "nobody opened this room" } });
    await forget;
    expect(inside.topics.get("room/b")).toBeUndefined();
    expect(inside.log.since("room/b").entries).toEqual([]);
    expect(inside.log.head("room/a").epoch).not.toBe(epoch);
  });

  test("have only names that a message could carry, wherever the name comes from", () => {
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
    const { inside } = setUp();
    for (const name of [...others, "__proto__", "constructor", ""]) {
      expect(now(inside.topics.open(name, "1.1.1.1")), name).toMatchObject({ code: "not_found" });
    }
  });
});

describe("rooms of several addresses", () => {
  /** Opens sockets of one address that follow as many rooms as they may. Returns the refused ones. */
  async function squat(
    { greet }: Setting,
    address: string,
    sockets: number,
    prefix: string,
  ): Promise<number> {
    let refused = 0;
    for (let socket = 0; socket < sockets; socket++) {
      const peer = await greet(undefined, address);
      for (let room = 0; room < 128; room++) {
        await peer.say({ type: "subscribe", id: "s", topic: `room/${prefix}-${socket}-${room}` });
      }
      refused += peer.heardOf("error").length;
    }
    return refused;
  }

  async function subscribe(peer: Peer, topic: string): Promise<string> {
    await peer.say({ type: "subscribe", id: topic, topic });
    const answer = peer.heard().find((message) => "re" in message && message.re === topic);
    return answer?.type ?? "nothing";
  }

  test("are not all taken by eight sockets that follow 128 each", async () => {
    const setting = setUp();
    expect(await squat(setting, "6.6.6.6", 8, "s")).toBe(8 * 128 - 250);
    const anna = await setting.greet(1_000, "1.1.1.1");
    for (let room = 0; room < 128; room++) expect(await subscribe(anna, `room/${room}`)).toBe("subscribed");
    expect(now(setting.hub.events(request("/events?topic=room/lobby"), "2.2.2.2")).refusal).toBeUndefined();
  });

  test("are taken from addresses that have more, whose followers are closed with 1013", async () => {
    const setting = setUp({ limits: { rooms: 40 } });
    for (const address of ["6.6.6.1", "6.6.6.2", "6.6.6.3", "6.6.6.4"]) {
      await squat(setting, address, 1, address.replaceAll(".", "-"));
    }
    const anna = await setting.greet(1_000, "1.1.1.1");
    const { hub, inside } = setting;
    expect(inside.topics.get("room/6-6-6-1-0-0")?.sessions.size).toBe(1);
    for (let room = 0; room < 8; room++) expect(await subscribe(anna, `room/${room}`)).toBe("subscribed");
    expect(hub.metrics().body).toContain('rosetta_connections{endpoint="/ws"} 5');
    expect(hub.metrics().body).toMatch(/rosetta_evicted_total [1-4]\n/);
    // No follower goes deaf: every one that lost a room was closed.
    for (let room = 0; room < 10; room++) {
      const topic = inside.topics.get(`room/6-6-6-1-0-${room}`);
      for (const { ws } of topic?.sessions ?? []) {
        expect(ws.session?.topics.has(topic?.name ?? "")).toBe(true);
      }
    }
  });

  test("are taken even in use from the address with most, but only if it keeps as many as the other", async () => {
    const setting = setUp({ limits: { rooms: 4 } });
    const [one, two, three, four] = await Promise.all(
      [1, 2, 3, 4].map((host) => setting.greet(host, `1.1.1.${host}`)),
    );
    for (const [index, peer] of [one, two, three, four].entries()) {
      if (peer) expect(await subscribe(peer, `room/${index}`)).toBe("subscribed");
    }
    const late = await setting.greet(5, "1.1.1.5");
    expect(await subscribe(late, "room/late")).toBe("error");
    await four?.say({ type: "unsubscribe", id: "u", topic: "room/3" });
    expect(await subscribe(late, "room/late")).toBe("subscribed");
  });

  test("keep their history when one address names a thousand others", async () => {
    const { hub, greet, inside } = setUp();
    for (let room = 0; room < 400; room++) {
      const author = await greet(undefined, `1.1.${room % 4}.1`);
      await author.say({ type: "publish", id: "1", topic: `room/${room}`, to: "all", text: "x" });
      await author.gone();
    }
    const epochs = Array.from({ length: 400 }, (_, room) => inside.log.head(`room/${room}`).epoch);
    for (let room = 0; room < 1_000; room++) {
      hub.poll(request(`/poll?topic=room/named-${room}`), "6.6.6.6", () => {});
    }
    expect(epochs.map((_, room) => inside.log.head(`room/${room}`).epoch)).toEqual(epochs);
  });

  test("keep their history when the same address names a thousand others", async () => {
    const { hub, greet, inside } = setUp();
    const author = await greet();
    await author.say({ type: "publish", id: "1", topic: "room/a", to: "all", text: "x" });
    const { epoch } = inside.log.head("room/a");
    for (let room = 0; room < 1_000; room++) {
      hub.poll(request(`/poll?topic=room/named-${room}`), "127.0.0.1", () => {});
    }
    expect(inside.log.head("room/a").epoch).toBe(epoch);
  });

  test("in which nothing was said make way first, no matter who began them", async () => {
    const { greet, inside } = setUp({ limits: { rooms: 4 } });
    const [one, two] = [await greet(1, "1.1.1.1"), await greet(2, "1.1.1.2")];
    await one.say({ type: "publish", id: "1", topic: "room/written", to: "all", text: "x" });
    now(inside.topics.open("room/blank", "1.1.1.3"));
    await two.say({ type: "publish", id: "1", topic: "room/too", to: "all", text: "x" });
    now(inside.topics.open("room/another", "1.1.1.4"));
    now(inside.topics.open("room/new", "1.1.1.5"));
    expect(inside.topics.get("room/blank")).toBeUndefined();
    for (const name of ["written", "too", "another", "new"]) {
      expect(inside.topics.get(`room/${name}`), name).toBeDefined();
    }
  });

  test("count for another address that uses them once the one that began them has left", async () => {
    const { greet, inside } = setUp({ limits: { rooms: 4 } });
    const [one, two] = [await greet(1, "1.1.1.1"), await greet(2, "1.1.1.2")];
    for (const peer of [one, two]) expect(await subscribe(peer, "room/a")).toBe("subscribed");
    expect(now(inside.topics.ask("room/b", "1.1.1.1"))?.code).toBe("limit");
    expect(now(inside.topics.ask("room/b", "1.1.1.2"))).toBeUndefined();
    await one.gone();
    expect(now(inside.topics.ask("room/b", "1.1.1.1"))).toBeUndefined();
    expect(now(inside.topics.ask("room/b", "1.1.1.2"))?.code).toBe("limit");
  });

  test("cannot be kept from everybody by two addresses that share all of theirs", async () => {
    const { greet, inside } = setUp({ limits: { rooms: 8 } });
    const [one, two] = [await greet(1, "6.6.6.1"), await greet(2, "6.6.6.2")];
    for (let room = 0; room < 8; room++) {
      const topic = `room/${room}`;
      for (const peer of [one, two]) expect(await subscribe(peer, topic)).toBe("subscribed");
      // The room now counts for the other address. No share is checked when a room changes hands.
      await one.say({ type: "unsubscribe", id: "u", topic });
      expect(await subscribe(one, topic)).toBe("subscribed");
    }
    const late = await greet(3, "1.1.1.1");
    expect(await subscribe(late, "room/late")).toBe("subscribed");
    expect(inside.topics.get("room/late")?.sessions.size).toBe(1);
  });

  test("that made way and are begun again ignore followers that leave late", async () => {
    const { greet, connect, inside } = setUp({ limits: { rooms: 8 } });
    const squatter = await greet(1, "6.6.6.1");
    for (const name of ["a", "b"]) await subscribe(squatter, `room/${name}`);
    for (const host of [1, 2, 3]) {
      for (const name of ["a", "b"]) {
        const topic = now(inside.topics.open(`room/${host}${name}`, `2.2.2.${host}`));
        if (!("code" in topic)) connect("/ws", `2.2.2.${host}`).session.follow(topic);
      }
    }
    const late = await greet(2, "1.1.1.1");
    expect(await subscribe(late, "room/late")).toBe("subscribed");
    expect(squatter.socket.closing?.code).toBe(Close.TryAgainLater);
    // A peer that has not answered the close frame yet no longer follows the room.
    expect([...squatter.session.topics.keys()]).toEqual(["room/b"]);
    await squatter.gone(1013);
    expect(await subscribe(late, "room/a")).toBe("subscribed");
    expect(inside.topics.get("room/a")?.sessions.size).toBe(1);
  });

  test("that made way are in nobody's share, even if somebody leaves them later", () => {
    const { inside } = setUp({ limits: { rooms: 4 } });
    const topic = now(inside.topics.open("room/a", "6.6.6.1"));
    if ("code" in topic) throw new Error(topic.message);
    inside.topics.joined(topic, "6.6.6.1");
    inside.topics.left(topic, "6.6.6.1");
    now(inside.topics.open("room/b", "6.6.6.1"));
    expect(inside.topics.get("room/a")).toBeUndefined();
    inside.topics.left(topic, "6.6.6.1");
    for (const host of [2, 3, 4]) now(inside.topics.open("room/c", `6.6.6.${host}`));
    for (const name of ["d", "e"]) now(inside.topics.open(`room/${name}`, "6.6.6.1"));
    for (const name of ["b", "d"]) expect(inside.topics.get(`room/${name}`), name).toBeUndefined();
    expect(inside.topics.get("room/e")).toBeDefined();
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

  test("records what happens to connections and jobs, but no messages", async () => {
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
    expect(hub.metrics().body).toContain('rosetta_connections{endpoint="/ws"} 1');
  });

  test("gets at most twenty records a second, while the journal gets them all", async () => {
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

  test("has a limit, whatever strangers do: 500 records at once and 20 a second, the rest only counted", async () => {
    const { connect, hub, world, records } = setUp();
    await world.pass(100_000);
    for (let count = 0; count < 600; count++) connect("/echo");
    for (let count = 0; count < 400; count++)
      hub.admit(request("/", { origin: "http://evil.com" }), "6.6.6.6");
    expect(records).toHaveLength(500);
    expect(hub.metrics().body).toContain("rosetta_records_lost_total 500\n");
    await world.pass(1_000);
    for (let count = 0; count < 100; count++) connect("/echo");
    expect(records).toHaveLength(520);
  });

  test("has a separate limit for failures", async () => {
    const { connect, hub, failures, inside } = setUp();
    for (let count = 0; count < 600; count++) connect("/echo");
    for (let count = 0; count < 600; count++) inside.failed(new Error("a mistake"));
    expect(failures).toHaveLength(500);
    expect(hub.metrics().body).toContain("rosetta_failures_total 600\n");
    expect(hub.metrics().body).toContain("rosetta_records_lost_total 200\n");
  });

  test("gets no more records after a standstill of the process than otherwise", async () => {
    const { greet, connect, world } = setUp();
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "log" });
    await world.pass(2_000);
    anna.heard();
    world.stall(10_000);
    for (let count = 0; count < 100; count++) connect("/echo");
    await world.pass(0);
    expect(anna.heardOf("event")).toHaveLength(20);
  });

  test("does not grow by being read", async () => {
    const { greet, world, inside } = setUp();
    const readers = await Promise.all([1, 2, 3].map((client) => greet(client)));
    for (const reader of readers) await reader.say({ type: "subscribe", id: "1", topic: "log" });
    const { offset } = inside.log.head("log");
    await world.pass(20_000);
    expect(inside.log.head("log").offset).toBe(offset);
  });

  test("is not kept where nobody may read it", async () => {
    const { connect, world, inside } = setUp({ host: "0.0.0.0" });
    connect();
    await world.pass(0);
    expect(inside.log.head("log").offset).toBe(0);
  });
});
