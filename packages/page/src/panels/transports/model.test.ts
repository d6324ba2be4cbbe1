import type { ServerMessage } from "@rosetta/protocol";
import { expect, test } from "vitest";
import { agreementOf, frameHeaderBytes, keptArrivals, newestPlaces, WayTally } from "./model.ts";

function event(offset: number, celsius = offset, epoch = "a", at = 0): ServerMessage<"event"> {
  const data = { kind: "weather", station: "berlin", celsius, windKmh: 0 } as const;
  return { type: "event", topic: "weather/berlin", epoch, offset, at, data };
}

function tallyOf(...offsets: number[]): WayTally {
  const tally = new WayTally();
  for (const offset of offsets) tally.add({ event: event(offset), delayMs: 1 }, 100);
  return tally;
}

test("a tally counts all and keeps the newest", () => {
  const tally = tallyOf(...Array.from({ length: 40 }, (_, index) => index + 1));
  expect([tally.events, tally.content]).toEqual([40, 4000]);
  expect(tally.arrivals).toHaveLength(keptArrivals);
  expect(tally.newest?.event.offset).toBe(40);
  expect(tally.at(9)?.event.offset).toBe(9);
  expect(tally.at(8)).toBeUndefined();
});

test("the cost of beginning is not part of the cost of an event", () => {
  const tally = new WayTally();
  tally.begin += 300;
  expect(tally.aroundEach).toBeUndefined();
  for (const offset of [1, 2]) tally.add({ event: event(offset), delayMs: 1 }, 100);
  tally.around += 4;
  tally.around += 2;
  expect(tally.aroundEach).toBe(3);
});

test("ways agree on the places that all of them have passed", () => {
  expect(agreementOf([tallyOf(1, 2, 3, 4), tallyOf(2, 3, 4, 5), tallyOf(3, 4)])).toEqual({
    from: 3,
    to: 4,
    same: true,
    missing: 0,
  });
});

test("a way that tells something else at the same place is found", () => {
  const other = new WayTally();
  other.add({ event: event(2, 99), delayMs: 1 }, 100);
  expect(agreementOf([tallyOf(1, 2), other])).toMatchObject({ same: false });
});

test("a place that a way left out is counted, and is no contradiction", () => {
  expect(agreementOf([tallyOf(1, 2, 3), tallyOf(1, 3)])).toEqual({ from: 1, to: 3, same: true, missing: 1 });
});

test("there is nothing to compare with one way, or without a common place", () => {
  expect(agreementOf([tallyOf(1, 2), new WayTally()])).toBeUndefined();
  expect(agreementOf([tallyOf(1, 2), tallyOf(3)])).toBeUndefined();
});

test("the newest places are those of any way, each once", () => {
  expect(newestPlaces([tallyOf(1, 2, 3), tallyOf(3, 4)], 3)).toEqual([4, 3, 2]);
});

test("a frame's header grows with its message", () => {
  expect([0, 125, 126, 65_535, 65_536].map(frameHeaderBytes)).toEqual([2, 2, 4, 4, 10]);
});

test("after a restart only the new epoch counts, for the transports that are back", () => {
  const [socket, stream, poll] = [tallyOf(7, 8, 9), tallyOf(7, 8, 9), tallyOf(7, 8, 9)];
  const add = (tally: WayTally, offset: number): void =>
    tally.add({ event: event(offset, offset, "b", 1_000 + offset), delayMs: 1 }, 100);
  add(socket, 1);
  expect(socket.events).toBe(4);
  expect(newestPlaces([socket, stream, poll], 3)).toEqual([1]);
  expect(agreementOf([socket, stream, poll])).toBeUndefined();
  for (const offset of [1, 2]) add(stream, offset);
  expect(newestPlaces([socket, stream, poll], 3)).toEqual([2, 1]);
  expect(agreementOf([socket, stream, poll])).toEqual({ from: 1, to: 1, same: true, missing: 0 });
});

test("transports that differ at one offset do not agree", () => {
  const other = tallyOf(1);
  other.add({ event: event(2, 99), delayMs: 1 }, 100);
  expect(agreementOf([tallyOf(1, 2), other])).toMatchObject({ from: 1, to: 2, same: false });
});

test("one transport has nothing to agree with, and one common offset is enough", () => {
  expect(agreementOf([tallyOf(1, 2)])).toBeUndefined();
  expect(agreementOf([tallyOf(1, 2), tallyOf(2, 3)])).toMatchObject({ from: 2, to: 2 });
});

test("a transport that was refused for good does not run", () => {
  const tally = new WayTally();
  expect(tally.isRunning).toBe(false);
  tally.state = "open";
  expect(tally.isRunning).toBe(true);
  tally.isOver = true;
  expect(tally.isRunning).toBe(false);
});

test("places are ordered as numbers", () => {
  expect(newestPlaces([tallyOf(9, 10, 100)], 3)).toEqual([100, 10, 9]);
});
