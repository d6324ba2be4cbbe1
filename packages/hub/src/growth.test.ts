import { afterAll, expect, test } from "vitest";
import { mostAtOnce } from "./connection/connections.ts";
import { LinkedSet } from "./operation/linked-set.ts";
import { type Setting, setUp } from "./testing/index.ts";

// Counts the steps of every loop over a collection, copies included, because times mean nothing on a busy machine.
let steps = 0;
const loops = [new Set().values(), new Map().values(), new LinkedSet<never>()[Symbol.iterator]()];
const prototypes = loops.map((each) => Object.getPrototypeOf(each));
const originals = prototypes.map(({ next }) => next);
for (const [index, prototype] of prototypes.entries()) {
  prototype.next = function (this: unknown) {
    steps += 1;
    return originals[index].call(this);
  };
}
afterAll(() => {
  for (const [index, prototype] of prototypes.entries()) prototype.next = originals[index];
});

async function stepsOf(run: () => Promise<unknown>): Promise<number> {
  const before = steps;
  await run();
  return steps - before;
}

const many = { rooms: 100_000, connectionsPerAddress: 100_000, requestBurst: 100_000, burst: 100_000 };

/** Creates a hub with as many connected clients as departed ones. Each of them has written in a room of its own. */
async function crowd(size: number): Promise<Setting> {
  const setting = setUp({ limits: { ...many, messagesPerSecond: 100_000 } });
  for (let index = 0; index < size; index++) {
    const peer = await setting.greet();
    await peer.say({ type: "publish", id: "1", topic: `room/${index}`, to: "all", text: "hello" });
    if (index % 2 === 0) await peer.gone();
  }
  return setting;
}

test.each([
  ["an arrival and a departure", async ({ greet }: Setting) => (await greet()).gone()],
  [
    "a publication in a room",
    async ({ greet }: Setting) =>
      (await greet()).say({ type: "publish", id: "1", topic: "room/7", to: "all", text: "hello" }),
  ],
  [
    "a new room",
    async ({ greet }: Setting) => (await greet()).say({ type: "subscribe", id: "1", topic: "room/new" }),
  ],
  ["a look at the metrics", async ({ hub }: Setting) => hub.metrics()],
])("%s costs the same however many clients and rooms there are", async (_what, run) => {
  const [few, crowded] = [await crowd(2 * mostAtOnce + 10), await crowd(4 * mostAtOnce)];
  expect(await stepsOf(() => run(crowded))).toBe(await stepsOf(() => run(few)));
});

test("a room that needs a place gets it at the same cost however many there are", async () => {
  const full = async (rooms: number): Promise<number> => {
    const { greet } = setUp({ limits: { ...many, rooms, messagesPerSecond: 100_000 } });
    const addresses = Array.from({ length: 8 }, (_, index) => `1.1.1.${index}`);
    const peers = await Promise.all(addresses.map((address, index) => greet(index + 1, address)));
    for (let room = 0; room < rooms; room++) {
      await peers[room % 8]?.say({
        type: "publish",
        id: `${room}`,
        topic: `room/${room}`,
        to: "all",
        text: "",
      });
    }
    const other = await greet(9, "2.2.2.2");
    return stepsOf(() => other.say({ type: "subscribe", id: "1", topic: "room/new" }));
  };
  expect(await full(800)).toBe(await full(80));
});
