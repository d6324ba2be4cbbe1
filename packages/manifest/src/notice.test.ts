import { expect, test } from "vitest";
import type { Manifest } from "./manifest.ts";
import { placesOf, printNone, printUp, upOf } from "./notice.ts";

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

test("the ports of the manifests are checked, and those of PORT and PORTS", () => {
  const portsOf = (env: Record<string, string>) => placesOf(manifests, env).map(({ port }) => port);
  expect(portsOf({})).toEqual([3001, 3002]);
  expect(portsOf({ PORT: "4001" })).toEqual([3001, 3002, 4001]);
  expect(portsOf({ PORT: "4001", PORTS: "one=4001,two=4002" })).toEqual([3001, 3002, 4001, 4002]);
  for (const PORT of ["3002", "0", "70000", "x", ""]) expect(portsOf({ PORT })).toEqual([3001, 3002]);
});

test.each([
  [undefined, "127.0.0.1"],
  ["", "127.0.0.1"],
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
  ["::1", "::1"],
  ["localhost", "localhost"],
  ["192.0.2.1", "192.0.2.1"],
])("with HOST=%s servers are asked at %s", (HOST, host) => {
  expect(placesOf(manifests, { HOST }).map((place) => place.host)).toEqual([host, host]);
});

test("a server is recognized by its answer, not by its port", () => {
  const at = (port: number) => ({ host: "::1", port });
  const up = upOf(
    [
      { place: at(3001), answer: { server: "two" } },
      { place: at(3002), answer: "foreign" },
      { place: at(4001), answer: { server: "one" } },
    ],
    manifests,
  );
  expect(up.map(({ manifest, place }) => `${manifest.id}:${place.port}`)).toEqual(["one:4001", "two:3001"]);
});

test("the board says where to open the servers and where to read them", () => {
  const urls = ["http://[::1]:3001", "http://localhost:3002"];
  const rows = manifests.map((manifest, place) => ({ manifest, url: urls[place] ?? "" }));
  expect(printUp(rows, (_colour, text) => text)).toBe(`
One         http://[::1]:3001      node  apps/one/src
Number two  http://localhost:3002  node  apps/two/src
Ctrl-C stops all
`);
});

test("without a server the board says what to look at", () => {
  const asked = [
    { place: { host: "127.0.0.1", port: 3001 }, answer: "foreign" },
    { place: { host: "127.0.0.1", port: 3002 }, answer: "nothing" },
  ] as const;
  expect(printNone([...asked])).toBe(`No server answers on port 3001, 3002.
Port 3001 belongs to another program; PORT=4000 pnpm dev uses 4000 and the ports after it.
Look above for the error of the server, or of the page's build.`);
});
