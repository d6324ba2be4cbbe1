import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type FakeWebSocket, stubWebSocket } from "../../shared/socket.testing.ts";
import { Friend } from "./friend.ts";

let newest: () => FakeWebSocket;
beforeEach(() => {
  vi.useFakeTimers();
  newest = stubWebSocket();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function bring() {
  let changes = 0;
  const friend = new Friend(
    "ws://here/ws",
    "lobby",
    () => {},
    () => {
      changes++;
    },
  );
  newest().greet("guest-1");
  newest().subscribed();
  return { friend, changes: () => changes };
}

function chat(offset: number, text = String(offset), to: "all" | "others" = "all") {
  const data = { kind: "chat", text } as const;
  newest().say({ type: "event", topic: "room/lobby", epoch: "e", offset, at: 0, from: "guest-2", to, data });
}

test("a friend joins the room under its own name and keeps what it hears", () => {
  const { friend, changes } = bring();
  expect(newest().requests.map(({ type, topic }) => [type, topic])).toContainEqual([
    "subscribe",
    "room/lobby",
  ]);
  expect(friend.name).toBe("guest-1");
  const before = changes();
  chat(1, "<b>hello</b>", "others");
  expect(friend.heard).toEqual([{ place: "e:1", from: "guest-2", to: "others", text: "<b>hello</b>" }]);
  expect(changes()).toBe(before + 1);
});

test("a friend's messages stay in order, and their number is bounded", () => {
  const { friend } = bring();
  for (let offset = 1; offset <= 60; offset++) chat(offset);
  expect(friend.heard).toHaveLength(50);
  expect(friend.heard.map(({ text }) => Number(text))).toEqual(
    Array.from({ length: 50 }, (_, index) => index + 11),
  );
});

test("an event that is replayed after a lost connection is heard once", () => {
  const { friend } = bring();
  chat(1);
  newest().end();
  vi.advanceTimersByTime(10_000);
  newest().greet("guest-1");
  newest().subscribed(2);
  for (const offset of [1, 2]) chat(offset);
  expect(friend.heard.map(({ place }) => place)).toEqual(["e:1", "e:2"]);
});

test("a friend says something to the room, and leaves", async () => {
  const { friend } = bring();
  const said = friend.say("an answer", "others");
  const published = newest().requests.find(({ type }) => type === "publish");
  expect(published).toMatchObject({ topic: "room/lobby", to: "others", text: "an answer" });
  newest().say({ type: "ack", re: published?.id ?? "", topic: "room/lobby", epoch: "e", offset: 1 });
  await said;
  friend.leave();
  expect(newest().closed[0]?.[0]).toBe(1000);
});
