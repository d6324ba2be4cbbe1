import { encode, parseServer } from "@rosetta/protocol";
import { expect, test } from "vitest";
import { setUp } from "../testing/index.ts";
import { createFeeds, stations } from "./feeds.ts";
import { createExtras } from "./index.ts";

/** A second of the year 2023 in which a match begins: that of the world's clock. */
const kickOff = 1_700_000_000 - (1_700_000_000 % 90);

function minutes(seed: number, count: number, first = kickOff) {
  const readings = createFeeds(seed);
  return Array.from({ length: count }, (_, index) => readings(first + index));
}

test("the same seed gives the same day, and another seed another day", () => {
  expect(minutes(7, 200)).toEqual(minutes(7, 200));
  expect(minutes(7, 200)).not.toEqual(minutes(8, 200));
});

test("every second brings the weather of every station and one event of the match", () => {
  for (const readings of minutes(1, 50)) {
    const topics = readings.map(({ topic }) => topic);
    expect(topics).toEqual([...stations.map((station) => `weather/${station}`), "scores"]);
  }
});

test("a second is the same whoever asks for it, and whenever", () => {
  const [one, other] = [createFeeds(3), createFeeds(3)];
  const seconds = Array.from({ length: 200 }, (_, index) => kickOff + 7 * index);
  const backwards = seconds.toReversed().map((second) => other(second));
  expect(seconds.map((second) => one(second))).toEqual(backwards.toReversed());
});

test("the weather changes from second to second, and never by much", () => {
  const celsius = minutes(2, 500).map(([reading]) =>
    reading?.data.kind === "weather" ? reading.data.celsius : 0,
  );
  const steps = celsius.slice(1).map((each, index) => Math.abs(each - (celsius[index] ?? 0)));
  expect(Math.max(...steps)).toBeLessThan(2);
  expect(steps.filter((step) => step > 0).length).toBeGreaterThan(400);
});

test("every reading is a valid message with plausible values", () => {
  for (const { topic, data } of minutes(3, 500).flat()) {
    const frame = encode({ type: "event", topic, epoch: "e", offset: 1, at: 1, data });
    expect(parseServer(frame).problem).toBeUndefined();
  }
  const weather = minutes(3, 2_000).flatMap((day) =>
    day.flatMap(({ data }) => (data.kind === "weather" ? data : [])),
  );
  expect(Math.max(...weather.map(({ celsius }) => Math.abs(celsius)))).toBeLessThanOrEqual(45);
  expect(Math.max(...weather.map(({ windKmh }) => windKmh))).toBeLessThanOrEqual(120);
  expect(Math.min(...weather.map(({ windKmh }) => windKmh))).toBeGreaterThanOrEqual(0);
});

test("a match has ninety minutes, goals that add up, and then the next begins", () => {
  let last = { minute: 90, home: 0, away: 0 };
  let goals = 0;
  for (const { data } of minutes(5, 1_000).flat()) {
    if (data.kind !== "score") continue;
    if (data.what === "kick-off") {
      expect([last.minute, data.minute, data.home, data.away]).toEqual([90, 1, 0, 0]);
    } else {
      const scored = data.what.startsWith("goal") ? 1 : 0;
      goals += scored;
      expect(data.minute).toBe(last.minute + 1);
      expect(data.home + data.away).toBe(last.home + last.away + scored);
    }
    last = data;
  }
  expect(goals).toBeGreaterThan(10);
});

test("a hub publishes them once a second, until it shuts down", async () => {
  const { hub, world, inside } = setUp({}, { extras: createExtras(5) });
  await world.pass(3_000);
  expect(inside.log.head("scores").offset).toBe(3);
  expect(inside.log.since("weather/quito").entries.map(({ frame }) => JSON.parse(frame).data)).toEqual(
    minutes(5, 3, 1_700_000_001).map((readings) => readings[2]?.data),
  );
  hub.drain();
  await world.pass(10_000);
  expect(inside.log.head("scores").offset).toBe(3);
});
