// What fails, and what happens then: a row of the table in the README each, and what goes well across servers.
import { createExtras } from "@rosetta/hub/extras";
import { openSessionOf, Socket, secret, settled, World } from "@rosetta/hub/testing";
import {
  type ClientMessage,
  type EventData,
  encode,
  parseServer,
  type ServerMessage,
} from "@rosetta/protocol";
import { describe, expect, test } from "vitest";
import { SimulatedServer } from "./simulation/servers.ts";
import { FakeEngine } from "./testing/fake-engine.ts";
import { FakeStore } from "./testing/fake-store.ts";

/** A client's end of a connection to one of the servers. */
class Guest {
  readonly socket = new Socket();
  #heard = 0;

  constructor(server: SimulatedServer) {
    server.sockets.add(this.socket);
    openSessionOf(server.part, this.socket);
  }

  say(message: ClientMessage): void {
    this.socket.session?.text(encode(message));
  }

  /** Returns the messages since the last call. */
  heard(): ServerMessage[] {
    const frames = this.socket.frames.slice(this.#heard);
    this.#heard = this.socket.frames.length;
    return frames.flatMap((frame) => parseServer(frame).message ?? []);
  }

  texts(): string[] {
    return this.heard().flatMap((each) =>
      each.type === "event" && each.data.kind === "chat" ? [each.data.text] : [],
    );
  }

  gone(code = 1006): void {
    this.socket.session?.closed(code);
  }
}

/** Two servers above one engine, which takes no time unless a test says so. */
async function setUp(extras = createExtras()) {
  const world = new World();
  const engine = new FakeEngine(world, () => 0.5);
  const start = (name: string) => new SimulatedServer(world, engine, name, extras);
  const [one, two] = [start("one"), start("two")];
  await world.pass(100);
  let sessions = 0;
  const meet = async (server: SimulatedServer, client: number, connection?: number) => {
    const guest = new Guest(server);
    guest.say({ type: "hello", id: "hello", client: secret(client), connection });
    await world.pass(20);
    sessions += 1;
    return guest;
  };
  const join = async (server: SimulatedServer, client: number, topic = "room/a") => {
    const guest = await meet(server, client);
    guest.say({ type: "subscribe", id: "s", topic });
    await world.pass(50);
    guest.heard();
    return guest;
  };
  return { world, engine, one, two, start, meet, join, sessions };
}

function publish(guest: Guest, text: string, id = text, to: "all" | "others" = "all"): void {
  guest.say({ type: "publish", id, topic: "room/a", to, text });
}

/** The member counts that a guest has received since the last call. */
function countsOf(guest: Guest): number[] {
  const events = guest.heard().flatMap((each) => (each.type === "event" ? [each.data] : []));
  return events.flatMap((data) => (data.kind === "presence" ? [data.count] : []));
}

/** The job states that a guest has received since the last call. */
function statesOf(guest: Guest): string[] {
  const events = guest.heard().flatMap((each) => (each.type === "event" ? [each.data] : []));
  return events.flatMap((data) => (data.kind === "progress" ? [data.state] : []));
}

describe("across servers", () => {
  test("a line said at one is read at the other, in the same place", async () => {
    const { world, one, two, join } = await setUp();
    const [anna, ben] = [await join(one, 1), await join(two, 2)];
    publish(anna, "hi");
    await world.pass(20);
    const [event] = ben.heard();
    expect(event).toMatchObject({ type: "event", offset: 1, data: { text: "hi" } });
    expect(anna.heard()).toEqual([event, expect.objectContaining({ type: "ack", offset: 1 })]);
  });

  test("a publication to others does not come back to its author, wherever the author is by then", async () => {
    const { world, one, two, join } = await setUp();
    const before = await join(one, 1);
    publish(before, "hi", "1", "others");
    before.gone();
    await world.pass(20);
    const after = await join(two, 1);
    publish(after, "again", "2", "others");
    await world.pass(20);
    expect(after.heard()).toMatchObject([{ type: "ack", re: "2", offset: 2 }]);
  });

  test("the same request elsewhere has no second effect, and another body is a conflict", async () => {
    const { world, one, two, join } = await setUp();
    const before = await join(one, 1);
    publish(before, "hi", "1");
    await world.pass(20);
    before.gone();
    const after = await join(two, 1);
    publish(after, "hi", "1");
    publish(after, "ho", "1");
    await world.pass(20);
    const replies = after.heard().toSorted((one, other) => (one.type < other.type ? -1 : 1));
    expect(replies).toMatchObject([
      { type: "ack", re: "1", offset: 1 },
      { type: "error", re: "1", code: "conflict" },
    ]);
  });

  test("a client is known elsewhere, by the same name, and its older connection is closed with 4509", async () => {
    const { world, one, two, meet } = await setUp();
    const before = await meet(one, 1, 1);
    const [first] = before.heard();
    const after = await meet(two, 1, 2);
    await world.pass(20);
    const [second] = after.heard();
    expect(first).toMatchObject({ type: "welcome", known: false });
    expect(second).toMatchObject({
      type: "welcome",
      known: true,
      member: (first as { member: string }).member,
    });
    expect(before.socket.closing?.code).toBe(4509);
    const late = await meet(one, 1, 1);
    expect(late.socket.closing?.code).toBe(4509);
    expect(after.socket.closing).toBeUndefined();
  });

  test("of two connections of a client that come at the same moment, the older one is closed", async () => {
    const { world, one, two } = await setUp();
    const [before, after] = [new Guest(one), new Guest(two)];
    for (const [guest, connection] of [
      [before, 1],
      [after, 2],
    ] as const)
      guest.say({ type: "hello", id: "hello", client: secret(1), connection });
    await world.pass(100);
    expect(before.socket.closing?.code).toBe(4509);
    expect(after.heard()).toMatchObject([{ type: "welcome" }]);
    expect(after.socket.closing).toBeUndefined();
  });

  test("the beat notices a replacement that no message has reported", async () => {
    const { world, one, two, meet } = await setUp();
    const before = await meet(one, 1, 1);
    one.link.isDeaf = true;
    await meet(two, 1, 2);
    await world.pass(20);
    expect(before.socket.closing).toBeUndefined();
    await world.pass(40_000);
    expect(before.socket.closing?.code).toBe(4509);
  });

  test("presence counts every member once, on both servers", async () => {
    const { world, one, two, join } = await setUp();
    const [anna, ben] = [await join(one, 1), await join(two, 2)];
    for (const guest of [anna, ben]) guest.say({ type: "subscribe", id: "p", topic: "presence/a" });
    await join(one, 3);
    await world.pass(2_000);
    for (const guest of [anna, ben]) {
      const events = guest.heard().filter((each) => each.type === "event");
      expect(events.at(-1)).toMatchObject({ data: { kind: "presence", count: 3 } });
    }
  });

  test("the weather and the match are told once a second, by whichever server is first", async () => {
    const { world, one, two, engine } = await setUp();
    for (const { part } of [one, two]) part.services.extras.begin();
    await world.pass(10_000);
    expect(engine.store.topic("scores")?.offset).toBe(10);
    expect(engine.store.topic("weather/quito")?.offset).toBe(10);
  });

  test("a job is followed and cancelled from elsewhere, but not by a stranger, and not started twice", async () => {
    const { world, one, two, meet } = await setUp();
    const anna = await meet(one, 1);
    anna.say({ type: "start", id: "1", job: "hash", mebibytes: 40 });
    await world.pass(20);
    const ack = anna.heard().find((each) => each.type === "ack");
    const topic = ack?.topic ?? "";
    anna.gone();
    const again = await meet(two, 1);
    again.heard();
    again.say({ type: "start", id: "1", job: "hash", mebibytes: 40 });
    again.say({ type: "subscribe", id: "2", topic });
    const stranger = await meet(two, 2);
    stranger.heard();
    stranger.say({ type: "cancel", id: "1", topic });
    await world.pass(20);
    expect(again.heard()).toMatchObject([
      { type: "ack", re: "1", topic, offset: 0 },
      { type: "subscribed", re: "2" },
      { type: "event", data: { state: "running", done: 0 } },
    ]);
    expect(world.works).toHaveLength(1);
    expect(stranger.heard()).toMatchObject([{ type: "error", re: "1", code: "forbidden" }]);
    again.say({ type: "cancel", id: "3", topic });
    await world.pass(20);
    world.works[0]?.do(1);
    await world.pass(20);
    expect(again.heard()).toMatchObject([
      { type: "ack", re: "3", topic, offset: 1 },
      { type: "event", data: { state: "cancelled", done: 1 } },
    ]);
  });

  test("a job that is nowhere is not found", async () => {
    const { world, one, meet } = await setUp();
    const anna = await meet(one, 1);
    anna.heard();
    anna.say({ type: "subscribe", id: "1", topic: "job/0123456789ab" });
    anna.say({ type: "cancel", id: "2", topic: "job/0123456789ab" });
    await world.pass(20);
    expect(anna.heard()).toMatchObject([
      { type: "error", re: "1", code: "not_found" },
      { type: "error", re: "2", code: "not_found" },
    ]);
  });
});

test("a publication whose answer is lost, but not its message, has one reply", async () => {
  const { world, one, join } = await setUp();
  const anna = await join(one, 1);
  one.link.lostAnswers = 1;
  publish(anna, "hi");
  await world.pass(5_000);
  expect(anna.heard()).toMatchObject([{ type: "event" }, { type: "ack" }]);
});

test("a member that two servers know for a moment counts once", async () => {
  const { world, one, two, join, meet } = await setUp();
  const watcher = await join(two, 2, "presence/a");
  await join(one, 1);
  one.link.isDeaf = true;
  const again = await meet(two, 1);
  again.say({ type: "subscribe", id: "s", topic: "room/a" });
  await world.pass(1_000);
  const last = watcher
    .heard()
    .filter((each) => each.type === "event")
    .at(-1);
  expect(last).toMatchObject({ data: { kind: "presence", count: 1 } });
});

describe("if a message is lost", () => {
  test("the next event shows it, and the hole is filled in 50 ms", async () => {
    const { world, one, two, join } = await setUp();
    const [anna, ben] = [await join(one, 1), await join(two, 2)];
    two.link.lostMessages = 1;
    publish(anna, "lost");
    await world.pass(20);
    publish(anna, "next");
    await world.pass(20);
    expect(ben.texts()).toEqual([]);
    await world.pass(60);
    expect(ben.texts()).toEqual(["lost", "next"]);
  });

  test("the answer to an own append shows it, and the ack waits for its place", async () => {
    const { world, one, two, join } = await setUp();
    const [anna, ben] = [await join(one, 1), await join(two, 2)];
    two.link.lostMessages = 2;
    publish(anna, "lost");
    await world.pass(20);
    publish(ben, "mine");
    await world.pass(100);
    expect(ben.heard()).toMatchObject([
      { type: "event", offset: 1 },
      { type: "event", offset: 2 },
      { type: "ack", offset: 2 },
    ]);
  });

  test("the beat shows it within a second, if nothing else does", async () => {
    const { world, one, two, join } = await setUp();
    const [anna, ben] = [await join(one, 1), await join(two, 2)];
    two.link.lostMessages = 1;
    publish(anna, "lost");
    await world.pass(1_100);
    expect(ben.texts()).toEqual(["lost"]);
  });
});

test("a server that has become deaf is late by a second, and connects again after three beats", async () => {
  const { world, one, two, join } = await setUp();
  const [anna, ben] = [await join(one, 1), await join(two, 2)];
  two.link.isDeaf = true;
  for (let count = 1; count <= 6; count++) {
    publish(anna, `${count}`);
    await world.pass(1_000);
  }
  expect(ben.texts()).toHaveLength(6);
  expect(two.link.isDeaf).toBe(false);
});

test("a connection on which nothing comes back is given up after three beats", async () => {
  const { world, one, two, join } = await setUp();
  const [anna, ben] = [await join(one, 1), await join(two, 2)];
  one.link.lostAnswers = 3;
  one.link.lostMessages = 1;
  let resets = 0;
  const { reset } = one.link;
  one.link.reset = () => {
    resets += 1;
    reset.call(one.link);
  };
  publish(ben, "hi");
  await world.pass(6_000);
  expect(resets).toBe(0);
  await world.pass(4_000);
  expect(resets).toBe(1);
  expect(anna.texts()).toEqual(["hi"]);
});

test("a reader that comes from a server that is ahead waits until this one has caught up", async () => {
  const { world, one, two, join, meet } = await setUp();
  const [anna] = [await join(one, 1), await join(two, 2)];
  two.link.isDeaf = true;
  publish(anna, "hi");
  await world.pass(20);
  const [event] = anna.heard().filter((each) => each.type === "event");
  const since = { epoch: event?.epoch ?? "", offset: 1 };
  const carl = await meet(two, 3);
  carl.heard();
  carl.say({ type: "subscribe", id: "1", topic: "room/a", since });
  await world.pass(20);
  expect(carl.heard()).toMatchObject([{ type: "subscribed", recovered: true, offset: 1 }]);
});

test("if the connection is cut, events from the outage are there when it is back, and so is the one under way", async () => {
  const { world, one, two, join } = await setUp();
  const [anna, ben] = [await join(one, 1), await join(two, 2)];
  publish(ben, "under way");
  two.link.cut(300);
  publish(anna, "meanwhile");
  publish(ben, "while away");
  await world.pass(600);
  expect(ben.texts().toSorted()).toEqual(["meanwhile", "under way", "while away"]);
  expect(ben.socket.closing).toBeUndefined();
  await world.pass(100);
  expect(anna.texts()).toHaveLength(3);
});

test("if the engine stands still for 5 s, a request is unavailable after 2 s, and its repetition has no second effect", async () => {
  const { world, one, join, engine } = await setUp();
  const anna = await join(one, 1);
  engine.freeze(5_000);
  publish(anna, "hi", "1");
  await world.pass(1_900);
  expect(anna.heard()).toEqual([]);
  await world.pass(200);
  expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "unavailable", retryAfterMs: 1_000 }]);
  await world.pass(2_500);
  // By now it is known, so nobody has to wait any more.
  publish(anna, "hi", "1");
  await world.pass(0);
  expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "unavailable" }]);
  await world.pass(2_000);
  publish(anna, "hi", "1");
  await world.pass(100);
  expect(anna.heard()).toMatchObject([
    { type: "event", offset: 1 },
    { type: "ack", re: "1", offset: 1 },
  ]);
});

