import { expect, test } from "vitest";
import { readAppSources } from "./app-sources.ts";
import { type DifferenceEvidence, fillDifferences, markdownDifferences } from "./differences.ts";

const region = (code: string) =>
  new Map([["connection.ts", `// #region broadcast\n${code}\n// #endregion broadcast\n`]]);
const house = readAppSources([
  { id: "one", files: region("for (const ws of all) ws.send(text);") },
  { id: "two", files: region("server.publish(topic, text);") },
]);
const deviation = { test: "SLOW-02", reason: "it cannot", link: "https://example.org", shows: "1006" };
const bench = `| | One | bare \`two\` | Two |
|---|---|---|---|
| echo | 1 | 2 | 3 |
| KiB an idle connection | 11.5 [11.1–11.6]<br>**1.47 ×** | 8 | generator-bound |
`;
const evidence: DifferenceEvidence = {
  servers: [
    { id: "one", title: "One + ws", deviations: [] },
    { id: "two", title: "Two", deviations: [deviation] },
    { id: "three", title: "Three", deviations: [] },
  ],
  house,
  bench,
};

const broadcast = {
  says: "A broadcast is",
  region: "broadcast",
  words: { "for (const": "a loop", publish: "one call" },
};

test("cells come from declared deviations, from the code and from the bench", () => {
  const rows = [
    { says: "A slow reader is told", test: "SLOW-02" },
    { says: "Memory", measure: "KiB an idle connection", unit: "KiB" },
    broadcast,
  ];
  expect(markdownDifferences(evidence, rows)).toBe(`| | One + ws | Two | Three | evidence |
|---|---|---|---|---|
| A slow reader is told | yes | **no** | yes | test SLOW-02 |
| Memory | 11.5 KiB | generator-bound | not measured | [bench](packages/bench/README.md#what-it-found) |
| A broadcast is | a loop | one call | ? | region \`broadcast\` |`);
});

test("code that has none of the texts gives no cell", () => {
  const [difference] = fillDifferences([{ ...broadcast, words: { publish: "one call" } }], evidence);
  expect(difference?.cells).toEqual([undefined, "one call", undefined]);
});

test("a measure that the bench no longer has gives no cells", () => {
  const [difference] = fillDifferences([{ says: "Speed", measure: "messages/s", unit: "/s" }], evidence);
  expect(difference?.cells).toEqual([undefined, undefined, undefined]);
});
