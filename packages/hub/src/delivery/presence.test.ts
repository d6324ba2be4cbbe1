import { describe, expect, test } from "vitest";
import { type Peer, setUp } from "../testing/index.ts";

function lists(peer: Peer): { count: number; members: string[] }[] {
  return peer.heardOf("event").flatMap(({ data }) => (data.kind === "presence" ? [data] : []));
}

async function watchRoom() {
  const setting = setUp();
  const watcher = await setting.greet(1);
  await watcher.say({ type: "subscribe", id: "1", topic: "presence/a" });
  return { ...setting, watcher };
}

describe("presence", () => {
  test("lists who follows the room, and notices when they leave", async () => {
    const { greet, world, watcher } = await watchRoom();
    const anna = await greet(2);
    const name = anna.session.client?.member;
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await world.pass(500);
    await anna.say({ type: "unsubscribe", id: "2", topic: "room/a" });
    await world.pass(500);
    await anna.say({ type: "subscribe", id: "3", topic: "room/a" });
    await world.pass(500);
    await anna.gone();
    await world.pass(500);
    expect(lists(watcher)).toMatchObject([
      { count: 1, members: [name] },
      { count: 0, members: [] },
      { count: 1, members: [name] },
      { count: 0, members: [] },
    ]);
  });

  test("is published at most twice a second, and is correct in the end", async () => {
    const { greet, world, watcher } = await watchRoom();
    const anna = await greet(2);
    for (let round = 0; round < 40; round++) {
      const type = round % 2 === 0 ? "subscribe" : "unsubscribe";
      await anna.say({ type, id: `${round}`, topic: "room/a" });
      await world.pass(50);
    }
    const during = lists(watcher);
    expect(during.length).toBeGreaterThanOrEqual(4);
    expect(during.length).toBeLessThanOrEqual(5);
    await world.pass(1_000);
    expect(lists(watcher).at(-1)?.count ?? during.at(-1)?.count).toBe(0);
    await world.pass(10_000);
    expect(lists(watcher)).toEqual([]);
  });

  test("is published less often in a large room: at most 64 KiB a second", async () => {
    const { greet, world, watcher } = await watchRoom();
    for (let client = 2; client <= 151; client++) {
      const anna = await greet(client);
      for (const topic of ["presence/a", "room/a"]) await anna.say({ type: "subscribe", id: "1", topic });
    }
    await world.pass(10_000);
    const ben = await greet(200);
    watcher.heard();
    const before = watcher.socket.frames.length;
    for (let round = 0; round < 300; round++) {
      await ben.say({ type: round % 2 === 0 ? "subscribe" : "unsubscribe", id: `${round}`, topic: "room/a" });
      await world.pass(100);
    }
    const frames = watcher.socket.frames.slice(before);
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0) * 151;
    expect(bytes / 30).toBeLessThan(1.2 * 64 * 1_024);
    expect(frames.length).toBeGreaterThan(5);
    await world.pass(10_000);
    expect(lists(watcher).at(-1)?.count).toBe(150);
  });

  test("names at most a hundred members and counts all", async () => {
    const { greet, world, watcher } = await watchRoom();
    for (let client = 2; client <= 151; client++) {
      await (await greet(client)).say({ type: "subscribe", id: "1", topic: "room/a" });
    }
    await world.pass(1_000);
    const last = lists(watcher).at(-1);
    expect(last?.count).toBe(150);
    expect(last?.members).toHaveLength(100);
  });

  test("counts neither those who follow only the presence nor those who read over HTTP", async () => {
    const { world, watcher } = await watchRoom();
    await world.pass(1_000);
    expect(lists(watcher)).toEqual([]);
  });

  test("of one room does not affect another's", async () => {
    const { greet, world, watcher } = await watchRoom();
    await (await greet(2)).say({ type: "subscribe", id: "1", topic: "room/b" });
    await world.pass(1_000);
    expect(lists(watcher)).toEqual([]);
  });

  test("leaves no timer behind", async () => {
    const { greet, world } = setUp();
    await world.pass(0);
    const before = world.timers;
    const anna = await greet(2);
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await anna.gone();
    await world.pass(200_000);
    expect(world.timers).toBe(before);
  });
});