describe("if the engine is killed", () => {
  test("and comes back with everything, the epoch is another one, the events are there, and everybody is told", async () => {
    const { world, one, two, join, engine, meet } = await setUp();
    const [anna, ben] = [await join(one, 1), await join(two, 2)];
    publish(anna, "kept");
    await world.pass(20);
    const [before] = ben.heard();
    engine.crash("whole", 100);
    await world.pass(1_500);
    const [after] = ben.heard();
    expect(after).toMatchObject({ type: "event", offset: 1, data: { text: "kept" } });
    expect(after).not.toMatchObject({ epoch: (before as { epoch: string }).epoch });
    const carl = await meet(one, 3);
    carl.heard();
    const since = { epoch: (before as { epoch: string }).epoch, offset: 1 };
    carl.say({ type: "subscribe", id: "1", topic: "room/a", since });
    await world.pass(20);
    expect(carl.heard()).toMatchObject([
      { type: "subscribed", recovered: false },
      { type: "event", data: { text: "kept" } },
    ]);
    // Its author got no event that could tell it.
    publish(anna, "mine", "mine", "others");
    await world.pass(20);
    engine.crash("whole", 100);
    await world.pass(1_500);
    expect(anna.socket.closing?.code).toBe(1013);
    expect(ben.socket.closing).toBeUndefined();
  });

  test("and comes back empty, everybody is told, even where nothing was said since", async () => {
    const { world, one, two, join, engine } = await setUp();
    const [anna, ben] = [await join(one, 1), await join(two, 2)];
    publish(anna, "lost");
    await world.pass(20);
    engine.crash("empty", 100);
    await world.pass(1_500);
    for (const guest of [anna, ben]) expect(guest.socket.closing?.code).toBe(1013);
  });

  test("and comes back empty, it is told again who is here and which jobs run", async () => {
    const { world, one, two, join, meet, engine } = await setUp();
    await join(one, 1);
    const watcher = await join(two, 2, "presence/a");
    const anna = await meet(one, 3, 1);
    anna.say({ type: "start", id: "1", job: "hash", mebibytes: 40 });
    await world.pass(20);
    const topic = anna.heard().find((each) => each.type === "ack")?.topic ?? "";
    engine.crash("empty", 100);
    await world.pass(3_000);
    const presence = watcher.heard().filter((each) => each.type === "event");
    expect(presence.at(-1)).toMatchObject({ data: { kind: "presence", count: 1 } });
    const elsewhere = await meet(two, 3, 2);
    expect(elsewhere.heard()).toMatchObject([{ type: "welcome", known: true }]);
    elsewhere.say({ type: "cancel", id: "2", topic });
    await world.pass(20);
    expect(elsewhere.heard()).toMatchObject([{ type: "ack", re: "2" }]);
  });

  test("and loses the half of a report that it has answered, it is told everything again", async () => {
    const { world, one, meet, join, engine } = await setUp();
    await join(one, 1);
    const anna = await meet(one, 2);
    anna.say({ type: "start", id: "1", job: "hash", mebibytes: 40 });
    await world.pass(20);
    engine.flush();
    // The next beat asks for a report. All of it is answered, except for the job.
    engine.store.keepJob = (...asked) => {
      one.link.lostAnswers += 1;
      return FakeStore.prototype.keepJob.apply(engine.store, asked);
    };
    await world.pass(1_000);
    expect(one.link.lostAnswers).toBe(0);
    expect(engine.store.rooms("one")).toEqual(["a"]);
    engine.crash("empty", 100);
    await world.pass(3_000);
    expect(engine.store.rooms("one")).toEqual(["a"]);
  });

  test("and comes back empty, and a follower of a job reaches it first, the job continues", async () => {
    const { world, one, two, meet, engine } = await setUp();
    const anna = await meet(one, 1);
    anna.say({ type: "start", id: "1", job: "hash", mebibytes: 40 });
    await world.pass(20);
    const topic = anna.heard().find((each) => each.type === "ack")?.topic ?? "";
    const ben = await meet(two, 2);
    ben.say({ type: "subscribe", id: "1", topic });
    await world.pass(20);
    one.link.cut(1_000);
    engine.crash("empty", 100);
    // The topic is there again, but the engine has not been told of the job yet.
    await world.pass(800);
    expect(engine.store.exists(topic)).toBe(true);
    await world.pass(3_000);
    const carl = await meet(two, 3);
    carl.say({ type: "cancel", id: "2", topic });
    await world.pass(20);
    expect(carl.heard()).toMatchObject([{ type: "welcome" }, { type: "error", re: "2", code: "forbidden" }]);
    world.works[0]?.do(40);
    await world.pass(20);
    carl.say({ type: "subscribe", id: "3", topic });
    await world.pass(20);
    const events = carl.heard().flatMap((each) => (each.type === "event" ? [each.data] : []));
    expect(events.at(-1)).toMatchObject({ state: "done", done: 40 });
  });

  test("and a replica that was behind takes its place, the loss of its tail is reported", async () => {
    const { world, one, two, join, engine } = await setUp();
    const [anna, ben] = [await join(one, 1), await join(two, 2)];
    publish(anna, "kept");
    await world.pass(500);
    publish(anna, "lost");
    await world.pass(10);
    engine.crash("behind", 100);
    await world.pass(1_500);
    const events = ben.heard().filter((each) => each.type === "event");
    expect(events.map(({ offset }) => offset)).toEqual([1, 2, 1]);
    expect(events.at(-1)?.epoch).not.toBe(events[0]?.epoch);
  });
});

