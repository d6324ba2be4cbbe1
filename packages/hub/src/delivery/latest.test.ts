import { expect, test } from "vitest";
import { type Peer, setUp } from "../testing/index.ts";

const berlin = "weather/berlin";

function berlinOffsets(peer: Peer): number[] {
  return peer.heardOf("event").map(({ topic, offset }) => (topic === berlin ? offset : Number.NaN));
}

test("a reader that keeps up gets the weather every second", async () => {
  const { greet, world } = setUp();
  const anna = await greet();
  await anna.say({ type: "subscribe", id: "1", topic: berlin });
  await world.pass(3_000);
  expect(berlinOffsets(anna)).toEqual([1, 2, 3]);
});

test("a reader that comes later gets the newest event at once, and only that", async () => {
  const { greet, world } = setUp();
  await world.pass(5_000);
  const anna = await greet();
  await anna.say({ type: "subscribe", id: "1", topic: berlin });
  const [subscribed] = anna.heardOf("subscribed");
  expect(subscribed).toMatchObject({ offset: 5, recovered: false });
  expect(anna.socket.frames.at(-1)).toContain('"offset":5');
  expect(anna.socket.frames).toHaveLength(3);
  await anna.gone();
  const back = await greet(1);
  await world.pass(3_000);
  const since = { epoch: subscribed?.epoch ?? "", offset: 5 };
  await back.say({ type: "subscribe", id: "1", topic: berlin, since });
  expect(back.heard()).toMatchObject([
    { type: "subscribed", recovered: true, offset: 8 },
    { type: "event", offset: 8 },
  ]);
});

test("while bytes wait nothing is sent, and once they are gone the newest event is", async () => {
  const { greet, world, hub } = setUp();
  const anna = await greet();
  await anna.say({ type: "subscribe", id: "1", topic: berlin });
  await world.pass(1_000);
  anna.socket.waiting = 1;
  await world.pass(5_000);
  expect(berlinOffsets(anna)).toEqual([1]);
  expect(hub.metrics().body).toContain("rosetta_skipped_total 5");
  // A drain that is reported while something waits again changes nothing.
  anna.session.drained();
  expect(berlinOffsets(anna)).toEqual([]);
  expect(hub.metrics().body).toContain("rosetta_skipped_total 5");
  anna.socket.waiting = 0;
  anna.session.drained();
  expect(berlinOffsets(anna)).toEqual([6]);
  anna.session.drained();
  expect(berlinOffsets(anna)).toEqual([]);
  await world.pass(1_000);
  expect(berlinOffsets(anna)).toEqual([7]);
});

test("each topic has its own newest event", async () => {
  const { greet, world } = setUp();
  const anna = await greet();
  for (const topic of [berlin, "weather/tokyo"]) await anna.say({ type: "subscribe", id: "1", topic });
  anna.socket.waiting = 1;
  await world.pass(2_000);
  anna.heard();
  anna.socket.waiting = 0;
  anna.session.drained();
  expect(anna.heardOf("event").map(({ topic, offset }) => [topic, offset])).toEqual([
    [berlin, 2],
    ["weather/tokyo", 2],
  ]);
});

test("an event that was sent before the drain is not sent again by it", async () => {
  const { greet, world } = setUp();
  const anna = await greet();
  await anna.say({ type: "subscribe", id: "1", topic: berlin });
  anna.socket.waiting = 1;
  await world.pass(1_000);
  // The queue is empty, but the stack has not yet said so.
  anna.socket.waiting = 0;
  await world.pass(1_000);
  anna.session.drained();
  expect(berlinOffsets(anna)).toEqual([2]);
});

test("after unsubscribe the drain sends nothing, and repeats nothing that a new subscription sent", async () => {
  const { greet, world } = setUp();
  const anna = await greet();
  await anna.say({ type: "subscribe", id: "1", topic: berlin });
  anna.socket.waiting = 1;
  await world.pass(1_000);
  await anna.say({ type: "unsubscribe", id: "2", topic: berlin });
  anna.socket.waiting = 0;
  anna.session.drained();
  expect(anna.heardOf("event")).toEqual([]);
  await anna.say({ type: "subscribe", id: "3", topic: berlin });
  anna.session.drained();
  expect(berlinOffsets(anna)).toEqual([1]);
});

test("a subscription while bytes wait is confirmed at once, and gets the newest event with the drain", async () => {
  const { greet, world } = setUp();
  await world.pass(2_000);
  const anna = await greet();
  anna.socket.waiting = 1;
  await anna.say({ type: "subscribe", id: "1", topic: berlin });
  expect(anna.heard()).toMatchObject([{ type: "subscribed", offset: 2 }]);
  anna.socket.waiting = 0;
  anna.session.drained();
  expect(berlinOffsets(anna)).toEqual([2]);
});

test("a stack that throws for one reader still reaches the next", async () => {
  const { greet, world, failures } = setUp();
  const [broken, whole] = [await greet(), await greet()];
  for (const peer of [broken, whole]) await peer.say({ type: "subscribe", id: "1", topic: berlin });
  broken.socket.isBroken = true;
  await world.pass(1_000);
  expect(berlinOffsets(whole)).toEqual([1]);
  expect(failures).toHaveLength(1);
});

test("a stream topic skips nothing, whatever waits", async () => {
  const { greet, world } = setUp();
  const anna = await greet();
  await anna.say({ type: "subscribe", id: "1", topic: "scores" });
  anna.socket.waiting = 1;
  await world.pass(3_000);
  expect(anna.heardOf("event").map(({ offset }) => offset)).toEqual([1, 2, 3]);
});
