import { expect, test } from "vitest";
import type { Candidate } from "./candidates.ts";
import type { Slice } from "./generator-job.ts";
import { nowhere } from "./method-session.ts";
import { full, methodsOf, quick, scenarioNames, withPairs } from "./scenarios.ts";

const candidateOf = (kind: Candidate["kind"]) => ({ id: kind, title: kind, kind }) as Candidate;
const slice: Slice = {
  ...{ count: 1_000, ms: 500, serverMs: 20, serverBusy: 0.9, serverTaken: 0 },
  ...{ generatorBusy: 0.5, generatorTaken: 0, grownBytes: 2_048_000 },
  calls: 500,
  latency: { p50: 90, p90: 150, p99: 300, p999: 900, max: 1_000 },
};
const one = (name: (typeof scenarioNames)[number]) => methodsOf([name], quick)[0];

test("each scenario computes the figure that it claims to measure", () => {
  const figures = scenarioNames.map((name) => [name, one(name)?.figure(slice), one(name)?.unit]);
  expect(figures).toEqual([
    ["cpu", 20, "µs of processor time per message"],
    ["calls", 0.5, "system calls per message"],
    ["echo", 2_000, "messages/s"],
    ["typed", 20, "µs of processor time per message"],
    ["latency", 90, expect.stringContaining("µs")],
    ["fanout", 2_000, "deliveries/s"],
    ["connect", 2_000, "connections/s"],
    ["memory", 2, "KiB per connection"],
    ["slow", 2_048_000 / 1_048_576, "MiB more in memory"],
  ]);
});

test("a throughput needs a busy server, and a cost does not", () => {
  const busy = scenarioNames.filter((name) => one(name)?.needsBusyServer);
  expect(busy).toEqual(["echo", "fanout", "connect"]);
  for (const name of scenarioNames) {
    const isThroughput = busy.includes(name);
    expect(one(name), name).toMatchObject({ better: isThroughput ? "more" : "less" });
    expect(one(name)?.leastFactor, name).toBeGreaterThanOrEqual(isThroughput ? 1.5 : 1.1);
  }
});

test("each server is measured in as many pairs as asked for, but only if it is compared", () => {
  expect(withPairs(quick, 9).pairs).toEqual({
    ...{ cpu: 9, calls: 1, echo: 1, typed: 1, latency: 1, fanout: 1, connect: 1, memory: 1, slow: 1 },
  });
  expect(quick.pairs.cpu).toBe(5);
});

test("no candidate is asked for what it cannot do", () => {
  const able = (kind: Candidate["kind"]) =>
    scenarioNames.filter((name) => one(name)?.job(candidateOf(kind), nowhere) !== undefined);
  expect(able("app")).toEqual(scenarioNames.filter((name) => able("app").includes(name)));
  expect(able("limit")).not.toContain("fanout");
  expect(able("limit")).not.toContain("connect");
  expect(able("rung")).not.toContain("memory");
  // How much of a handshake is the stack's own.
  expect(able("rung")).toContain("connect");
  expect(able("bare")).toContain("fanout");
  // An optional part of a library is measured only where it makes a difference.
  const ofVariant = methodsOf(scenarioNames, full).filter(({ job }) => job(candidateOf("variant"), nowhere));
  expect(ofVariant.map(({ scenario }) => scenario)).toEqual(["cpu", "echo"]);
  for (const { title } of ofVariant) expect(title).toContain("64 KiB");
});

test("handshakes are measured as a rate and as a cost, after a longer warm-up than messages", () => {
  const ofHandshakes = methodsOf(["cpu", "connect"], full).filter(
    ({ job }) => job(candidateOf("app"), nowhere)?.kind === "connect",
  );
  expect(ofHandshakes.map(({ scenario, better }) => [scenario, better])).toEqual([
    ["cpu", "less"],
    ["connect", "more"],
  ]);
  for (const { firstWarmupMs } of ofHandshakes) expect(firstWarmupMs).toBeGreaterThan(full.firstWarmupMs);
});

test("a measure at a rate holds to a schedule", () => {
  expect(one("cpu")?.job(candidateOf("app"), nowhere)).toMatchObject({ kind: "echo", rate: 20_000 });
  const [, ...saturated] = methodsOf(["cpu"], full).map(({ job }) => job(candidateOf("app"), nowhere));
  for (const job of saturated) expect(job).not.toHaveProperty("rate");
  expect(one("latency")).toMatchObject({ partOfCapacity: 0.5 });
  expect(methodsOf(["memory"], full).map(({ env }) => env)).toEqual([
    { COMPRESSION: "0" },
    { COMPRESSION: "1" },
  ]);
});
