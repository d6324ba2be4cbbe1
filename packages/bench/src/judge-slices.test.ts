import { expect, test } from "vitest";
import type { Slice } from "./generator-job.ts";
import { type Figure, isDisturbed, isHopeless, judge, ratiosOf, type SlicePair } from "./judge-slices.ts";

const busy: Figure = { figure: ({ count }) => count, needsBusyServer: true, leastFactor: 1.02 };
const noise = { low: 0.95, high: 1.05, count: 10 };
const against = { control: "control", noise, wanted: 5 };

const slice = (count: number, more: Partial<Slice> = {}): Slice => ({
  ...{
    count,
    ms: 1_000,
    serverMs: 800,
    serverBusy: 0.99,
    serverTaken: 0,
    generatorBusy: 0.6,
    generatorTaken: 0,
  },
  ...more,
});
const pairs = (own: Slice, control = slice(100)): SlicePair[] => [1, 2, 3, 4, 5].map(() => [own, control]);

test("a server twice as fast as its control is decided", () => {
  expect(judge(busy, "one", pairs(slice(200)), against)).toMatchObject({
    verdict: "measured",
    figure: { value: 200 },
    ratio: { value: 2, control: "control", decision: "more" },
  });
});

test("a difference that another run may not show is undecided, with the reason", () => {
  const shared = { ...busy, leastFactor: 1.5 };
  expect(judge(shared, "one", pairs(slice(149)), against).ratio).toMatchObject({
    decision: "undecided",
    why: "another run may differ by 1.5 ×",
  });
  expect(judge(shared, "one", pairs(slice(67)), against).ratio).toMatchObject({ decision: "undecided" });
  expect(judge(shared, "one", pairs(slice(66)), against).ratio).toMatchObject({ decision: "less" });
  expect(judge(shared, "one", pairs(slice(151)), against).ratio).toMatchObject({ decision: "more" });
});

test("a difference within the noise is undecided, with the reason", () => {
  expect(judge(busy, "one", pairs(slice(104)), against).ratio).toMatchObject({
    decision: "undecided",
    why: "equal servers differ as much",
  });
});

test("a server that was not busy has no throughput, whatever the limit was", () => {
  const verdict = (more: Partial<Slice>) => judge(busy, "one", pairs(slice(200, more)), against);
  const full = verdict({ serverBusy: 0.6, generatorBusy: 0.99 });
  expect(full).toMatchObject({ verdict: "generator-bound", why: expect.stringContaining("core was full") });
  const taken = verdict({ serverBusy: 0.6, serverTaken: 0.38, generatorBusy: 0.6 });
  expect(taken).toMatchObject({ verdict: "disturbed", why: expect.stringContaining("other programs used") });
  const neither = verdict({ serverBusy: 0.1, generatorBusy: 0.2 });
  expect(neither).toMatchObject({ verdict: "generator-bound", why: expect.stringContaining("neither") });
  for (const row of [full, taken, neither]) expect(row).not.toHaveProperty("ratio");
});

test("if nobody knows how busy a server was, nothing is published", () => {
  const unknown = { serverBusy: Number.NaN, serverTaken: Number.NaN };
  expect(judge(busy, "one", pairs(slice(200, unknown)), against).verdict).toBe("generator-bound");
});

test("a control that was not busy decides nothing", () => {
  const lazy = slice(100, { serverBusy: 0.5, generatorBusy: 1 });
  expect(judge(busy, "one", pairs(slice(200), lazy), against)).toMatchObject({
    verdict: "measured",
    ratio: { decision: "undecided", why: expect.stringContaining("the control was generator-bound") },
  });
});

test("nothing is decided without the noise of two equal servers, nor from few pairs", () => {
  const row = judge(busy, "one", pairs(slice(200)), { ...against, noise: undefined });
  expect(row.ratio?.decision).toBe("undecided");
  expect(judge(busy, "one", pairs(slice(200)).slice(0, 4), against).ratio).toMatchObject({
    ...{ decision: "undecided", why: "4 of 5 pairs are too few for a decision" },
  });
  // As in an interrupted run.
  expect(judge(busy, "one", pairs(slice(200)), { ...against, wanted: 16 }).ratio).toMatchObject({
    ...{ decision: "undecided", why: "5 of 16 pairs are too few for a decision" },
  });
  expect(judge(busy, "one", pairs(slice(200)).slice(0, 1), against)).not.toHaveProperty("ratio");
});

test("an unsent message is the generator's fault, an unanswered one the server's", () => {
  const rate: Figure = { ...busy, needsBusyServer: false };
  const verdict = (sent: number, count: number) =>
    judge(rate, "one", pairs(slice(count, { due: 1_000, sent }), slice(1_000)), against).verdict;
  expect(verdict(1_000, 990)).toBe("measured");
  expect(verdict(800, 790)).toBe("generator-bound");
  expect(verdict(1_000, 500)).toBe("refused");
  const slow = slice(500, { due: 1_000, sent: 1_000, serverTaken: 0.4 });
  expect(judge(rate, "one", pairs(slow), against).verdict).toBe("disturbed");
});

