import { expect, test } from "vitest";
import { answerOf } from "./ask-load.ts";
import type { Slice } from "./generator-job.ts";

const part: Slice = {
  ...{ count: 20_000, ms: 1_000, due: 20_000, sent: 20_000, residentBytes: 50 * 2 ** 20 },
  ...{ serverMs: 400, serverBusy: 0.4, serverTaken: 0, generatorBusy: 1, generatorTaken: 0 },
};
const latency = { p50: 100, p90: 200, p99: 2_000, p999: 3_000, max: 4_000 };
const answer = (each: Partial<Slice>, all: Partial<Slice> = {}) =>
  answerOf({ ...part, latency, ...all, parts: [1, 2, 3].map(() => ({ ...part, ...each })) });

test("a load that holds is reported with its cost", () => {
  expect(answer({})).toContain("holds");
  expect(answer({})).toContain("40 % [40 %–40 %] of a core, 50.0 [50.0–50.0] MiB in RAM");
});

test("a load does not hold if answers are missing, late or too few", () => {
  expect(answer({ count: 15_000 })).toContain("does not hold");
  expect(answer({}, { missing: 7 })).toMatch(/7\b.* deliveries did not come/);
  expect(answer({}, { latency: { ...latency, p99: 2_000_000 } })).toContain("within 2,000 ms");
  expect(answerOf(new Error("message 4 came instead of 3"))).toContain("message 4 came");
});

test("a generator that could not send the load says so and blames no server", () => {
  expect(answer({ sent: 10_000, count: 10_000 })).toContain("nothing can be said");
  expect(answer({ count: 15_000, serverTaken: 0.5 })).toContain("nothing can be said");
});

test("99 in 100 deliveries have a second, and none may be missing", () => {
  const late = (p99: number) => answer({}, { latency: { ...latency, p99 } });
  expect(late(1_000_000)).not.toContain("does not hold");
  expect(late(1_001_000)).toContain("does not hold");
  expect(answer({}, { missing: 1 })).toMatch(/1\b.* deliveries did not come/);
});

test("a server that does not answer is blamed, and the cost is the server's own time", () => {
  expect(answer({ count: 15_000 })).not.toContain("nothing can be said");
  expect(answer({ serverBusy: 0.9 })).toContain("40 % [40 %–40 %] of a core");
});
