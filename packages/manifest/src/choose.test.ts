import { expect, test } from "vitest";
import { chooseServers, whyUnknown } from "./choose.ts";
import { readManifests } from "./manifest.ts";

const ids = readManifests().map(({ id }) => id);

test("without an id, all servers are chosen", () => {
  expect(chooseServers([])).toEqual(readManifests());
});

test("chosen servers come in the order of their ports, each once", () => {
  const [first = "", second = ""] = ids;
  expect(chooseServers([second, first, second])).toMatchObject([{ id: first }, { id: second }]);
});

test("an id that no server has is answered with those there are", () => {
  expect(chooseServers(["deno"])).toBe(`there is no server "deno"; there are: ${ids.join(", ")}`);
  expect(whyUnknown(["one", "two"], ["one"])).toBe('there is no server "two"; there are: one');
  expect(whyUnknown(["one"], ["one"])).toBeUndefined();
});
