import { expect, test } from "vitest";
import { devEnvironment, portIn } from "./dev.ts";
import type { Manifest } from "./manifest.ts";

const manifests = ["one", "two", "three"].map(
  (id, place): Manifest => ({
    id,
    title: id,
    port: 3001 + place,
    runtime: "node",
    start: [],
    hello: [],
    deviations: [],
  }),
);

test.each([
  [undefined, "1"],
  ["", "1"],
  ["1", "1"],
  ["0", "0"],
])("with CHAOS=%s servers get CHAOS=%s", (CHAOS, expected) => {
  expect(devEnvironment({ CHAOS }, [], manifests)).toEqual({ CHAOS: expected });
});

test.each([
  [[], "one=4000,two=4001,three=4002"],
  [["--filter", "three", "--filter=one"], "one=4000,three=4001"],
  [["--filter", "./apps/*"], "one=4000,two=4001,three=4002"],
  [["--filter", "two", "--filter", "./apps/three"], "one=4000,two=4001,three=4002"],
  [["--filter", "two"], undefined],
  [["-F", "two"], undefined],
])("PORT=4000 is the first port of %j", (args, ports) => {
  expect(devEnvironment({ PORT: "4000" }, args, manifests).PORTS).toBe(ports);
});

test("SERVERS lists the servers at the ports they were given", () => {
  const serversOf = (env: Record<string, string>) =>
    devEnvironment({ PORT: "4000", ...env }, ["--filter", "one", "--filter", "two"], manifests).SERVERS;
  expect(serversOf({})).toBe("one=http://127.0.0.1:4000,two=http://127.0.0.1:4001");
  expect(serversOf({ HOST: "0.0.0.0" })).toBe("one=http://127.0.0.1:4000,two=http://127.0.0.1:4001");
  expect(serversOf({ HOST: "localhost" })).toBe("one=http://localhost:4000,two=http://localhost:4001");
  expect(serversOf({ HOST: "::1" })).toBe("one=http://[::1]:4000,two=http://[::1]:4001");
  expect(serversOf({ SERVERS: "x=http://x" })).toBe("x=http://x");
});

test.each([["0"], ["x"], [""], ["-1"], ["4000.5"]])("PORT=%s is left to each server", (PORT) => {
  expect(devEnvironment({ PORT }, [], manifests)).toEqual({ CHAOS: "1" });
});

test("a server finds its own port in PORTS", () => {
  expect(portIn("one=4000,two=4001", "two")).toBe("4001");
  expect(portIn("one=4000,two=4001", "three")).toBeUndefined();
  expect(portIn(undefined, "two")).toBeUndefined();
});
