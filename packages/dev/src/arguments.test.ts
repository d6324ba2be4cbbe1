import { readManifests } from "@rosetta/manifest";
import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";

const manifests = readManifests();
const [first, second] = manifests.map(({ id }) => id) as [string, string];

test("without a server all of them run", () => {
  expect(readArguments([])).toEqual({
    help: false,
    servers: manifests,
    port: undefined,
    cluster: false,
  });
});

test.each([[[first]], [["--filter", first]], [[`--filter=${first}`]], [["-F", first]], [["--", first]]])(
  "%j chooses one server",
  (args) => {
    expect(readArguments(args)).toMatchObject({ servers: [{ id: first }] });
  },
);

test("several servers come in the order of their ports, however they are named", () => {
  expect(readArguments(["--filter", second, first])).toMatchObject({
    servers: [{ id: first }, { id: second }],
  });
});

test.each([[["deno"]], [["--filter", "deno"]]])("%j is answered with the servers there are", (args) => {
  const ids = manifests.map(({ id }) => id).join(", ");
  expect(readArguments(args)).toBe(`there is no server "deno"; there are: ${ids}`);
});

test("a port is left to whoever knows what a port may be", () => {
  expect(readArguments(["--port", "x"])).toMatchObject({ port: "x" });
});

test("an unknown option is answered in one line", () => {
  expect(readArguments(["--watch"])).toBe("Unknown option '--watch'; pnpm dev --help lists the options");
});

test("a cluster is asked for by name", () => {
  expect(readArguments(["--cluster", first, second])).toMatchObject({
    cluster: true,
    servers: [{ id: first }, {}],
  });
});
