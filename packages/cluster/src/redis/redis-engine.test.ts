// Holds the fake engine of the simulation against a real Redis: the same commands in the same order, the same answers.
import { createClient } from "@redis/client";
import { outcomeRank, type RequestMark } from "@rosetta/hub/cluster";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConnectionLost, type Engine, EngineError } from "../engine.ts";
import { type Connected, connectTo, until } from "../testing/connected.ts";
import { FakeStore } from "../testing/fake-store.ts";
import { freePorts } from "../testing/free-ports.ts";
import { findRedis, type RunningRedis, redisRemedy, startRedis } from "../testing/start-redis.ts";
import { tell, worlds } from "../testing/worlds.ts";
import type { RedisEngine } from "./redis-engine.ts";

const freePort = freePorts(1);
let redis: RunningRedis;
const engines: RedisEngine[] = [];

/** Connects to the Redis of all tests, or to another one. */
function connect(server: string, url = redis.url): Connected {
  const connected = connectTo(url, server);
  engines.push(connected.engine);
  return connected;
}

test("there is a Redis to compare with", () => {
  expect(findRedis(), redisRemedy).toBeDefined();
});

describe.runIf(findRedis() !== undefined)("on a real Redis", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    redis = await startRedis(await freePort());
  });

  afterAll(async () => {
    for (const engine of engines) await engine.close();
    await redis?.stop();
  });

  const topic = fc.constantFrom("room/a", "room/b", "scores", "job/000000000001");
  const ranks = fc.oneof(fc.nat(5), fc.constant(outcomeRank));
  const client = fc.constantFrom("c1", "c2");
  const server = fc.constantFrom("one", "two");
  const names = fc.uniqueArray(fc.constantFrom("guest-1", "guest-2", "guest-3"), { maxLength: 2 });
  const request: fc.Arbitrary<RequestMark> = fc.record({
    client,
    id: fc.constantFrom("1", "2", "3"),
    body: fc.constantFrom(7, 8),
  });
  type Command = { name: string; run(engine: Engine): Promise<unknown>; lapses?: string };
  const command = (name: string, run: Command["run"]): Command => ({ name, run });
  const commands: fc.Arbitrary<(name: string) => Command> = fc.oneof(
    fc
      .tuple(topic, fc.string({ maxLength: 20 }), fc.option(request), fc.option(ranks))
      .map(([at, text, mark, rank]) => () => {
        const payload = JSON.stringify({ at: 1, data: { kind: "chat", text } });
        const more = { ...(mark && { request: mark }), ...(rank !== null && { rank }) };
        const said = `append ${at} ${payload} ${JSON.stringify(more)}`;
        return command(said, (engine) => engine.append({ topic: at, payload, epoch: "fresh", ...more }));
      }),
    fc.tuple(names, fc.boolean()).map(([members, isStale]) => () => {
      const data = { kind: "presence", count: members.length, members };
      const payload = JSON.stringify({ at: 1, data });
      return command(`append the roster ${members}${isStale ? " of another life" : ""}`, async (engine) => {
        const roster = await engine.roster("b", members);
        const order = { rank: roster.version, life: isStale ? "another" : roster.life };
        return engine.append({ topic: "room/a", payload, epoch: "fresh", ...order });
      });
    }),
    fc.tuple(topic, fc.nat(4)).map(
      ([at, offset]) =>
        () =>
          command(`open ${at} ${offset}`, (engine) => engine.open(at, "fresh", { epoch: "fresh", offset })),
    ),
    topic.map((at) => () => command(`exists ${at}`, (engine) => engine.exists(at))),
    fc.tuple(client, fc.option(fc.nat(3))).map(
      ([key, connection]) =>
        (by: string) =>
          command(`claim ${key} ${connection} by ${by}`, (engine) =>
            engine.claim({
              client: key,
              connection: connection ?? undefined,
              member: `guest-${by}`,
            }),
          ),
    ),
    names.map(
      (members) => (by: string) =>
        command(`roster ${members} by ${by}`, async (engine) => {
          const roster = await engine.roster("a", members);
          return roster.members.map((each) => each.toSorted()).toSorted();
        }),
    ),
    request.map(
      (mark) => () =>
        command(`start ${JSON.stringify(mark)}`, (engine) =>
          engine.startJob("job/000000000001", "fresh", mark),
        ),
    ),
    client.map((key) => () => command(`keep ${key}`, (engine) => engine.keepJob("job/000000000001", key))),
    fc.constant(() => command("end", (engine) => engine.endJob("job/000000000001"))),
    client.map((key) => () => command(`cancel ${key}`, (engine) => engine.cancel("job/000000000001", key))),
    fc.tuple(topic, fc.nat(3), fc.boolean()).map(
      ([at, offset, runs]) =>
        () =>
          command(`beat ${at} ${offset} ${runs ? "with a job" : ""}`, async (engine) => {
            const reply = await engine.beat({
              ...{ told: "t", tells: "t", keeps: true },
              topics: [{ topic: at, epoch: "fresh", offset }],
              followed: [
                { room: "a", topic: "scores" },
                { room: "b", topic: "room/a" },
              ],
              jobs: runs ? ["job/000000000001"] : [],
              clients: ["c1", "c2"],
            });
            return { ...reply, rooms: reply.rooms.toSorted() };
          }),
    ),
    fc.constant(() => command("leave", (engine) => engine.leave())),
    fc.constant((by: string) => ({
      ...command(`${by} does not beat`, (engine) => engine.exists("x")),
      lapses: by,
    })),
  );

  test("the fake engine answers as Redis does, and says the same on its channels", async () => {
    const real = { one: connect("one"), two: connect("two") };
    await Promise.all([real.one.up, real.two.up]);
    let cases = 0;
    const begunAt = Date.now();
    const all = worlds(150);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(server, commands), { minLength: 1, maxLength: 40, size: "max" }),
        async (steps) => {
          await flush();
          // Versions of rosters are times, so they are higher than the ranks here.
          const store = new FakeStore("life", () => 1_000);
          const said: Record<string, string[]> = { one: [], two: [] };
          store.say = (kind, name, text) => {
            for (const [each, heard] of Object.entries(said)) {
              if (kind === "topic") heard.push(`${name} ${text}`);
              else if (kind === "all" || name === each) heard.push(` ${text}`);
            }
          };
          for (const { engine, heard } of Object.values(real)) {
            heard.length = 0;
            await engine.subscribe(["room/a", "room/b", "scores", "job/000000000001"]);
          }
          for (const [by, make] of steps) {
            const { name, run, lapses } = make(by);
            if (lapses !== undefined) {
              store.lapse(lapses);
              await flusher?.sendCommand(["DEL", `{rosetta}:0:lease:${lapses}`]);
            }
            const expected = await run(fakeOf(store, by));
            expect(await run(real[by as "one" | "two"].engine), name).toEqual(expected);
            cases += 1;
          }
          for (const [each, { engine, heard }] of Object.entries(real)) {
            await engine.exists("nothing");
            expect(inOrder(heard), each).toEqual(inOrder(said[each] ?? []));
          }
        },
      ),
      all,
    );
    tell(all, { sequences: all.numRuns, cases }, begunAt);
    expect(cases).toBeGreaterThan(3 * all.numRuns);
  });

  async function flush(): Promise<void> {
    flusher ??= await createClient({ url: redis.url }).connect();
    await flusher.sendCommand(["FLUSHALL"]);
  }
  let flusher: { sendCommand(command: string[]): Promise<unknown>; destroy(): void } | undefined;
  afterAll(() => flusher?.destroy());

  test("remembers the last 256 requests of a client, and no more", async () => {
    await flush();
    const { engine, up } = connect("three");
    await up;
    const append = (id: number) =>
      engine.append({
        topic: "room/a",
        payload: "{}",
        epoch: "e",
        request: { client: "c", id: `${id}`, body: 1 },
      });
    for (let id = 0; id <= 256; id++) expect((await append(id)).outcome).toBe("added");
    expect(await append(1)).toMatchObject({ outcome: "again", offset: 2 });
    expect(await append(0)).toMatchObject({ outcome: "added", offset: 258 });
  });

  test("keeps at most 256 events and 128 KiB of a topic", async () => {
    await flush();
    const { engine, up } = connect("four");
    await up;
    for (let index = 0; index < 300; index++)
      await engine.append({ topic: "room/a", payload: "{}", epoch: "e" });
    const many = await engine.open("room/a", "e");
    expect([many.events.length, many.events[0]?.offset, many.offset]).toEqual([256, 45, 300]);
    const payload = "é".repeat(2_000);
    for (let index = 0; index < 50; index++) await engine.append({ topic: "room/b", payload, epoch: "e" });
    const large = await engine.open("room/b", "e");
    expect(large.events).toHaveLength(32);
    expect(large.events.at(-1)).toEqual({ offset: 50, payload });
  });

  test("begins another epoch with each life, and keeps what its file has kept", async () => {
    const own = await startRedis(await freePort(), ["--appendonly", "yes", "--appendfsync", "always"]);
    try {
      const { engine, changes, up } = connect("five", own.url);
      await up;
      await engine.append({ topic: "room/a", payload: "1", epoch: "first" });
      await own.kill();
      await expect(engine.exists("room/a")).rejects.toThrow(ConnectionLost);
      await own.again();
      await until(() => changes.length === 3);
      expect(changes).toEqual(["up", "down", "up"]);
      expect(await engine.open("room/a", "second", { epoch: "first", offset: 1 })).toEqual({
        epoch: "second",
        offset: 1,
        events: [{ offset: 1, payload: "1" }],
      });
      expect(await engine.append({ topic: "room/a", payload: "2", epoch: "third" })).toMatchObject({
        epoch: "second",
        offset: 2,
      });
    } finally {
      await own.stop();
    }
  });

  test("keeps the rosters of a server that beats", async () => {
    await flush();
    const { engine, up } = connect("five");
    await up;
    await engine.roster("a", ["guest-1"]);
    await flusher?.sendCommand(["PEXPIRE", "{rosetta}:0:roster:a", "5000"]);
    const nothing = { topics: [], followed: [], jobs: [], clients: [] };
    await engine.beat({ told: "t", tells: "t", keeps: true, ...nothing });
    expect(Number(await flusher?.sendCommand(["PTTL", "{rosetta}:0:roster:a"]))).toBeGreaterThan(100_000);
  });

  test("a topic whose head is gone starts over, whatever is left of its events", async () => {
    await flush();
    const { engine, up } = connect("six");
    await up;
    await engine.append({ topic: "room/a", payload: "1", epoch: "first" });
    await flusher?.sendCommand(["DEL", "{rosetta}:0:topic:room/a"]);
    expect(await engine.open("room/a", "second")).toEqual({ epoch: "second", offset: 0, events: [] });
    expect(await engine.append({ topic: "room/a", payload: "2", epoch: "x" })).toMatchObject({ offset: 1 });
  });

  test("forgets a topic only if no server follows it", async () => {
    await flush();
    const [here, there] = [connect("ten"), connect("eleven")];
    await Promise.all([here.up, there.up]);
    await Promise.all([here, there].map(({ engine }) => engine.subscribe(["room/forgotten"])));
    await here.engine.append({ topic: "room/forgotten", payload: "1", epoch: "e" });
    here.engine.unsubscribe("room/forgotten");
    await here.engine.forget("room/forgotten");
    expect(await here.engine.exists("room/forgotten")).toBe(true);
    there.engine.unsubscribe("room/forgotten");
    await there.engine.forget("room/forgotten");
    expect(await flusher?.sendCommand(["KEYS", "*room/forgotten"])).toEqual([]);
  });

  /** Everything that a server does, with the names "a" and "c". */
  async function doAll(engine: Engine): Promise<void> {
    const request = { client: "c", id: "1", body: 1 };
    const topics = [{ topic: "room/a", epoch: "e", offset: 0 }];
    const followed = [{ room: "a", topic: "presence/a" }];
    await engine.claim({ client: "c", connection: 1, member: "guest-1" });
    await engine.append({ topic: "room/a", payload: "1", epoch: "e", request });
    const { version, life } = await engine.roster("a", ["guest-1"]);
    await engine.append({ topic: "presence/a", payload: "1", epoch: "e", rank: version, life });
    await engine.open("room/a", "e");
    await engine.startJob("job/1", "e", { ...request, id: "2" });
    await engine.beat({
      told: "",
      tells: "t",
      topics,
      followed,
      jobs: ["job/1"],
      clients: ["c"],
      keeps: true,
    });
    await engine.keepJob("job/1", "c");
    await engine.cancel("job/1", "c");
  }

  test("has an end for every key, also for those of a server that was killed", async () => {
    await flush();
    const { engine, up } = connect("seven");
    await up;
    await doAll(engine);
    // Also if nothing but a beat has told of the server.
    await flusher?.sendCommand(["DEL", "{rosetta}:0:servers"]);
    const nothing = { topics: [], followed: [], jobs: [], clients: [] };
    await engine.beat({ told: "t", tells: "t", keeps: false, ...nothing });
    const keys = (await flusher?.sendCommand(["KEYS", "*"])) as string[];
    expect(keys.length).toBeGreaterThan(9);
    for (const key of keys) expect(await flusher?.sendCommand(["PTTL", key]), key).toBeGreaterThan(0);
  });

  test("a key that another program has written makes way, whatever is in it", async () => {
    await flush();
    const { engine, up } = connect("eight");
    await up;
    await doAll(engine);
    const keys = (await flusher?.sendCommand(["KEYS", "*"])) as string[];
    const write = (command: string, key: string): string[] => {
      if (command === "a text") return ["SET", key, "x"];
      if (command === "fields")
        return ["HSET", key, "epoch", "e", "offset", "x", "#", "x", "rank", "x", "count", "x"];
      return ["XADD", key, "900-0", "x", "y"];
    };
    for (const what of ["a text", "fields", "a stream"]) {
      for (const key of keys) {
        await flusher?.sendCommand(["DEL", key]);
        await flusher?.sendCommand(write(what, key));
        await expect(doAll(engine), `${what} in ${key}`).resolves.toBeUndefined();
      }
      await flusher?.sendCommand(["HSET", "{rosetta}:0:topic:room/a", "bytes", "x"]);
      await flusher?.sendCommand(["DEL", "{rosetta}:0:stream:room/a"]);
      await flusher?.sendCommand(["XADD", "{rosetta}:0:stream:room/a", "900-0", "x", "y"]);
      await flusher?.sendCommand([
        "HSET",
        "{rosetta}:0:roster:a",
        "one",
        "x",
        "two",
        "7",
        "three",
        '["g",1]',
      ]);
      await doAll(engine);
      expect((await engine.roster("a", ["guest-1"])).members.flat().toSorted()).toEqual(["g", "guest-1"]);
    }
  });

  test("one that refuses commands is reported in one line, and in another one when it does not any more", async () => {
    const own = await startRedis(await freePort());
    try {
      const { engine, lines, up } = connect("nine", own.url);
      await up;
      await own.ask("CONFIG SET maxmemory 1");
      for (let count = 0; count < 3; count += 1) await expect(doAll(engine)).rejects.toThrow(EngineError);
      expect(lines).toEqual([
        `Redis at ${own.url} cannot be used: OOM command not allowed when used memory > 'maxmemory'. Trying again`,
      ]);
      await own.ask("CONFIG SET maxmemory 0");
      // Two beats show that it works again.
      await doAll(engine);
      expect(lines).toHaveLength(1);
      await doAll(engine);
      expect(lines.slice(1)).toEqual([`Redis at ${own.url} is there`]);
    } finally {
      await own.stop();
    }
  });
});

