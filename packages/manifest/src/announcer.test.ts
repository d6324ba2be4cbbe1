import { expect, test } from "vitest";
import { Announcer } from "./announcer.ts";

test("a set of servers is announced once it has been stable for a second", () => {
  const announcer = new Announcer(0);
  expect(announcer.look(["one:1"], 250)).toBeUndefined();
  expect(announcer.look(["one:1", "two:2"], 500)).toBeUndefined();
  expect(announcer.look(["one:1", "two:2"], 1_499)).toBeUndefined();
  expect(announcer.look(["one:1", "two:2"], 1_500)).toBe("servers");
});

test("it is announced again only when it has changed", () => {
  const announcer = new Announcer(0);
  announcer.look(["one:1"], 0);
  expect(announcer.look(["one:1"], 1_000)).toBe("servers");
  expect(announcer.look(["one:1"], 9_000)).toBeUndefined();
  expect(announcer.look(["one:7"], 9_250)).toBeUndefined();
  expect(announcer.look(["one:7"], 10_250)).toBe("servers");
});

test("a restart is not announced, however long it takes", () => {
  const announcer = new Announcer(0);
  announcer.look(["one:1"], 0);
  expect(announcer.look(["one:1"], 1_000)).toBe("servers");
  expect(announcer.look([], 2_000)).toBeUndefined();
  expect(announcer.look([], 90_000)).toBeUndefined();
  expect(announcer.look(["one:1"], 90_250)).toBeUndefined();
  expect(announcer.look(["one:1"], 99_000)).toBeUndefined();
});

test("a minute without any server is announced once", () => {
  const announcer = new Announcer(5_000);
  expect(announcer.look([], 64_999)).toBeUndefined();
  expect(announcer.look([], 65_000)).toBe("none yet");
  expect(announcer.look([], 200_000)).toBeUndefined();
  announcer.look(["one:1"], 200_250);
  expect(announcer.look(["one:1"], 201_250)).toBe("servers");
});