test("if the engine loses the news that a member left, the member does not stay in the room", async () => {
  const { world, one, two, join, engine } = await setUp();
  const watcher = await join(two, 2, "presence/a");
  const anna = await join(one, 1);
  // More than half a second later, so that the leave is published at once, and before the replica copies again.
  await world.pass(725);
  anna.gone();
  await world.pass(10);
  engine.crash("behind", 100);
  await world.pass(3_000);
  expect(engine.store.rooms("one")).toEqual([]);
  expect(countsOf(watcher).at(-1)).toBe(0);
});

test("if the engine is flushed while it runs, everybody is told, and presence is right again", async () => {
  const { world, one, two, join, engine } = await setUp();
  const anna = await join(one, 1);
  const watcher = await join(two, 2, "presence/a");
  publish(anna, "lost");
  await world.pass(20);
  engine.flush();
  await world.pass(3_000);
  expect(anna.socket.closing?.code).toBe(1013);
  expect(countsOf(watcher).at(-1)).toBe(1);
});

test("if a server is killed, its members are gone and its jobs have failed after its lease", async () => {
  const { world, one, two, join, meet } = await setUp();
  const watcher = await join(two, 2, "presence/a");
  const anna = await join(one, 1);
  anna.say({ type: "start", id: "1", job: "hash", mebibytes: 40 });
  await world.pass(500);
  world.works[0]?.do(3);
  await world.pass(20);
  const topic = anna.heard().find((each) => each.type === "ack")?.topic ?? "";
  const ben = await meet(two, 3);
  ben.say({ type: "subscribe", id: "s", topic });
  await world.pass(20);
  ben.heard();
  watcher.heard();
  one.kill();
  await world.pass(3_000);
  expect(ben.heard()).toEqual([]);
  await world.pass(2_000);
  expect(ben.heard()).toMatchObject([{ type: "event", data: { state: "failed", done: 2, total: 40 } }]);
  expect(countsOf(watcher).at(-1)).toBe(0);
});