/** Redis keeps the rooms of a server as a set, so their order is unknown. */
function inOrder(heard: string[]): string[] {
  const isRoom = (line: string): boolean => line.startsWith(" room ");
  return [...heard.filter((line) => !isRoom(line)), ...heard.filter(isRoom).toSorted()];
}

/** The fake engine as one server sees it, without any delay. */
function fakeOf(store: FakeStore, server: string): Engine {
  const now = <T>(value: T): Promise<T> => Promise.resolve(structuredClone(value));
  return {
    connect() {},
    reset() {},
    close: () => now(undefined),
    subscribe: () => now(undefined),
    unsubscribe() {},
    append: (each) => now(store.append(each)),
    open: (topic, epoch, known) => now(store.open(topic, epoch, known)),
    forget: (topic) => now(store.forget(topic)),
    exists: (topic) => now(store.exists(topic)),
    beat: (each) => now(store.beat(server, each)),
    claim: (each) => now(store.claim(server, each)),
    roster: (room, members) => now(store.roster(server, room, members)),
    startJob: (topic, epoch, request) => now(store.startJob(server, topic, epoch, request)),
    keepJob: (topic, client) => now(store.keepJob(server, topic, client)),
    endJob: (topic) => now(store.endJob(topic)),
    cancel: (topic, client) => now(store.cancel(topic, client)),
    leave: () => now(store.leave(server)),
  };
}
