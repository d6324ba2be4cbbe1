import { expect, test } from "vitest";
import { parseRoute, printRoute, type Route } from "./route.ts";

const numbers = Array.from({ length: 13 }, (_, index) => index + 1);

test("a route survives its way through the address", () => {
  const routes: Route[] = [
    { lesson: 1 },
    { lesson: "all", server: "every" },
    { lesson: 7, server: "bun-hono", topic: "weather/berlin" },
    { lesson: 13, topic: "room/a-1" },
  ];
  for (const route of routes) expect(parseRoute(printRoute(route), numbers)).toEqual(route);
});

test("the page opens on the first lesson, and never on one that is not there", () => {
  for (const hash of ["", "#", "#/", "#/lesson/", "#/lesson/0", "#/lesson/-1", "#/nothing", "#/lesson/1x"]) {
    expect(parseRoute(hash, numbers), hash).toEqual({ lesson: 1 });
  }
  expect(parseRoute("#/lesson/99", numbers)).toEqual({ lesson: 13 });
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
  expect(parseRoute("#/allx", numbers)).toEqual({ lesson: 1 });
});