test("if a server is killed and the news that its members are gone is lost, presence is still right", async () => {
  const { world, one, two, join } = await setUp();
  const watcher = await join(two, 2, "presence/a");
  await join(one, 1);
  await world.pass(1_000);
  two.link.isDeaf = true;
  one.kill();
  await world.pass(10_000);
  expect(countsOf(watcher).at(-1)).toBe(0);
});

test("if a server is killed and the answer that hands its jobs over is lost, the jobs still fail", async () => {
  const { world, one, two, engine, meet } = await setUp();
  const anna = await meet(one, 1);
  anna.say({ type: "start", id: "1", job: "hash", mebibytes: 40 });
  await world.pass(20);
  const topic = anna.heard().find((each) => each.type === "ack")?.topic ?? "";
  const ben = await meet(two, 2);
  ben.say({ type: "subscribe", id: "s", topic });
  let isLost = false;
  engine.store.beat = (...asked) => {
    const reply = FakeStore.prototype.beat.apply(engine.store, asked);
    if (reply.orphans.length > 0 && !isLost) two.link.lostAnswers += 1;
    isLost ||= reply.orphans.length > 0;
    return reply;
  };
  one.kill();
  await world.pass(10_000);
  expect(isLost).toBe(true);
  expect(statesOf(ben)).toEqual(["running", "failed"]);
});

