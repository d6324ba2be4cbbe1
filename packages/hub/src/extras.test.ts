import { expect, test } from "vitest";
import { noExtras } from "./extras.ts";
import { type Setting, setUp } from "./testing/index.ts";

function plain(): Setting {
  return setUp({ chaos: true }, { extras: () => noExtras });
}

test("a hub without extras refuses what they would answer, and goes on", async () => {
  const { greet } = plain();
  const anna = await greet();
  await anna.say({ type: "start", id: "1", job: "hash", mebibytes: 1 });
  await anna.say({ type: "cancel", id: "2", topic: "job/1" });
  await anna.say({ type: "chaos", id: "3", do: "throw" });
  await anna.say({ type: "subscribe", id: "4", topic: "scores" });
  await anna.say({ type: "subscribe", id: "5", topic: "room/lobby" });
  expect(anna.heard()).toMatchObject([
    { type: "error", re: "1", code: "forbidden" },
    { type: "error", re: "2", code: "not_found" },
    { type: "error", re: "3", code: "forbidden" },
    { type: "error", re: "4", code: "not_found" },
    { type: "subscribed", re: "5" },
  ]);
});

test("a hub without extras publishes nothing by itself, and shuts down", async () => {
  const { greet, hub, world } = plain();
  const anna = await greet();
  await world.pass(10_000);
  expect(anna.heard()).toEqual([]);
  const drained = hub.drain();
  await world.pass(10_000);
  await drained;
  expect(anna.heardOf("bye")).toHaveLength(1);
});
