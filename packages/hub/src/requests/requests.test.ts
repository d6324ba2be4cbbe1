import { Close } from "@rosetta/protocol";
import { describe, expect, test } from "vitest";
import { type Peer, secret, setUp } from "../testing/index.ts";

describe("echo and ping", () => {
  test("are answered under their id", async () => {
    const { greet, world } = setUp();
    const anna = await greet();
    await anna.say({ type: "echo", id: "1", text: "ä\u0000\n" });
    await anna.say({ type: "ping", id: "2", at: -1.5 });
    expect(anna.heard()).toEqual([
      { type: "echo", re: "1", text: "ä\u0000\n" },
      { type: "pong", re: "2", at: -1.5, serverAt: world.date() },
    ]);
  });
});

describe("subscribe", () => {
  test("gets subscribed, then the replay, then live events", async () => {
    const { greet } = setUp();
    const [anna, ben] = [await greet(), await greet()];
    for (const id of ["1", "2"]) {
      await ben.say({ type: "publish", id, topic: "room/a", to: "all", text: id });
    }
    await anna.say({ type: "subscribe", id: "s", topic: "room/a" });
    await ben.say({ type: "publish", id: "3", topic: "room/a", to: "all", text: "3" });
    const [subscribed, ...events] = anna.heard();
    expect(subscribed).toEqual({
      type: "subscribed",
      re: "s",
      topic: "room/a",
      mode: "stream",
      epoch: expect.stringMatching(/^[0-9a-f]{16}$/),
      offset: 2,
      recovered: false,
    });
    expect(events).toMatchObject([
      { type: "event", offset: 1, data: { kind: "chat", text: "1" } },
      { type: "event", offset: 2, data: { kind: "chat", text: "2" } },
      { type: "event", offset: 3, data: { kind: "chat", text: "3" } },
    ]);
  });

  test.each([
    ["not_found", "nowhere"],
    ["not_found", "weather"],
    ["not_found", "weather/atlantis"],
    ["not_found", "job/000000000000"],
    ["not_found", "scores/x"],
    ["not_found", "log/x"],
  ])("%s for %s", async (code, topic) => {
    const { greet } = setUp();
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic });
    expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code }]);
  });

  test.each(["weather/berlin", "weather/tokyo", "presence/a"])(
    "to %s gets only the newest event",
    async (topic) => {
      const { greet } = setUp();
      const anna = await greet();
      await anna.say({ type: "subscribe", id: "1", topic });
      expect(anna.heard()).toMatchObject([{ type: "subscribed", mode: "latest" }]);
    },
  );

  test.each(["scores", "log", "room/a"])("to %s gets every event", async (topic) => {
    const { greet } = setUp();
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic });
    expect(anna.heard()[0]).toMatchObject({ type: "subscribed", mode: "stream" });
  });

  test("has a limit of topics per socket, each counted once however often it is asked for", async () => {
    const { greet } = setUp({ limits: { topics: 2 } });
    const anna = await greet();
    for (const topic of ["scores", "weather/quito", "room/a", "scores"]) {
      await anna.say({ type: "subscribe", id: topic, topic });
    }
    expect(anna.heard().map(({ type }) => type)).toEqual(["subscribed", "subscribed", "error", "subscribed"]);
    await anna.say({ type: "unsubscribe", id: "1", topic: "scores" });
    await anna.say({ type: "subscribe", id: "2", topic: "room/a" });
    expect(anna.heard().map(({ type }) => type)).toEqual(["ack", "subscribed"]);
  });

  test("has a default limit of 128 topics", async () => {
    const { greet } = setUp();
    const anna = await greet();
    for (let room = 0; room < 129; room++) {
      await anna.say({ type: "subscribe", id: "1", topic: `room/${room}` });
    }
    expect(anna.heardOf("error")).toMatchObject([{ code: "limit" }]);
  });

  test("twice to one topic does not duplicate later events", async () => {
    const { greet, world } = setUp();
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "0", topic: "presence/a" });
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await world.pass(2_000);
    anna.heard();
    await anna.say({ type: "subscribe", id: "2", topic: "room/a" });
    await anna.say({ type: "publish", id: "3", topic: "room/a", to: "all", text: "x" });
    await world.pass(2_000);
    expect(anna.heard().map(({ type }) => type)).toEqual(["subscribed", "event", "ack"]);
  });
});

