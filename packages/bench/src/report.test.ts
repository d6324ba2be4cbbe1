import { expect, test } from "vitest";
import { axisOf } from "./axis.ts";
import { reportOf } from "./report.ts";
import type { BenchResults, ResultRow } from "./results.ts";
import { sentencesOf } from "./sentences.ts";

const near = (value: number) => ({ value, low: value * 0.95, high: value * 1.05, count: 10 });
const rows: ResultRow[] = [
  {
    ...{ candidate: "fastify", verdict: "measured", figure: near(19), serverBusy: 0.4, generatorBusy: 1 },
    ratio: { value: 1.12, low: 1.05, high: 1.18, count: 30, control: "ws", decision: "more" },
  },
  {
    ...{ candidate: "express", verdict: "measured", figure: near(17) },
    ratio: {
      ...near(1),
      control: "ws",
      decision: "undecided",
      why: "equal servers differ as much",
    },
  },
  { candidate: "bad", verdict: "refused", why: "message 7 came back <changed>" },
  { candidate: "ws", verdict: "generator-bound", why: "the generator's core was full" },
];
const measure = {
  ...{
    scenario: "cpu",
    title: "64 bytes",
    unit: "µs per message",
    better: "less" as const,
    noise: { low: 0.93, high: 1.075, count: 5 },
    leastFactor: 1.05,
    rows,
  },
  phrase: "costs {ratio} the processor time of {control} per message",
};
const results: BenchResults = {
  ...{ date: "2026-11-22T12:00:00.000Z", commit: "abc", quick: false, complete: true },
  machine: {
    ...{
      platform: "linux",
      cpu: "a processor",
      cores: 4,
      memoryBytes: 2 ** 33,
      governor: undefined,
      load: 0.2,
    },
    pinned: { server: 0, generator: 1 },
  },
  ...{ versions: { node: "26" }, settings: { MAX_BURST: "9" }, measures: [measure] },
  selfComparisons: [{ scenario: "cpu", title: "64 bytes", candidate: "express", ratio: near(1) }],
  candidates: [
    { id: "fastify", title: "Fastify", kind: "app" },
    { id: "express", title: "Express", kind: "app" },
    { id: "ws", title: "bare ws", kind: "bare" },
    { id: "bad", title: "A & B", kind: "app" },
  ],
};

test("a decision is a sentence with its interval", () => {
  expect(sentencesOf(results).decided.map(({ text }) => text)).toEqual([
    "Fastify costs 1.12 × the processor time of bare ws per message [1.05–1.18].",
  ]);
});

test("everything undecided, refused or limited by something else has its reason", () => {
  const { undecided, refused, limited } = sentencesOf(results);
  expect(undecided[0]?.text).toMatch(/^Express costs 1.00 × .+ Equal servers differ as much\.$/);
  expect(refused[0]?.text).toBe("A & B, refused: message 7 came back <changed> (64 bytes).");
  expect(limited[0]?.text).toBe("Bare ws, generator-bound: the generator's core was full (64 bytes).");
});

test("a reason that several measures share is given once", () => {
  const twice = { ...results, measures: [measure, measure] };
  expect(sentencesOf(twice).refused.map(({ text }) => text)).toEqual([
    "A & B, refused: message 7 came back <changed> (in 2 measures).",
  ]);
});

