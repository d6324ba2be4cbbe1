import { describe, expect, test } from "vitest";
import { type Peer, type Setting, settled, setUp } from "../testing/index.ts";

async function startJob(peer: Peer, mebibytes: number, id = "job"): Promise<string> {
  await peer.say({ type: "start", id, job: "hash", mebibytes });
  const [ack] = peer.heardOf("ack");
  return ack?.topic ?? "none";
}

function progress(peer: Peer) {
  return peer.heardOf("event").flatMap(({ data }) => (data.kind === "progress" ? [data] : []));
}

function newestData({ log }: Setting["inside"], topic: string): unknown {
  return JSON.parse(log.since(topic).entries.at(-1)?.frame ?? "{}").data;
}

describe("a job", () => {
  test("is acknowledged with the beginning of its own topic", async () => {
    const { greet } = setUp();
    const anna = await greet();
    await anna.say({ type: "start", id: "1", job: "hash", mebibytes: 1 });
    const topic = expect.stringMatching(/^job\/[0-9a-f]{12}$/);
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "1", topic, offset: 0 }]);
  });

  test("reports its progress up to its result to a follower that resumes from the ack", async () => {
    const { greet, world } = setUp();
    const [anna, ben] = [await greet(), await greet()];
    await anna.say({ type: "start", id: "1", job: "hash", mebibytes: 3 });
    const [ack] = anna.heardOf("ack");
    world.works[0]?.do();
    await settled();
    const { topic = "", epoch = "" } = ack ?? {};
    await ben.say({ type: "subscribe", id: "1", topic, since: { epoch, offset: 0 } });
    expect(progress(ben)).toEqual([
      { kind: "progress", state: "running", done: 0, total: 3 },
      { kind: "progress", state: "running", done: 1, total: 3 },
      { kind: "progress", state: "running", done: 2, total: 3 },
      { kind: "progress", state: "done", done: 3, total: 3, result: "ab".repeat(32) },
    ]);
  });

  test.each([1, 2, 19, 20, 21, 39, 40, 41, 255, 256])(
    "of %d MiB reports at most 21 times",
    async (mebibytes) => {
      const { greet, world } = setUp();
      const anna = await greet();
      const topic = await startJob(anna, mebibytes);
      await anna.say({ type: "subscribe", id: "1", topic });
      world.works[0]?.do();
      await settled();
      const steps = progress(anna);
      expect(steps.length).toBeLessThanOrEqual(21);
      expect(steps.at(-1)).toMatchObject({ state: "done", done: mebibytes });
      expect(steps.map(({ done }) => done)).toEqual(
        [...new Set(steps.map(({ done }) => done))].sort((a, b) => a - b),
      );
    },
  );

  test("can be cancelled by the client that started it, and by nobody else", async () => {
    const { greet, world } = setUp();
    const [anna, ben] = [await greet(), await greet()];
    const topic = await startJob(anna, 10);
    await ben.say({ type: "cancel", id: "1", topic });
    expect(ben.heard()).toMatchObject([{ type: "error", re: "1", code: "forbidden" }]);
    world.works[0]?.do(4);
    await anna.say({ type: "subscribe", id: "s", topic });
    anna.heard();
    await anna.say({ type: "cancel", id: "2", topic });
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "2", topic }]);
    world.works[0]?.do(4);
    await settled();
    expect(progress(anna)).toEqual([{ kind: "progress", state: "cancelled", done: 5, total: 10 }]);
    await anna.say({ type: "cancel", id: "3", topic });
    expect(anna.heard()).toMatchObject([{ type: "error", re: "3", code: "not_found" }]);
  });

  test("can be cancelled by its client on another connection", async () => {
    const { greet, world } = setUp();
    const before = await greet(1);
    const topic = await startJob(before, 10);
    await before.gone();
    const after = await greet(1);
    await after.say({ type: "cancel", id: "1", topic });
    expect(after.heard()).toMatchObject([{ type: "ack" }]);
    world.works[0]?.do(1);
    await settled();
    await after.say({ type: "start", id: "2", job: "hash", mebibytes: 1 });
    expect(after.heard()).toMatchObject([{ type: "ack" }]);
  });

  test("that fails says so to its followers, and gives the reason only to the operator", async () => {
    const { greet, world, failures } = setUp();
    const anna = await greet();
    const topic = await startJob(anna, 10);
    await anna.say({ type: "subscribe", id: "s", topic });
    world.works[0]?.do(2);
    world.works[0]?.break(new Error("no memory"));
    await settled();
    expect(progress(anna).at(-1)).toEqual({ kind: "progress", state: "failed", done: 2, total: 10 });
    expect(failures).toEqual([new Error("no memory")]);
  });

  test("that was cancelled is not a failure", async () => {
    const { greet, world, failures } = setUp();
    const anna = await greet();
    const topic = await startJob(anna, 10);
    await anna.say({ type: "cancel", id: "1", topic });
    world.works[0]?.do();
    await settled();
    expect(failures).toEqual([]);
  });

  test("is abandoned when its client is forgotten, but not while the client may come back", async () => {
    const { greet, world, inside } = setUp({ limits: { jobs: 1 } });
    const anna = await greet(1);
    const topic = await startJob(anna, 10);
    await anna.gone();
    await world.pass(119_999);
    world.works[0]?.do(1);
    await world.pass(1);
    world.works[0]?.do(1);
    await settled();
    expect(newestData(inside, topic)).toMatchObject({ state: "cancelled", done: 2 });
    expect(await startJob(await greet(1), 10)).not.toBe("none");
  });

  test("started again with the same id is the same job", async () => {
    const { greet, world } = setUp();
    const before = await greet(1);
    const topic = await startJob(before, 10, "1");
    await before.gone();
    const after = await greet(1);
    expect(await startJob(after, 10, "1")).toBe(topic);
    expect(world.works).toHaveLength(1);
  });

  test("is one of at most four of a client at a time", async () => {
    const { greet, world } = setUp();
    const [anna, ben] = [await greet(), await greet()];
    for (let id = 1; id <= 5; id++) {
      await anna.say({ type: "start", id: `${id}`, job: "hash", mebibytes: 1 });
    }
    expect(anna.heard().map(({ type }) => type)).toEqual(["ack", "ack", "ack", "ack", "error"]);
    expect(await startJob(ben, 1)).toMatch(/^job/);
    world.works[0]?.do();
    await settled();
    await anna.say({ type: "start", id: "5", job: "hash", mebibytes: 1 });
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "5" }]);
  });

  test("is remembered for two minutes after its end, and longer while its topic is followed", async () => {
    const { greet, world, inside } = setUp();
    const anna = await greet();
    const topic = await startJob(anna, 1);
    await anna.say({ type: "subscribe", id: "1", topic });
    await anna.say({ type: "unsubscribe", id: "2", topic });
    await world.pass(600_000);
    expect(inside.topics.get(topic)).toBeDefined();
    world.works[0]?.do();
    await anna.say({ type: "subscribe", id: "1", topic });
    await world.pass(600_000);
    await anna.say({ type: "unsubscribe", id: "2", topic });
    await world.pass(119_999);
    expect(inside.topics.get(topic)).toBeDefined();
    await world.pass(1);
    expect(inside.topics.get(topic)).toBeUndefined();
  });

  test("is one of at most 32 on a server, however many clients there are", async () => {
    const { greet, world } = setUp();
    const clients = await Promise.all(
      [...Array(9).keys()].map((client) => greet(client, `1.1.1.${client >> 1}`)),
    );
    for (const client of clients.slice(0, 8)) {
      for (let id = 1; id <= 4; id++) await startJob(client, 1, `${id}`);
    }
    const late = clients.at(-1) as Peer;
    await late.say({ type: "start", id: "1", job: "hash", mebibytes: 1 });
    expect(late.heard()).toMatchObject([{ type: "error", re: "1", code: "limit" }]);
    world.works[0]?.do();
    await settled();
    expect(await startJob(late, 1, "1")).toMatch(/^job/);
  });

  test("is one of at most eight for an address: eight sockets cannot take them all", async () => {
    const { greet, world } = setUp();
    for (let client = 1; client <= 8; client++) {
      const squatter = await greet(client, "6.6.6.6");
      for (let id = 1; id <= 4; id++) await startJob(squatter, 1, `${id}`);
    }
    expect(world.works).toHaveLength(8);
    expect(await startJob(await greet(9, "1.1.1.1"), 1)).toMatch(/^job/);
    world.works[0]?.do();
    await settled();
    expect(await startJob(await greet(10, "6.6.6.6"), 1)).toMatch(/^job/);
  });

  test("is remembered until its address has 250 more, and the one that ended first goes first", async () => {
    const { greet, world, inside } = setUp({ limits: { burst: 2_000 } });
    const anna = await greet();
    const running = await startJob(anna, 1, "running");
    const topics: string[] = [];
    for (let id = 1; id <= 250; id++) {
      topics.push(await startJob(anna, 1, `${id}`));
      world.works.at(-1)?.do();
      await settled();
    }
    const [first = "", second = ""] = topics;
    expect(inside.topics.get(first)).toBeUndefined();
    for (const topic of [running, second, topics.at(-1) ?? ""])
      expect(inside.topics.get(topic)).toBeDefined();
    await world.pass(120_000);
    expect(inside.topics.get(second)).toBeUndefined();
    expect(inside.topics.get(running)).toBeDefined();
  });

  test("is not started if its address follows 250 others, but other addresses still start theirs", async () => {
    const { greet, world } = setUp({ limits: { burst: 3_000, topics: 1_000 } });
    const anna = await greet(1, "6.6.6.6");
    for (let id = 1; id <= 250; id++) {
      const topic = await startJob(anna, 1, `${id}`);
      await anna.say({ type: "subscribe", id: "s", topic });
      world.works.at(-1)?.do();
      await settled();
      anna.heard();
    }
    await anna.say({ type: "start", id: "251", job: "hash", mebibytes: 1 });
    expect(anna.heard()).toMatchObject([{ type: "error", re: "251", code: "limit" }]);
    expect(await startJob(await greet(2, "1.1.1.1"), 1)).toMatch(/^job/);
  });

  test("does not start while the server shuts down, and running ones end", async () => {
    const { greet, world, hub, inside } = setUp();
    const anna = await greet();
    const topic = await startJob(anna, 10);
    anna.socket.waiting = 1;
    hub.drain();
    await settled();
    await anna.say({ type: "start", id: "2", job: "hash", mebibytes: 1 });
    expect(anna.heardOf("error")).toMatchObject([{ re: "2", code: "unavailable" }]);
    world.works[0]?.do();
    await settled();
    expect(newestData(inside, topic)).toMatchObject({ state: "cancelled" });
  });
});