test("a server that others starved in one slice is not refused, however quiet the other slices were", () => {
  const rate: Figure = { ...busy, needsBusyServer: false };
  const held = slice(1_000, { due: 1_000, sent: 1_000 });
  const starved = slice(300, { due: 1_000, sent: 1_000, serverTaken: 0.6 });
  const verdict = (...slices: Slice[]) =>
    judge(
      rate,
      "one",
      [...slices, ...Array(9).fill(held)].map((each) => [each]),
    ).verdict;
  expect(verdict(starved)).toBe("disturbed");
  expect(verdict({ ...starved, serverTaken: 0.05 })).toBe("refused");
  expect(verdict(held, { ...starved, generatorTaken: 0.6, serverTaken: 0 })).toBe("disturbed");
});

test("a measure that something else limits is given up early", () => {
  const limited = slice(100, { serverBusy: 0.5, generatorBusy: 1 });
  const times = (count: number, each: Slice) => Array<Slice>(count).fill(each);
  expect(isHopeless(busy, times(3, limited), 5)).toBe(false);
  expect(isHopeless(busy, times(4, limited), 5)).toBe(true);
  expect(isHopeless(busy, times(4, slice(100)), 5)).toBe(false);
  // One round of several is a single moment.
  expect(isHopeless(busy, times(7, limited), 16)).toBe(false);
  expect(isHopeless(busy, times(8, limited), 16)).toBe(true);
  const row = judge(busy, "one", [...pairs(slice(200), limited), [slice(200)]], against);
  expect(row.ratio).toMatchObject({ value: 2, decision: "undecided" });
});

test("a measure with a schedule reports its rate and how late the answers were", () => {
  const latency = { p50: 90, p90: 150, p99: 300, p999: 900, max: 1_000 };
  const held = slice(1_000, { due: 1_000, sent: 1_000, latency });
  const row = judge(
    { ...busy, figure: ({ latency }) => latency?.p50 ?? 0, needsBusyServer: false },
    "one",
    pairs(held),
  );
  expect(row.schedule).toEqual({ rate: 1_000, ...latency });
});

test("a disturbance that hits both of a pair leaves their ratio alone", () => {
  const disturbed = [1, 5, 0.2, 3].map((factor): SlicePair => [slice(20 * factor), slice(10 * factor)]);
  expect(ratiosOf(busy, [...disturbed, [slice(7)]])).toEqual([2, 2, 2, 2]);
});

test("a pair is disturbed if other programs were at work on a core that counts", () => {
  const one = (more: Partial<Slice>, method = busy) => isDisturbed(method, [slice(100), slice(100, more)]);
  expect(one({})).toBe(false);
  expect(one({ serverTaken: 0.2 })).toBe(true);
  expect(one({ serverTaken: Number.NaN })).toBe(false);
  // A server that was busy all the time would have done no more with the generator's whole core.
  expect(one({ generatorTaken: 0.4 })).toBe(false);
  expect(one({ generatorTaken: 0.4, serverBusy: 0.9 })).toBe(true);
  expect(one({ generatorTaken: 0.06, serverTaken: 0.06 }, { ...busy, needsBusyServer: false })).toBe(true);
});

test("a measure with a schedule is disturbed if others were at work on either core", () => {
  const rate: Figure = { ...busy, needsBusyServer: false };
  const verdict = (more: Partial<Slice>) =>
    judge(rate, "one", pairs(slice(1_000, { due: 1_000, sent: 1_000, ...more })), against).verdict;
  expect(verdict({})).toBe("measured");
  expect(verdict({ serverTaken: 0.6 })).toBe("disturbed");
  expect(verdict({ generatorTaken: 0.3 })).toBe("disturbed");
  // Idle memory does not depend on what else is at work.
  expect(judge(rate, "one", pairs(slice(200, { serverTaken: 0.6 })), against).verdict).toBe("measured");
});

test("if the system does not report a figure, there is none", () => {
  const row = judge(
    { ...busy, figure: () => Number.NaN, needsBusyServer: false },
    "one",
    pairs(slice(1)),
    against,
  );
  expect(row).toMatchObject({ verdict: "unknown", why: "this system does not report it" });
  expect(row).not.toHaveProperty("ratio");
});

test("how busy a server was comes from all slices together, because the system counts in ticks", () => {
  const ticks = (parts: number[]) =>
    parts.map((serverBusy): SlicePair => [slice(200, { serverBusy }), slice(100)]);
  // The median of the first is 1, though 6 % were idle; that of the second is 0.917, though only 4 % were.
  expect(judge(busy, "one", ticks([1, 1, 1, 0.85, 0.85]), against).verdict).toBe("generator-bound");
  expect(judge(busy, "one", ticks([1, 1, 0.917, 0.942, 0.942]), against).verdict).toBe("measured");
});

