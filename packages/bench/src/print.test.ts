import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { printMeasure, printSelfComparison, printSummary } from "./print.ts";
import type { BenchResults, Measure, ResultRow } from "./results.ts";

const near = (value: number) => ({ value, low: value * 0.95, high: value * 1.05, count: 10 });
const rows: ResultRow[] = [
  {
    ...{ candidate: "one", verdict: "measured", figure: near(200) },
    ratio: { ...near(2), control: "two", decision: "more" },
  },
  { candidate: "two", verdict: "measured", figure: near(100) },
  {
    candidate: "three",
    verdict: "generator-bound",
    why: "the generator's core was full",
    figure: near(4_242),
  },
];
const measure: Measure = {
  ...{ scenario: "echo", title: "64 bytes", unit: "messages/s", better: "more", leastFactor: 1.5 },
  ...{ phrase: "echoes {ratio} as many as {control}", noise: { low: 0.9, high: 1.1, count: 5 }, rows },
};
const title = (id: string) => `the ${id}`;

function plain(text: string): string[] {
  return stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.replaceAll(/ +/g, " ").trim());
}

test("a measure is printed row by row, with what equal servers showed", () => {
  expect(plain(printMeasure(measure, title))).toEqual([
    "equal servers: 0.90–1.10 ×; a difference counts only beyond 0.67–1.50 ×",
    "the one 200 messages/s 2.00 × [1.90–2.10] of two: more",
    "the two 100 messages/s",
    "the three generator-bound: the generator's core was full",
  ]);
});

test("a figure is followed by its schedule, and a server compared with itself is labelled so", () => {
  const schedule = { rate: 1_000, p50: 1, p90: 2, p99: 3, p999: 4, max: 5 };
  const own: ResultRow = {
    ...{ candidate: "one", verdict: "measured", figure: near(9), schedule },
    ratio: { ...near(1), control: "one", decision: "undecided" },
  };
  const [line] = plain(printMeasure({ ...measure, noise: undefined as never, rows: [own] }, title));
  expect(line).toContain("at 1,000/s: in the median slice 99 % within 3.00 µs, 99.9 % within 4.00 µs");
  expect(line).toContain("of its own plain echo: undecided");
});

test("two processes of a server are printed with their ratio", () => {
  const comparison = { scenario: "echo", title: "64 bytes", candidate: "one", ratio: near(1) };
  expect(plain(printSelfComparison(comparison, title))).toEqual(["the one 1.00 × [0.95–1.05] echo 64 bytes"]);
});

test("a run ends with what was decided, and how much was not", () => {
  const results = {
    measures: [measure],
    candidates: ["one", "two", "three"].map((id) => ({ id, title: title(id), kind: "app" })),
  } as unknown as BenchResults;
  const lines = plain(printSummary(results));
  expect(lines).toContain("Decided");
  expect(lines.join(" ")).toContain("The one echoes 2.00 × as many as the two [1.90–2.10].");
  expect(lines.at(-1)).toBe("0 undecided, 1 not measured: the report says why");
});
