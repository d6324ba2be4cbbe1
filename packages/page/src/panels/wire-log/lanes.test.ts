import { expect, test } from "vitest";
import { WireRecorder } from "../../wire/recorder.ts";
import { lanesOf, wayOf } from "./lanes.ts";

const servers = ["one", "two", "three"].map((id) => ({
  id,
  title: `Server ${id}`,
  url: `http://${id}`,
  self: false,
}));

/** Returns the records of texts that came in, from a server over a connection. */
function recordsOf(...ways: [server: string, connection: string][]) {
  const recorder = new WireRecorder();
  for (const [server, connection] of ways)
    recorder.record(server, "/ws", { direction: "in", at: 0, kind: "text", data: "x" }, connection);
  return recorder.entries;
}

const titles = (...ways: [string, string][]) =>
  lanesOf(recordsOf(...ways), servers).map(({ title }) => title);

test("the page and each server in use has a lane, in the order of the servers", () => {
  expect(titles(["three", ""], ["one", "rosetta-goodbye"])).toEqual(["This page", "one", "three"]);
  expect(lanesOf(recordsOf(["three", ""]), servers).map(({ script }) => script)).toEqual([undefined, 3]);
});

test("the one address of all servers has the colour of none, and its own title", () => {
  const address = { id: "balancer", title: "One address", url: "http://all", self: true };
  const lanes = lanesOf(recordsOf(["balancer", ""], ["two", ""]), [...servers, address]);
  expect(lanes.map(({ title, script }) => [title, script])).toEqual([
    ["This page", undefined],
    ["two", 2],
    ["One address", undefined],
  ]);
});

test("the page's other clients stand on the far side of the server", () => {
  expect(titles(["one", ""], ["one", "rosetta-chat friend"])).toEqual(["This page", "Server one", "Friend"]);
});

test("the page has no lane where only its other clients speak", () => {
  expect(titles(["one", "rosetta-gap reader"], ["one", "rosetta-gap writer"])).toEqual([
    "Reader",
    "Server one",
    "Writer",
  ]);
});

test("many clients share a lane", () => {
  const many = ["1", "2", "3", "4"].map((name): [string, string] => ["one", `rosetta-crowd ${name}`]);
  expect(titles(...many)).toEqual(["4 clients", "Server one"]);
});

test("a message goes from its sender's lane to its receiver's", () => {
  const [own, friends] = recordsOf(["one", ""], ["two", "rosetta-chat friend"]);
  if (!own || !friends) throw new Error("two records expected");
  const lanes = lanesOf([own, friends], servers);
  expect(wayOf(own, lanes)).toEqual({ from: 1, to: 0 });
  expect(wayOf({ ...own, direction: "out" }, lanes)).toEqual({ from: 0, to: 1 });
  expect(wayOf(friends, lanes)).toEqual({ from: 2, to: 3 });
});

test("the members of a crowd go to their common lane", () => {
  const records = recordsOf(
    ...["1", "2", "3", "4"].map((name): [string, string] => ["one", `rosetta-crowd ${name}`]),
  );
  const lanes = lanesOf(records, servers);
  expect(records.map((record) => wayOf(record, lanes).to)).toEqual([0, 0, 0, 0]);
});