test("the latest answer comes from all slices, everything else from the median one", () => {
  const scheduled = (factor: number) => {
    const latency = { p50: 1, p90: 2, p99: 3, p999: 4, max: 5 };
    const late = Object.fromEntries(Object.entries(latency).map(([name, each]) => [name, each * factor]));
    return slice(1_000, { due: 1_000 * factor, sent: 1_000 * factor, latency: late as typeof latency });
  };
  const method = { ...busy, needsBusyServer: false };
  const five = [1, 2, 3, 4, 100].map((factor): SlicePair => [scheduled(factor)]);
  expect(judge(method, "one", five).schedule).toEqual({
    ...{ rate: 3_000, p50: 3, p90: 6, p99: 9, p999: 12, max: 500 },
  });
  expect(judge(method, "one", five.toReversed()).schedule?.max).toBe(500);
});

test("the reported rate is the one that was due, however much was sent", () => {
  const latency = { p50: 1, p90: 2, p99: 3, p999: 4, max: 5 };
  const row = judge({ ...busy, needsBusyServer: false }, "one", [
    [slice(970, { due: 1_000, sent: 970, latency })],
  ]);
  expect(row).toMatchObject({ verdict: "measured", schedule: { rate: 1_000 } });
});

test("a single slice without a figure from the system is enough for no figure at all", () => {
  const method = { ...busy, figure: ({ serverMs }: Slice) => serverMs, needsBusyServer: false };
  const lost = { serverMs: Number.NaN };
  const some = [slice(1), slice(1, lost), slice(1), slice(1), slice(1)].map(
    (each): SlicePair => [each, slice(1)],
  );
  expect(judge(method, "one", some, against)).toMatchObject({ verdict: "unknown" });
  const control = some.map(([each]): SlicePair => [slice(1), each]);
  expect(judge(method, "one", control, against).ratio).toMatchObject({
    ...{ decision: "undecided", why: "the control was unknown: this system does not report it" },
  });
});

test("few pairs decide nothing, even if no more were wanted", () => {
  expect(judge(busy, "one", pairs(slice(200)).slice(0, 3), { ...against, wanted: 3 }).ratio).toMatchObject({
    ...{ decision: "undecided", why: "3 of 5 pairs are too few for a decision" },
  });
});

test("either of a pair may have been disturbed", () => {
  const taken = slice(100, { serverTaken: 0.2 });
  expect(isDisturbed(busy, [taken, slice(100)])).toBe(true);
  expect(isDisturbed(busy, [slice(100), taken])).toBe(true);
  expect(isDisturbed(busy, [taken])).toBe(true);
});

test("a disturbed pair is not hopeless, because another slice may go better", () => {
  const taken = slice(100, { serverBusy: 0.5, serverTaken: 0.4, generatorBusy: 0.5 });
  expect(isHopeless(busy, Array<Slice>(8).fill(taken), 5)).toBe(false);
});

test("the outcome of the client that did not read comes from the last slice", () => {
  const stalled = (prefix: number) => ({ published: 9, prefix, gap: false });
  const method = { ...busy, needsBusyServer: false };
  const told = judge(method, "one", [
    [slice(1, { stalled: stalled(3) })],
    [slice(1, { stalled: stalled(5) })],
  ]);
  expect(told.stalled).toEqual(stalled(5));
  expect(judge(method, "one", [[slice(1)]])).not.toHaveProperty("stalled");
});

test.each([
  [{ serverBusy: 0.95 }, "measured"],
  [{ serverBusy: 0.949 }, "generator-bound"],
  [{ serverTaken: 0.09 }, "measured"],
  [{ serverTaken: 0.11 }, "disturbed"],
  [{ generatorTaken: 0.5 }, "measured"],
])("a throughput with %j is %s", (more, verdict) => {
  expect(judge(busy, "one", pairs(slice(200, more)), against).verdict).toBe(verdict);
});

test("a rate is held if at least 95 in 100 messages were sent and answered", () => {
  const rate: Figure = { ...busy, needsBusyServer: false };
  const verdict = (sent: number, count: number) =>
    judge(rate, "one", pairs(slice(count, { due: 1_000, sent }), slice(1_000)), against).verdict;
  expect(verdict(950, 950)).toBe("measured");
  expect(verdict(949, 949)).toBe("generator-bound");
  expect(verdict(1_000, 949)).toBe("refused");
});

test("a part of a core is rounded so that it does not look like the threshold that it misses", () => {
  const lazy = slice(200, { serverBusy: 0.949, generatorBusy: 0.9499 });
  expect(judge(busy, "one", pairs(lazy), against).why).toContain("94 % of its core and the generator 94 %");
});
