import type { Manifest } from "@rosetta/manifest";
import { expect, test } from "vitest";
import { listLadders, readStep } from "./step.ts";

const manifest: Manifest = {
  id: "one",
  title: "One",
  runtime: "node",
  port: 3001,
  start: [],
  deviations: [],
};
const rungs = [
  { name: "1-echo", subject: "What is sent comes back." },
  { name: "2-rooms", subject: "One message for many." },
];
const ladders = [{ manifest, rungs }];
const read = (args: string[], env: NodeJS.ProcessEnv = {}) => readStep(args, ladders, env);

test("without arguments, the servers and their rungs are listed", () => {
  expect(read([])).toBe("list");
  expect(read(["one", "--help"])).toBe("list");
  expect(listLadders(ladders)).toContain("one      One: apps/one/steps");
  expect(listLadders(ladders)).toContain("2-rooms  One message for many.");
});

test("a server alone means its first rung", () => {
  expect(read(["one"])).toEqual({ manifest, rung: rungs[0], port: 3001 });
});

test.each(["2", "2-rooms", "rooms"])("a rung is named by its number or its name: %s", (wanted) => {
  expect(read(["one", wanted])).toMatchObject({ rung: rungs[1] });
});

test("the port is the one asked for, that of PORT, or the server's own", () => {
  expect(read(["one", "--port", "4000"], { PORT: "5000" })).toMatchObject({ port: 4000 });
  expect(read(["one"], { PORT: "0" })).toMatchObject({ port: 0 });
  expect(read(["one"], { PORT: "" })).toMatchObject({ port: 3001 });
});

test.each([
  [["two"], 'there is no server "two"; there are: one'],
  [["2"], "name a server first: pnpm step one 2"],
  [["one", "7"], 'one has no rung "7"; there are: 1-echo, 2-rooms'],
  [["one", "1", "2"], 'pnpm step starts one rung, so "2" is too much'],
  [["one", "--port", "http"], '"http" is no port: expected a whole number from 0 to 65535'],
  [["one", "--port=70000"], '"70000" is no port: expected a whole number from 0 to 65535'],
  [["one", "--bare"], "Unknown option '--bare'; pnpm step --help lists the options"],
])("what cannot be meant is answered in one line: %j", (args, why) => {
  expect(read(args)).toEqual({ why });
});