describe("unsubscribe", () => {
  test("gets an ack, and no event of the topic comes after it", async () => {
    const { greet, port } = setUp();
    const [anna, ben] = [await greet(), await greet()];
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await ben.say({ type: "publish", id: "1", topic: "room/a", to: "all", text: "x" });
    anna.heard();
    // The publication is on its way when its reader leaves.
    ben.say({ type: "publish", id: "2", topic: "room/a", to: "all", text: "y" });
    await anna.say({ type: "unsubscribe", id: "2", topic: "room/a" });
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "2", topic: "room/a", offset: 1 }]);
    expect(port.topics.get("room/a")?.size).toBe(0);
  });

  test("from a topic that the client does not follow is not_found", async () => {
    const { greet } = setUp();
    const anna = await greet();
    await anna.say({ type: "unsubscribe", id: "1", topic: "scores" });
    expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "not_found" }]);
  });
});

describe("publish", () => {
  test.each(["scores", "weather/berlin", "presence/a", "log", "job/0", "nowhere", "room", "rooms/a"])(
    "in %s is forbidden",
    async (topic) => {
      const { greet, inside } = setUp();
      const anna = await greet();
      await anna.say({ type: "publish", id: "1", topic, to: "all", text: "x" });
      expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "forbidden" }]);
      expect(inside.topics.get(topic === "presence/a" ? "room/a" : "none")).toBeUndefined();
    },
  );

  test("to all reaches everybody, its author before the ack", async () => {
    const { greet } = setUp();
    const [anna, ben] = [await greet(), await greet()];
    for (const peer of [anna, ben]) await peer.say({ type: "subscribe", id: "s", topic: "room/a" });
    const [{ member }] = [anna.session.client ?? { member: "" }];
    anna.heard();
    ben.heard();
    await anna.say({ type: "publish", id: "1", topic: "room/a", to: "all", text: "x" });
    const event = { type: "event", offset: 1, from: member, to: "all", data: { kind: "chat", text: "x" } };
    expect(anna.heard()).toMatchObject([event, { type: "ack", re: "1", topic: "room/a", offset: 1 }]);
    expect(ben.heard()).toMatchObject([event]);
  });

  test("to others leaves out its author, which gets the ack in the event's place", async () => {
    const { greet } = setUp();
    const [anna, ben] = [await greet(), await greet()];
    for (const peer of [anna, ben]) await peer.say({ type: "subscribe", id: "s", topic: "room/a" });
    anna.heard();
    ben.heard();
    ben.say({ type: "publish", id: "1", topic: "room/a", to: "all", text: "before" });
    anna.say({ type: "publish", id: "2", topic: "room/a", to: "others", text: "x" });
    await ben.say({ type: "publish", id: "3", topic: "room/a", to: "all", text: "after" });
    expect(anna.heard()).toMatchObject([
      { type: "event", offset: 1 },
      { type: "ack", re: "2", offset: 2 },
      { type: "event", offset: 3 },
    ]);
    expect(ben.heardOf("event").map(({ offset }) => offset)).toEqual([1, 2, 3]);
  });

  test("needs no subscription", async () => {
    const { greet } = setUp();
    const anna = await greet();
    await anna.say({ type: "publish", id: "1", topic: "room/a", to: "all", text: "x" });
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "1", offset: 1 }]);
  });

  test("never reveals the client's secret", async () => {
    const { greet, records } = setUp({ chaos: true });
    const [anna, ben] = [await greet(7), await greet(8)];
    for (const topic of ["room/a", "presence/a", "log"])
      await ben.say({ type: "subscribe", id: topic, topic });
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await anna.say({ type: "publish", id: "2", topic: "room/a", to: "all", text: "x" });
    await anna.gone();
    const everything = JSON.stringify([...ben.socket.frames, ...anna.socket.frames, records]);
    expect(everything).not.toContain(secret(7));
    expect(everything).not.toContain(secret(8));
  });
});