test("if the engine takes up a job after its start was given up, the job has failed", async () => {
  const { world, one, engine, meet } = await setUp();
  const anna = await meet(one, 1);
  anna.heard();
  const start = { type: "start", id: "1", job: "hash", mebibytes: 40 } as const;
  anna.say(start);
  // The topic is open by now, and the job is on its way.
  await world.pass(8);
  engine.freeze(5_000);
  await world.pass(2_500);
  expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "unavailable" }]);
  await world.pass(6_000);
  anna.say(start);
  await world.pass(20);
  const [ack] = anna.heard();
  expect(ack).toMatchObject({ type: "ack", re: "1" });
  anna.say({ type: "subscribe", id: "2", topic: ack?.type === "ack" ? ack.topic : "" });
  await world.pass(20);
  expect(world.works).toEqual([]);
  expect(statesOf(anna)).toEqual(["failed"]);
});

test("a job whose start is repeated because the answer was lost begins once, and is not taken for an orphan", async () => {
  const { world, one, meet } = await setUp();
  const anna = await meet(one, 1);
  anna.heard();
  anna.say({ type: "start", id: "1", job: "hash", mebibytes: 40 });
  await world.pass(8);
  one.link.lostAnswers = 1;
  // A beat comes in between.
  await world.pass(1_500);
  one.link.cut(10);
  await world.pass(300);
  const [ack] = anna.heard();
  anna.say({ type: "subscribe", id: "2", topic: ack?.type === "ack" ? ack.topic : "" });
  await world.pass(3_000);
  expect(world.works).toHaveLength(1);
  expect(statesOf(anna)).toEqual(["running"]);
});

