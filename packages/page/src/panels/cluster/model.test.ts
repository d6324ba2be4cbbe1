import { expect, test } from "vitest";
import { RoomTally, stretchesOf } from "./model.ts";

test("a page that moves to another server and receives every number has missed nothing", () => {
  const tally = new RoomTally();
  tally.arrived("one", 0);
  for (const number of [1, 2, 3, 4]) tally.acknowledged(number);
  for (const number of [1, 2]) tally.received(number, "a");
  tally.left(1_000);
  tally.left(1_200);
  tally.arrived("two", 1_600);
  for (const number of [3, 4]) tally.received(number, "a");
  expect(tally.moves).toEqual([{ from: "one", to: "two", awayMs: 600, after: 2, next: 3 }]);
  expect(tally.summary).toEqual({ received: 4, missing: 0, twice: 0, epochs: 1 });
  expect(stretchesOf(tally.heard)).toEqual([
    { server: "one", from: 1, to: 2 },
    { server: "two", from: 3, to: 4 },
  ]);
});

test("a number in between that was acknowledged and did not come is missing", () => {
  const tally = new RoomTally();
  tally.arrived("one", 0);
  for (const number of [1, 2, 3, 4, 6]) tally.acknowledged(number);
  for (const number of [2, 4, 4]) tally.received(number, "a");
  tally.received(5, "b");
  // 1 was said before this page came, 6 is on its way.
  expect(tally.summary).toEqual({ received: 3, missing: 1, twice: 1, epochs: 2 });
});

test("a lost connection to the same server is no move", () => {
  const tally = new RoomTally();
  tally.arrived("one", 0);
  tally.left(10);
  tally.arrived("one", 20);
  expect(tally.moves).toEqual([]);
});

test("before anything came nothing is missing", () => {
  const tally = new RoomTally();
  tally.acknowledged(1);
  expect(tally.summary).toEqual({ received: 0, missing: 0, twice: 0, epochs: 0 });
});
