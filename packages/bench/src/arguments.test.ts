import { expect, test } from "vitest";
import { readArguments, usage } from "./arguments.ts";
import { scenarioNames } from "./scenarios.ts";

const read = (line: string) => readArguments(line === "" ? [] : line.split(" "), ["one", "two"]);

test("without arguments every server is measured in every scenario", () => {
  expect(read("")).toMatchObject({ mode: "measure", quick: false, servers: [], scenarios: scenarioNames });
});

test("servers, scenarios, pairs and cores are read from the arguments", () => {
  expect(read("two --scenario echo,cpu --pairs 4 --cores 2,3 --quick --json a.json")).toMatchObject({
    ...{ servers: ["two"], scenarios: ["echo", "cpu"], pairs: 4, cores: { server: 2, generator: 3 } },
    ...{ quick: true, json: "a.json" },
  });
});

test.each([
  ["--help", "help"],
  ["--report", "report"],
  ["--table", "table"],
  ["--generator", "generator"],
  ["--load conns=10,fanout=2", "load"],
])("%s is a mode of its own", (line, mode) => {
  expect(read(line)).toMatchObject({ mode });
});

test("the parts of a load come in any order, and a part that is left out has its default", () => {
  expect(readArguments(["--load", "fanout=3 conns=5000 rate=200/s"], [])).toMatchObject({
    load: { conns: 5_000, rate: 200, size: 300, fanout: 3 },
  });
});

test.each([
  ["three", 'unknown server "three"; there are: one, two'],
  ["--scenario nothing", /^unknown scenario "nothing"; there are: cpu, /],
  ["--pairs 1", /--pairs 1 cannot be used/],
  ["--pairs many", /--pairs many cannot be used/],
  ["--cores 1,1", /two different numbers/],
  ["--cores 1", /two different numbers/],
  ["--report --generator", "--report and --generator cannot be combined"],
  ["--load conns=1", "--load: conns=1 cannot be used: a number from 2 to 25000"],
  ["--load speed=9", /"speed=9" cannot be used/],
  ["--load conns=20,fanout=20", /need more than 20 connections/],
  ["--loud", /--help lists the options$/],
])("%s is refused in one line", (line, why) => {
  const answer = read(line);
  expect(answer).toMatch(why);
  expect(answer).not.toContain("\n");
});

test("the help names every scenario", () => {
  for (const name of scenarioNames) expect(usage).toContain(name);
});

test.each(["constructor=1", "toString=1", "conns=25001", "rate=100001", "size=4097", "size=15"])(
  "a load of %s is refused",
  (part) => {
    expect(readArguments(["--load", part], [])).toMatch(/cannot be used/);
  },
);