test("if a server was taken for dead, its job has failed and ends there, too", async () => {
  const { world, one, two, meet } = await setUp();
  const anna = await meet(one, 1);
  anna.say({ type: "start", id: "1", job: "hash", mebibytes: 40 });
  await world.pass(20);
  const topic = anna.heard().find((each) => each.type === "ack")?.topic ?? "";
  const ben = await meet(two, 2);
  ben.say({ type: "subscribe", id: "s", topic });
  one.link.cut(6_000);
  await world.pass(8_000);
  world.works[0]?.do();
  await world.pass(2_000);
  expect(statesOf(ben)).toEqual(["running", "failed"]);
});

test("if a server is cut off from the engine, it sends its clients away after 15 s, and takes part again later", async () => {
  const { world, one, two, join, meet } = await setUp();
  const [anna, ben] = [await join(one, 1), await join(two, 2)];
  one.link.cut(30_000);
  publish(anna, "hi", "1");
  await world.pass(2_100);
  expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "unavailable" }]);
  await world.pass(12_000);
  expect(one.isOpen).toBe(true);
  expect(anna.socket.closing).toBeUndefined();
  await world.pass(1_000);
  expect(one.isOpen).toBe(false);
  expect(anna.heard()).toMatchObject([{ type: "bye", code: 1013 }]);
  expect(anna.socket.closing?.code).toBe(1013);
  expect(ben.socket.closing).toBeUndefined();
  await world.pass(16_000);
  expect(one.isOpen).toBe(true);
  expect((await meet(one, 3)).heard()).toMatchObject([{ type: "welcome" }]);
});

