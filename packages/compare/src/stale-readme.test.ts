import type { Manifest } from "@rosetta/manifest";
import { expect, test } from "vitest";
import { readAppSources } from "./app-sources.ts";
import { markdownRegions } from "./markdown.ts";
import { staleMatrix, staleRegions, unlinkedServers } from "./stale-readme.ts";
import type { ListedTest } from "./tags.ts";

const listed = (title: string, ...tags: string[]): ListedTest => ({ title, tags, file: "a.ts", line: 1 });
const tests = [
  listed("UPG-01 MUST refuse", "upgrade", "step"),
  listed("UPG-02 MUST take", "upgrade"),
  listed("SLOW-01 MUST close", "send"),
  listed("STEP-01 MUST tell", "rooms", "step"),
  listed("CLUSTER-01 MUST agree", "upgrade"),
];
const one: Manifest = {
  id: "one",
  title: "One",
  runtime: "node",
  port: 3001,
  start: [],
  deviations: [{ test: "SLOW-01", reason: "it cannot", link: "https://example.org", shows: "x" }],
};

const matrix = (...lines: string[]) =>
  ["# Title", "<!-- matrix:begin -->", ...lines, "<!-- matrix:end -->"].join("\n");
const readme = matrix(
  "|  | One |",
  "|---|--:|",
  "| UPG | 1/2 |",
  "| SLOW | 1/1 (1≠) |",
  "| all | **2/3 (1≠)** |",
  "",
  "With an engine (`pnpm e2e --cluster`): the groups that concern delivery once more, on servers that keep what they know in Redis, and CLUSTER, in which all of these servers are one application.",
  "",
  "|  | One |",
  "|---|--:|",
  "| SLOW | 1/1 (1≠) |",
  "| CLUSTER | 0/1 |",
  "| all | **1/2 (1≠)** |",
  "",
  "The ladder: how many of the tests that concern a rung pass on it. `pnpm e2e --steps` says which ones each rung turns green.",
  "",
  "| rung | One |",
  "|---|--:|",
  "| `1-echo` | 0/2 |",
  "",
  "≠ is a known difference of the stack; the test runs and fails as described:",
  "",
  "- SLOW-01, One: it cannot ([source](https://example.org))",
  "",
  "Run on 2026-11-22 (linux x64, 2 × Example). One: node 26.10.0.",
);

const how = "missing, pnpm e2e, with --cluster and with --steps, then pnpm -C packages/compare run readme";

const stale = (text: string, tests: ListedTest[], servers: Manifest[]) =>
  staleMatrix(text, tests, servers, () => ["1-echo"]);

const print = (findings: ReturnType<typeof staleMatrix>) =>
  findings.map(({ file, line, message }) => `${file}:${line}  ${message}`);

test("what a run found is the run's: counts of tests, servers and deviations are checked", () => {
  expect(stale(readme, tests, [one])).toEqual([]);
});

test("a test that does not depend on the server counts only where it runs", () => {
  const two = { ...one, id: "two", title: "Two" };
  const more = [...tests, listed("PAGE-01 MUST show", "upgrade", "any-server")];
  const messages = print(stale(readme, more, [one, two]));
  expect(messages).toContain(`README.md:3  ${how}: | PAGE | – | 1 |`);
  expect(messages).toContain(
    `README.md:3  ${how}: 1 test does not depend on the server: each runs on one server only, and counts there.`,
  );
});

test("an added test changes its group and the sum", () => {
  const more = [...tests, listed("UPG-03 MUST hang up", "upgrade")];
  expect(print(stale(readme, more, [one]))).toEqual([
    "README.md:5  no longer so: | UPG | 2 |",
    "README.md:7  no longer so: | all | **3 (1≠)** |",
    `README.md:3  ${how}: | UPG | 3 |`,
    `README.md:3  ${how}: | all | **4 (1≠)** |`,
  ]);
});

test("a new rung, and a test that a rung gains, change the ladder", () => {
  const more = [...tests, listed("STEP-02 MUST ask", "heartbeat", "step")];
  expect(print(stale(readme, more, [one]))).toEqual([
    "README.md:21  no longer so: | `1-echo` | 2 |",
    `README.md:3  ${how}: | \`1-echo\` | 3 |`,
  ]);
  const ladder = staleMatrix(readme, tests, [one], () => ["1-echo", "2-rooms"]);
  expect(print(ladder)).toEqual([`README.md:3  ${how}: | \`2-rooms\` | 2 |`]);
});

test("a fixed deviation is no longer listed", () => {
  const messages = print(stale(readme, tests, [{ ...one, deviations: [] }]));
  expect(messages).toContain(
    "README.md:25  no longer so: - SLOW-01, One: it cannot ([source](https://example.org))",
  );
});

test("a renamed server changes the head", () => {
  const [first] = print(stale(readme, tests, [{ ...one, title: "Two" }]));
  expect(first).toBe("README.md:3  no longer so: |  | One |");
});

test("a README without a matrix is a finding", () => {
  expect(print(stale("# Title", tests, [one]))).toEqual([
    "README.md:1  no lines <!-- matrix:begin --> and <!-- matrix:end -->",
  ]);
});

test("the table of regions matches the apps", () => {
  const house = (region: string) =>
    readAppSources([
      { id: "one", files: new Map([["http.ts", `// #region ${region}\nrun();\n// #endregion ${region}\n`]]) },
    ]);
  const ladders = readAppSources([], "steps");
  const text = `<!-- regions:begin -->\n${markdownRegions(house("door"), ladders)}\n<!-- regions:end -->`;
  expect(staleRegions(text, house("door"), ladders)).toEqual([]);
  expect(print(staleRegions(text, house("gate"), ladders))).toEqual([
    "README.md:6  no longer so: | `http.ts` | a request | door |",
    "README.md:2  missing, pnpm -C packages/compare run readme: | `http.ts` | a request | gate |",
  ]);
});

test("a server without a link to its own README is named", () => {
  const text = "read [One](apps/one/README.md)";
  expect(unlinkedServers(text, [{ id: "one" }])).toEqual([]);
  expect(unlinkedServers(text, [{ id: "one" }, { id: "two" }]).map(({ message }) => message)).toEqual([
    "no link to apps/two/README.md: name the server where a reader chooses one",
  ]);
});
