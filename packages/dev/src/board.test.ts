import type { Manifest } from "@rosetta/manifest";
import { expect, test } from "vitest";
import { printBoard } from "./board.ts";

const manifest = (id: string, port: number, title: string): Manifest => ({
  id,
  title,
  port,
  runtime: "node",
  start: [],
  deviations: [],
});

test("the board says where to open the servers and where to read them", () => {
  const rows = [
    { manifest: manifest("one", 3001, "One"), url: "http://[::1]:3001" },
    { manifest: manifest("two", 3002, "Number two"), url: undefined },
  ];
  expect(printBoard({ rows }, (_format, text) => text)).toBe(`
One         http://[::1]:3001  node  apps/one/src
Number two  broken, see above  node  apps/two/src
Ctrl-C stops all
`);
});

test("of a cluster it says the one address and the engine", () => {
  const rows = [{ manifest: manifest("one", 3001, "One"), url: "http://127.0.0.1:3001" }];
  const cluster = { url: "http://127.0.0.1:3000", engine: "redis-server on port 4711", isServing: true };
  expect(printBoard({ rows, cluster }, (_format, text) => text)).toBe(`
One  http://127.0.0.1:3001  node  apps/one/src

One application on all of them: http://127.0.0.1:3000
each connection goes to the next server; they share redis-server on port 4711
Ctrl-C stops all
`);
});

test("of a cluster whose engine no server can use it says that", () => {
  const rows = [{ manifest: manifest("one", 3001, "One"), url: "http://127.0.0.1:3001" }];
  const cluster = { url: "http://127.0.0.1:3000", engine: "redis://127.0.0.1:6379", isServing: false };
  expect(printBoard({ rows, cluster }, (_format, text) => text)).toContain(`
One application on all of them: http://127.0.0.1:3000
it answers 503 until a server can use redis://127.0.0.1:6379
`);
});
