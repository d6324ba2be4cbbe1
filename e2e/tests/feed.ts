import type { ServerMessage } from "@rosetta/protocol";
import { type Event, from, offsetsOf } from "@rosetta/testkit";
import { expect, test } from "../fixtures.ts";

const stations = ["berlin", "lagos", "quito", "tokyo"];

type Score = Extract<Event["data"], { kind: "score" }>;

function isWeather(message: { type: string }): message is ServerMessage<"event"> {
  return message.type === "event" && (message as Event).topic.startsWith("weather/");
}

test("FEED-01 MUST tell the weather of a station by itself, without a gap for who reads", {
  tag: "@send",
}, async ({ converse }) => {
  const talk = await converse();
  const subscribed = await talk.request({ type: "subscribe", topic: "weather/quito" });
  expect(subscribed).toMatchObject({ topic: "weather/quito", mode: "latest", recovered: false });
  const events = await talk.events("weather/quito", 3);
  const first = events[0]?.offset ?? 0;
  expect([subscribed.offset, subscribed.offset + 1], "the newest comes at once").toContain(first);
  expect(offsetsOf(events)).toEqual(from(first, first + 2));
  for (const { data, epoch, at } of events) {
    expect(data).toEqual({
      kind: "weather",
      station: "quito",
      celsius: expect.any(Number),
      windKmh: expect.any(Number),
    });
    expect(epoch).toBe(subscribed.epoch);
    expect(Math.abs(at - Date.now()), "the time of day").toBeLessThan(60_000);
  }
});

test("FEED-02 MUST tell of each station in its own topic and in no other", {
  tag: "@send",
}, async ({ converse }) => {
  const [everywhere, somewhere] = [await converse(), await converse()];
  for (const station of stations)
    await everywhere.request({ type: "subscribe", topic: `weather/${station}` });
  await somewhere.request({ type: "subscribe", topic: "weather/tokyo" });
  for (const station of stations) {
    const events = await everywhere.events(`weather/${station}`, 2);
    for (const { data } of events) expect(data).toMatchObject({ kind: "weather", station });
  }
  await somewhere.events("weather/tokyo", 2);
  const topics = somewhere.collected.filter(isWeather).map(({ topic }) => topic);
  expect(new Set(topics)).toEqual(new Set(["weather/tokyo"]));
});

test("FEED-03 MUST tell of a match minute by minute, and every goal", {
  tag: "@broadcast",
}, async ({ converse }) => {
  const [talk, other] = [await converse(), await converse()];
  const subscribed = await talk.request({ type: "subscribe", topic: "scores" });
  expect(subscribed).toMatchObject({ topic: "scores", mode: "stream", recovered: false });
  await other.request({ type: "subscribe", topic: "scores" });
  const known = Math.min(subscribed.offset, 32);
  const events = await talk.events("scores", known + 2);
  expect(offsetsOf(events)).toEqual(from(subscribed.offset - known + 1, subscribed.offset + 2));
  const scores = events.map(({ data }) => data as Score);
  for (const [index, score] of scores.entries()) {
    const before = scores[index - 1];
    if (!before) continue;
    const kickOff = score.what === "kick-off";
    expect(score.minute, "after 90 minutes another match").toBe(kickOff ? 1 : before.minute + 1);
    if (kickOff) continue;
    expect(score.home - before.home).toBe(score.what === "goal for home" ? 1 : 0);
    expect(score.away - before.away).toBe(score.what === "goal for away" ? 1 : 0);
  }
  const last = events.at(-1);
  expect(await other.next((message) => message.type === "event" && message.offset === last?.offset)).toEqual(
    last,
  );
});

test("FEED-04 MUST tell that there is no such station, and no such feed", {
  tag: "@messages",
}, async ({ converse }) => {
  const talk = await converse();
  for (const topic of ["weather/atlantis", "weather", "scores/today", "weathers/berlin"]) {
    const error = await talk.refusal({ type: "subscribe", id: topic, topic });
    expect(error, topic).toMatchObject({ code: "not_found", re: topic });
  }
  await talk.request({ type: "subscribe", topic: "weather/berlin" });
});