describe("stop", () => {
  test("gets a final bye and close 1000", async () => {
    const { greet } = setUp();
    const anna = await greet();
    await anna.say({ type: "stop", id: "1" });
    expect(anna.heard()).toEqual([{ type: "bye", re: "1", code: 1000, final: true }]);
    expect(anna.socket.closing?.code).toBe(Close.Normal);
  });
});

describe("chaos", () => {
  test("is forbidden unless the server was started for it", async () => {
    const { greet } = setUp();
    const anna = await greet();
    for (const order of ["close", "terminate", "flood", "throw"] as const) {
      await anna.say({ type: "chaos", id: order, do: order });
    }
    const errors = anna.heard();
    expect(errors).toHaveLength(4);
    for (const error of errors) expect(error).toMatchObject({ type: "error", code: "forbidden" });
    expect(anna.session.isOpen).toBe(true);
  });

  test.each([1000, 1001, 1002, 1003, 1007, 1008, 1011, 1012, 1014, 3000, 4000, 4999])(
    "closes with %d",
    async (code) => {
      const { greet } = setUp({ chaos: true });
      const anna = await greet();
      await anna.say({ type: "chaos", id: "1", do: "close", code });
      expect(anna.socket.closing?.code).toBe(code);
    },
  );

  test.each([1004, 1005, 1006, 1015, 1016, 2999])(
    "cannot close with %d, which is never sent",
    async (code) => {
      const { greet } = setUp({ chaos: true });
      const anna = await greet();
      await anna.say({ type: "chaos", id: "1", do: "close", code });
      expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "invalid" }]);
      expect(anna.session.isOpen).toBe(true);
    },
  );

  test.each([
    ["is gone", (peer: Peer) => peer.gone()],
    ["is being closed", async (peer: Peer) => peer.session.slow()],
  ])("stops a flood when the client that asked for it %s", async (_what, end) => {
    const { greet, world, inside } = setUp({ chaos: true });
    const [anna, ben] = [await greet(), await greet()];
    await ben.say({ type: "subscribe", id: "s", topic: "room/flood" });
    await anna.say({ type: "chaos", id: "1", do: "flood", mebibytes: 16 });
    await end(anna);
    await world.pass(1_000);
    const { offset } = inside.log.head("room/flood");
    expect(offset).toBeGreaterThan(0);
    expect(offset).toBeLessThan(100);
  });

  test("closes with 1000 by default, or cuts the connection", async () => {
    const { greet } = setUp({ chaos: true });
    const [anna, ben] = [await greet(), await greet()];
    await anna.say({ type: "chaos", id: "1", do: "close" });
    expect(anna.socket.closing?.code).toBe(1000);
    await ben.say({ type: "chaos", id: "1", do: "terminate" });
    expect(ben.socket.isTerminated).toBe(true);
  });

  test("floods a room with the given MiB, in order, for all its followers", async () => {
    const { greet, world } = setUp({ chaos: true });
    const anna = await greet();
    await anna.say({ type: "subscribe", id: "1", topic: "room/flood" });
    await anna.say({ type: "chaos", id: "2", do: "flood", mebibytes: 2 });
    await world.pass(1_000);
    const [, ack, ...events] = anna.heard();
    expect(ack).toMatchObject({ type: "ack", re: "2", topic: "room/flood", offset: 0 });
    expect(events).toHaveLength(512);
    expect(events.at(-1)).toMatchObject({ type: "event", offset: 512 });
  });

  test("stops flooding when the server shuts down", async () => {
    const { greet, world, hub, inside } = setUp({ chaos: true });
    const anna = await greet();
    await anna.say({ type: "chaos", id: "2", do: "flood", mebibytes: 256 });
    hub.drain();
    await world.pass(10_000);
    expect(inside.log.head("room/flood").offset).toBeLessThan(100);
  });
});