test("if the engine splits, both halves have epochs of their own, and in the end everybody is told", async () => {
  const { world, one, two, join, engine } = await setUp();
  const [anna, ben] = [await join(one, 1), await join(two, 2)];
  publish(anna, "before");
  await world.pass(500);
  engine.split((server) => server === "one", 3_000);
  await world.pass(300);
  publish(anna, "lost with the old master");
  publish(ben, "kept");
  await world.pass(100);
  const mine = anna
    .heard()
    .filter((each) => each.type === "event")
    .at(-1);
  const theirs = ben
    .heard()
    .filter((each) => each.type === "event")
    .at(-1);
  expect([mine?.offset, theirs?.offset]).toEqual([2, 2]);
  expect(mine?.epoch).not.toBe(theirs?.epoch);
  await world.pass(5_000);
  expect(anna.heard()).toMatchObject([{ type: "event", epoch: theirs?.epoch, data: { text: "kept" } }]);
});

test("if the engine splits, one half refuses the list of members from the other", async () => {
  const { world, one, engine } = await setUp();
  engine.split((server) => server === "one", 3_000);
  await world.pass(500);
  const { cluster } = one.part.services;
  const asked = Promise.resolve(cluster.roster("a", []));
  await world.pass(20);
  const roster = await asked;
  await world.pass(4_000);
  const data: EventData = { kind: "presence", count: 0, members: [] };
  const order = { rank: roster?.version ?? 0, life: roster?.life ?? "" };
  const appended = one.part.services.append("presence/a", { data, ...order }).catch(String);
  await world.pass(20);
  expect(await appended).toContain("the engine has begun another life");
  expect(engine.store.topic("presence/a")).toBeUndefined();
});

test("a server that has not reached the engine yet lets nobody in", async () => {
  const world = new World();
  const engine = new FakeEngine(world, () => 0.5);
  engine.crash("empty", 5_000);
  const server = new SimulatedServer(world, engine, "one");
  await world.pass(4_000);
  expect(server.isOpen).toBe(false);
  await world.pass(2_000);
  expect(server.isOpen).toBe(true);
});

