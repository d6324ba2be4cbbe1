import type { Manifest } from "@rosetta/manifest";
import { describe, expect, test } from "vitest";
import { readAppSources } from "./app-sources.ts";
import { type DifferenceEvidence, markdownDifferences } from "./differences.ts";
import { markdownRegions } from "./markdown.ts";
import { staleDifferences, staleMatrix, staleRegions, unlinkedServers } from "./stale-readme.ts";
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
const results = matrix(
  "|  | One |",
  "|---|--:|",
  "| The opening handshake (UPG) | 1/2 |",
  "| Backpressure (SLOW) | 1/1 (1≠) |",
  "| all | **2/3 (1≠)** |",
  "",
  "## With an engine",
  "",
  "`pnpm e2e --cluster` runs the groups that concern delivery once more, on servers that keep what they know in Redis. The group CLUSTER has all of these servers as one application.",
  "",
  "|  | One |",
  "|---|--:|",
  "| Backpressure (SLOW) | 1/1 (1≠) |",
  "| Several servers as one application (CLUSTER) | 0/1 |",
  "| all | **1/2 (1≠)** |",
  "",
  "## The ladder",
  "",
  "How many of the tests that concern a rung pass on it. The first rung is the stack as its own documentation writes it, so the rows below show what each subject buys. `pnpm e2e --steps` says which tests each rung turns green.",
  "",
  "| rung | One |",
  "|---|--:|",
  "| `1-echo` | 0/2 |",
  "",
  "## Known differences",
  "",
  "These are the ≠ in the tables. Each is a test that a stack cannot pass. It still runs, and must fail as described.",
  "",
  "### One",
  "",
  "- SLOW-01: it cannot ([source](https://example.org))",
  "",
  "## The run",
  "",
  "Run on 2026-11-22 (linux x64, 2 × Example). One: node 26.10.0.",
);

const how = "missing, pnpm e2e, with --cluster and with --steps, then pnpm -C packages/compare run readme";

const stale = (text: string, tests: ListedTest[], servers: Manifest[]) =>
  staleMatrix(text, tests, servers, () => ["1-echo"]);

const print = (findings: ReturnType<typeof staleMatrix>) =>
  findings.map(({ file, line, message }) => `${file}:${line}  ${message}`);

test("what a run found is the run's: counts of tests, servers and deviations are checked", () => {
  expect(stale(results, tests, [one])).toEqual([]);
});

test("a test that does not depend on the server counts only where it runs", () => {
  const two = { ...one, id: "two", title: "Two" };
  const more = [...tests, listed("PAGE-01 MUST show", "upgrade", "any-server")];
  const messages = print(stale(results, more, [one, two]));
  expect(messages).toContain(`RESULTS.md:3  ${how}: | The page (PAGE) | – | 1 |`);
  expect(messages).toContain(
    `RESULTS.md:3  ${how}: 1 test does not depend on the server: each runs on one server only, and counts there.`,
  );
});

test("an added test changes its group and the sum", () => {
  const more = [...tests, listed("UPG-03 MUST hang up", "upgrade")];
  expect(print(stale(results, more, [one]))).toEqual([
    "RESULTS.md:5  no longer so: | The opening handshake (UPG) | 2 |",
    "RESULTS.md:7  no longer so: | all | **3 (1≠)** |",
    `RESULTS.md:3  ${how}: | The opening handshake (UPG) | 3 |`,
    `RESULTS.md:3  ${how}: | all | **4 (1≠)** |`,
  ]);
});

test("a new rung, and a test that a rung gains, change the ladder", () => {
  const more = [...tests, listed("STEP-02 MUST ask", "heartbeat", "step")];
  expect(print(stale(results, more, [one]))).toEqual([
    "RESULTS.md:25  no longer so: | `1-echo` | 2 |",
    `RESULTS.md:3  ${how}: | \`1-echo\` | 3 |`,
  ]);
  const ladder = staleMatrix(results, tests, [one], () => ["1-echo", "2-rooms"]);
  expect(print(ladder)).toEqual([`RESULTS.md:3  ${how}: | \`2-rooms\` | 2 |`]);
});

test("a fixed deviation is no longer listed", () => {
  const messages = print(stale(results, tests, [{ ...one, deviations: [] }]));
  expect(messages).toContain(
    "RESULTS.md:33  no longer so: - SLOW-01: it cannot ([source](https://example.org))",
  );
});

test("a renamed server changes the head", () => {
  const [first] = print(stale(results, tests, [{ ...one, title: "Two" }]));
  expect(first).toBe("RESULTS.md:3  no longer so: |  | One |");
});

test("a file without a matrix is a finding", () => {
  expect(print(stale("# Title", tests, [one]))).toEqual([
    "RESULTS.md:1  no lines <!-- matrix:begin --> and <!-- matrix:end -->",
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

describe("the table of differences", () => {
  const two: Manifest = { ...one, id: "two", title: "Two", deviations: [] };
  const evidence: DifferenceEvidence = { servers: [one, two], house: readAppSources([]), bench: "" };
  const rows = [{ says: "It closes", test: "SLOW-01" }];
  const text = `<!-- differences:begin -->\n${markdownDifferences(evidence, rows)}\n<!-- differences:end -->`;

  test("matches its evidence", () => {
    expect(staleDifferences(text, evidence, rows)).toEqual([]);
    const mended = { ...evidence, servers: [{ ...one, deviations: [] }, two] };
    expect(print(staleDifferences(text, mended, rows))).toEqual([
      "README.md:4  no longer so: | It closes | **no** | yes | test SLOW-01 |",
      "README.md:2  missing, pnpm -C packages/compare run readme: | It closes | yes | yes | test SLOW-01 |",
      'README.md:2  "It closes" is no longer a difference: differences.ts',
    ]);
  });

  test("has no row without evidence", () => {
    const unknown = [{ says: "It is small", measure: "bytes", unit: "B" }];
    expect(print(staleDifferences(text, evidence, unknown))).toContain(
      'README.md:2  "It is small" has no evidence for every server: differences.ts',
    );
  });
});