test("the report opens with what was decided, and makes no requests", () => {
  const page = reportOf(results);
  expect(page.indexOf("Decided")).toBeLessThan(page.indexOf("Undecided"));
  expect(page.indexOf("Undecided")).toBeLessThan(page.indexOf("Refused"));
  expect(page).not.toMatch(/\b(?:src|href)="(?!#)|https?:|url\(/);
  expect(page).toContain("<strong>0.93–1.07 ×</strong>, from 5 ratios: cpu");
});

test("if nothing was decided the report says what was compared, and on which core", () => {
  const [fastify, express, bad] = rows;
  const of = (...some: (ResultRow | undefined)[]) =>
    reportOf({ ...results, measures: [{ ...measure, rows: some.filter((row) => row !== undefined) }] });
  expect(of(express)).toContain("No comparison of this repository’s servers is decided");
  expect(of(bad)).toContain("No server of this repository was compared");
  expect(of(fastify)).not.toContain("<p>Nothing");
  const machine = { ...results.machine, pinned: undefined };
  expect(reportOf(results)).toContain("a processor, one core for the server");
  expect(reportOf({ ...results, machine })).toContain("a processor, no separate core for the server");
});

test("whatever comes from a server is shown as text", () => {
  const page = reportOf(results);
  expect(page).toContain("&lt;changed>");
  expect(page).toContain("A &amp; B");
});

test("a figure that is not the server's own is not shown", () => {
  const limited: ResultRow = {
    candidate: "ws",
    verdict: "generator-bound",
    why: "full",
    figure: near(4_242),
  };
  expect(reportOf({ ...results, measures: [{ ...measure, rows: [limited] }] })).not.toContain("4,242");
});

test.each([
  [{ published: 9, prefix: 9, gap: false }, "got every message, in order"],
  [{ published: 9, prefix: 5, gap: false, closed: 4002 }, "got 5 of 9 in order, then was closed with 4002"],
  [{ published: 9, prefix: 5, gap: false }, "got 5 of 9 in order, then nothing more came, without notice"],
  [{ published: 9, prefix: 5, gap: true }, "got 5 of 9 in order, then some were missing, without notice"],
])("the report says what became of the client that did not read: %j", (stalled, told) => {
  const row: ResultRow = { candidate: "express", verdict: "measured", figure: near(9), stalled };
  expect(reportOf({ ...results, measures: [{ ...measure, scenario: "slow", rows: [row] }] })).toContain(told);
});

test.each([
  [[0.9, 1, 1.1], "linear"],
  [[3, 9, 12], "linear"],
  [[0.2, 50], "logarithmic"],
  [[1_000, 2_000_000], "logarithmic"],
])("the axis of %j is %s, holds all of it and has ticks", (values, scale) => {
  const axis = axisOf(values, 400);
  expect(axis.scale).toBe(scale);
  for (const value of [...values, ...axis.ticks]) {
    expect(axis.at(value)).toBeGreaterThanOrEqual(0);
    expect(axis.at(value)).toBeLessThanOrEqual(400);
  }
  expect(axis.ticks.length).toBeGreaterThanOrEqual(2);
  expect(axis.ticks.length).toBeLessThanOrEqual(9);
});

const of = (change: Partial<BenchResults>) => reportOf({ ...results, ...change });
const measured = (candidate: string, ratio: NonNullable<ResultRow["ratio"]>): ResultRow => ({
  ...{ candidate, verdict: "measured", figure: near(100), ratio },
});

test("whatever speaks against a run stands at the top of its report", () => {
  expect(of({})).not.toMatch(/interrupted|quick run|other work|hypervisor gave/);
  expect(of({ complete: false, rounds: { done: 1, wanted: 4 } })).toContain(
    "interrupted after 1 of 4 rounds",
  );
  expect(of({ quick: true })).toContain("A quick run: intervals are wide.");
  expect(of({ machine: { ...results.machine, load: 1.5 } })).toContain(
    "busy with other work when the run began (load 1.50)",
  );
  expect(of({ stolen: 0.05 })).toContain("A hypervisor gave 5 %");
});

test("a ratio is drawn in the colour of its decision, depending on which way is better", () => {
  const decided = (better: "more" | "less", decision: "more" | "less" | "undecided") => {
    const row = measured("fastify", { ...near(1.5), control: "ws", decision });
    const page = of({ measures: [{ ...measure, better, rows: [row] }] });
    return /<g class="mark (better|worse|undecided)">/.exec(page)?.[1];
  };
  expect([decided("more", "more"), decided("more", "less")]).toEqual(["better", "worse"]);
  expect([decided("less", "more"), decided("less", "less")]).toEqual(["worse", "better"]);
  expect(decided("less", "undecided")).toBe("undecided");
});

test("a figure is drawn at its value, with its whole interval and the band where nothing is decided", () => {
  const axis = axisOf([1, 2, 0.9, 1.4, 1, 1.2, 1, 0.5, 2], 400);
  const at = (value: number) => Math.round((20 + axis.at(value)) * 10) / 10;
  const row = measured("fastify", {
    value: 1.2,
    low: 0.9,
    high: 1.4,
    count: 9,
    control: "ws",
    decision: "undecided",
  });
  const page = of({ measures: [{ ...measure, leastFactor: 2, rows: [row] }] });
  const drawn = page.slice(page.indexOf("beside the control"));
  expect(drawn).toContain(`<line class="interval" x1="${at(0.9)}" x2="${at(1.4)}"`);
  expect(drawn).toContain(`<circle cx="${at(1.2)}"`);
  expect(drawn).toContain(`<rect class="band" x="${at(0.5)}"`);
});

test("libraries are drawn differently from servers, and a disturbed server has no figure", () => {
  const library = measured("ws", { ...near(1.5), control: "fastify", decision: "more" });
  const page = of({ measures: [{ ...measure, rows: [library] }] });
  expect(page).toContain("No server of this repository was compared.");
  expect(page).toContain("Decided for first rungs and bare libraries <span>1</span>");
  const disturbed: ResultRow = { candidate: "express", verdict: "disturbed", why: "others were at work" };
  expect(sentencesOf({ ...results, measures: [{ ...measure, rows: [disturbed] }] }).limited).toHaveLength(1);
});

test("the table shows the schedule, with each value labelled", () => {
  const schedule = { rate: 20_000, p50: 90, p90: 150, p99: 310, p999: 1_204, max: 9_999 };
  const row: ResultRow = { candidate: "express", verdict: "measured", figure: near(9), schedule };
  expect(of({ measures: [{ ...measure, rows: [row] }] })).toContain(
    "at&nbsp;20,000/s<br>99&nbsp;%:&nbsp;310&nbsp;µs<br>99.9&nbsp;%:&nbsp;1,204&nbsp;µs",
  );
});

test("a name with quotes keeps them", () => {
  const title = 'say "hello"';
  expect(of({ measures: [{ ...measure, title }] })).toContain('aria-label="say &quot;hello&quot;"');
});

test.each([[[0, 50]], [[Number.NaN, 1, 2]], [[5]], [[]]])("the axis of %j can be drawn", (values) => {
  const axis = axisOf(values, 400);
  const finite = values.filter(Number.isFinite);
  expect([...finite, ...axis.ticks].map((value) => Number.isFinite(axis.at(value)))).not.toContain(false);
  for (const tick of axis.ticks) {
    expect(axis.at(tick)).toBeGreaterThanOrEqual(0);
    expect(axis.at(tick)).toBeLessThanOrEqual(400);
  }
});

test("a wide interval fits into the plot from end to end", () => {
  const row: ResultRow = {
    candidate: "fastify",
    verdict: "measured",
    figure: { value: 100, low: 20, high: 450, count: 9 },
  };
  const page = of({ measures: [{ ...measure, rows: [row] }] });
  const [, low, high] = /<line class="interval" x1="([\d.-]+)" x2="([\d.-]+)"/.exec(page) ?? [];
  expect(Number(low)).toBeGreaterThanOrEqual(20);
  expect(Number(high)).toBeLessThanOrEqual(420);
  expect(Number(low)).toBeLessThan(Number(high));
});