test("a server that leaves takes its members along at once", async () => {
  const { world, one, two, join } = await setUp();
  await join(one, 1);
  const watcher = await join(two, 2, "presence/a");
  await world.pass(1_000);
  watcher.heard();
  const left = one.part.services.cluster.leave();
  await world.pass(600);
  await left;
  await settled();
  expect(countsOf(watcher).at(-1)).toBe(0);
});

test("while the engine refuses everything, a request is unavailable, and its connections stay", async () => {
  const { world, one, join, meet, engine } = await setUp();
  const anna = await join(one, 1);
  engine.isFull = true;
  publish(anna, "not yet");
  const ben = await meet(one, 2);
  expect(anna.heard()).toMatchObject([{ type: "error", re: "not yet", code: "unavailable" }]);
  expect(ben.heard()).toMatchObject([{ type: "error", re: "hello", code: "unavailable" }]);
  const { links } = engine;
  const connected = [...links].map((link) => link.connections);
  await world.pass(5_000);
  expect([...links].map((link) => link.connections)).toEqual(connected);
  engine.isFull = false;
  await world.pass(1_500);
  publish(anna, "not yet");
  await world.pass(20);
  expect(anna.texts()).toEqual(["not yet"]);
});

describe("if somebody else writes to the engine", () => {
  test.each([["no JSON"], ["null"], ["[]"], ['{"at":1,"data":null}'], ['{"data":{"kind":"chat"}}']])(
    "an unreadable event, such as %s, counts as lost, and followers are told",
    async (payload) => {
      const { world, engine, one, two, join } = await setUp();
      const anna = await join(one, 1);
      publish(anna, "before");
      await world.pass(20);
      engine.store.append({ topic: "room/a", payload, epoch: "x" });
      publish(anna, "after");
      await world.pass(200);
      expect(anna.socket.closing?.code).toBe(1013);
      expect(engine.store.topic("room/a")?.offset).toBe(3);
      const ben = await join(two, 2, "room/b");
      const { epoch } = engine.store.topic("room/a") ?? { epoch: "" };
      ben.say({ type: "subscribe", id: "1", topic: "room/a", since: { epoch, offset: 1 } });
      await world.pass(50);
      expect(ben.heard()).toMatchObject([{ type: "subscribed", recovered: false, offset: 3 }, { offset: 3 }]);
    },
  );

  test("a malformed message is ignored, and nobody waits for an event that does not exist", async () => {
    const { world, engine, one, join } = await setUp();
    const anna = await join(one, 1);
    const { epoch } = engine.store.topic("room/a") ?? { epoch: "" };
    const payload = JSON.stringify({ at: 1, data: { kind: "chat", text: "never" } });
    let opened = 0;
    const { open } = engine.store;
    engine.store.open = (...asked) => {
      opened += 1;
      return open.apply(engine.store, asked);
    };
    for (const text of [
      "",
      "garbage",
      `${epoch} 1 garbage`,
      `${epoch} x ${payload}`,
      `${epoch} 9 ${payload}`,
    ])
      engine.store.say("topic", "room/a", text);
    engine.store.say("all", "", "room");
    await world.pass(2_000);
    expect(opened).toBe(1);
    publish(anna, "hi");
    await world.pass(20);
    expect(anna.texts()).toEqual(["hi"]);
  });
});

test("a room that had to make way is not kept by the engine, unless another server follows it", async () => {
  const { world, engine, one, two, join } = await setUp();
  await join(two, 2, "room/r0");
  const flooders = await Promise.all([1, 3, 4].map((client) => join(one, client, "room/r0")));
  for (let count = 0; count < 400; count += 1) {
    for (const [index, guest] of flooders.entries()) {
      const text = `${count}`;
      guest.say({ type: "publish", id: text, topic: `room/r${3 * count + index}`, to: "all", text });
    }
    await world.pass(20);
  }
  await world.pass(1_000);
  expect(engine.store.exists("room/r0")).toBe(true);
  const kept = Array.from({ length: 1_200 }, (_, room) => engine.store.exists(`room/r${room}`));
  expect(kept.filter((isKept) => isKept).length).toBeLessThanOrEqual(251);
});
