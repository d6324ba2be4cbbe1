import { expect, test } from "vitest";
import type { Manifest } from "./index.ts";
import { portsOf, printNone, printUp, upOf } from "./notice.ts";

const manifest = (id: string, port: number, title: string): Manifest => ({
  id,
  title,
  port,
  runtime: "node",
  start: [],
  hello: [],
  deviations: [],
});
const manifests = [manifest("one", 3001, "One"), manifest("two", 3002, "Number two")];

test("the ports of the manifests are asked, and PORT", () => {
  expect(portsOf(manifests, undefined)).toEqual([3001, 3002]);
  expect(portsOf(manifests, "4001")).toEqual([3001, 3002, 4001]);
  expect(portsOf(manifests, "3002")).toEqual([3001, 3002]);
  expect(portsOf(manifests, "0")).toEqual([3001, 3002]);
  expect(portsOf(manifests, "70000")).toEqual([3001, 3002]);
  expect(portsOf(manifests, "x")).toEqual([3001, 3002]);
});

test("a server is known by its answer, not by its port", () => {
  const up = upOf(
    [
      { port: 3001, answer: { server: "two" } },
      { port: 3002, answer: "foreign" },
      { port: 4001, answer: { server: "one" } },
    ],
    manifests,
  );
  expect(up.map(({ manifest, port }) => `${manifest.id}:${port}`)).toEqual(["one:4001", "two:3001"]);
});

test("the board says where to open and where to read", () => {
  const up = manifests.map((found) => ({ manifest: found, port: found.port }));
  expect(printUp(up, (_colour, text) => text)).toBe(`
One         http://127.0.0.1:3001  node  apps/one/src
Number two  http://127.0.0.1:3002  node  apps/two/src
Ctrl-C stops all
`);
});

test("without a server the board says what to look at", () => {
  const asked = [
    { port: 3001, answer: "foreign" },
    { port: 3002, answer: "nothing" },
  ] as const;
  expect(printNone([...asked])).toBe(`No server answers on port 3001, 3002.
Port 3001 belongs to another program; PORT=… pnpm dev takes another port.
Look above for the error of the server, or of the page's build.`);
});
