import { expect, test } from "vitest";
import { parseRoute, printRoute, type Route } from "./route.ts";

test("a route survives its way through the address", () => {
  const routes: Route[] = [
    { lesson: 1 },
    { lesson: "all", server: "every" },
    { lesson: 7, server: "bun-hono", topic: "weather/berlin" },
    { lesson: 13, topic: "room/a-1" },
  ];
  for (const route of routes) expect(parseRoute(printRoute(route), 13)).toEqual(route);
});

test("the page opens on the first lesson, and never on one that is not there", () => {
  for (const hash of ["", "#", "#/", "#/lesson/", "#/lesson/0", "#/lesson/-1", "#/nothing", "#/lesson/1x"]) {
    expect(parseRoute(hash, 13), hash).toEqual({ lesson: 1 });
  }
  expect(parseRoute("#/lesson/99", 13)).toEqual({ lesson: 13 });
});

test("what somebody else may have put into the address is taken only in its form", () => {
  expect(parseRoute("#/all?server=<b>&topic=log", 13)).toEqual({ lesson: "all" });
  expect(parseRoute("#/all?topic=room/UP&server=__proto__", 13)).toEqual({ lesson: "all" });
  expect(parseRoute(`#/all?topic=room/${"a".repeat(33)}`, 13)).toEqual({ lesson: "all" });
});
