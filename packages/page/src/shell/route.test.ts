import { expect, test } from "vitest";
import { parseRoute, printRoute, type Route } from "./route.ts";

const numbers = Array.from({ length: 13 }, (_, index) => index + 1);

test("a route survives its way through the address", () => {
  const routes: Route[] = [
    { lesson: 1 },
    { lesson: "start" },
    { lesson: "next", server: "every" },
    { lesson: "libraries" },
    { lesson: "all", server: "every" },
    { lesson: 7, server: "bun-hono", topic: "weather/berlin" },
    { lesson: 13, topic: "room/a-1" },
  ];
  for (const route of routes) expect(parseRoute(printRoute(route), numbers)).toEqual(route);
});

test("the page opens on its start", () => {
  for (const hash of ["", "#", "#/"]) expect(parseRoute(hash, numbers), hash).toEqual({ lesson: "start" });
});

test("an address without the word lesson still names one", () => {
  expect(parseRoute("#/1", numbers)).toEqual({ lesson: 1 });
  expect(parseRoute("#/13?server=every", numbers)).toEqual({ lesson: 13, server: "every" });
});

test("an address that names nothing is unknown, and leads to the start", () => {
  for (const hash of [
    "#/lesson/",
    "#/lesson/0",
    "#/lesson/14",
    "#/lesson/-1",
    "#/lesson/1x",
    "#/x/lesson/1",
    "#/nothing",
    "#/constructor",
    "#/99",
  ]) {
    expect(parseRoute(hash, numbers), hash).toEqual({ lesson: "unknown" });
  }
  expect(printRoute({ lesson: "unknown" })).toBe("#/");
});

test("what somebody else may have put into the address is taken only in its form", () => {
  expect(parseRoute("#/all?server=<b>&topic=log", numbers)).toEqual({ lesson: "all" });
  expect(parseRoute("#/all?topic=room/UP&server=__proto__", numbers)).toEqual({ lesson: "all" });
  expect(parseRoute(`#/all?topic=room/${"a".repeat(33)}`, numbers)).toEqual({ lesson: "all" });
});

test("a route must match from the first character to the last", () => {
  for (const hash of [
    "#/all?server=bun<b>",
    "#/all?topic=room/a<b>",
    "#/all?topic=xroom/a",
    "#/all?topic=scores/1",
  ]) {
    expect(parseRoute(hash, numbers), hash).toEqual({ lesson: "all" });
  }
  expect(parseRoute("#/allx", numbers)).toEqual({ lesson: "unknown" });
});
