import { expect, test } from "vitest";
import { readManifests } from "./manifest.ts";
import { commandOfRung, findRung, readRungs } from "./rungs.ts";

test("every rung says in its first line what it is about", () => {
  const [{ id } = { id: "" }] = readManifests();
  const rungs = readRungs(id);
  expect(rungs.map(({ name }) => name)).toEqual([
    "1-echo",
    "2-rooms",
    "3-heartbeat",
    "4-admission",
    "5-backpressure",
    "6-shutdown",
  ]);
  for (const { name, subject } of rungs) expect(subject, name).toMatch(/^[A-Z][^/]*\.( |$)/);
});

test("a server without a ladder has no rungs", () => {
  expect(readRungs("no-such-server")).toEqual([]);
});

test("a rung is found by its number, its name or its subject", () => {
  const rungs = [
    { name: "1-echo", subject: "" },
    { name: "2-rooms", subject: "" },
  ];
  for (const wanted of ["2", "2-rooms", "rooms"]) expect(findRung(rungs, wanted)).toBe(rungs[1]);
  for (const wanted of ["", "3", "room", "-rooms"]) expect(findRung(rungs, wanted)).toBeUndefined();
});

test("a rung is run by the server's runtime", () => {
  expect(commandOfRung({ runtime: "bun" }, "1-echo")).toEqual(["bun", "steps/1-echo.ts"]);
});
