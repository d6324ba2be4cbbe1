import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Candidate } from "./candidates.ts";
import { checkOf, failureOf } from "./correctness.ts";
import { inTime } from "./generator/in-time.ts";
import { type Generator, GeneratorEnded, startGenerator } from "./generator.ts";
import type { EchoJob, PeerAddress } from "./generator-job.ts";
import { Measurement } from "./measure.ts";
import type { Bench, Method } from "./method-session.ts";
import type { SelfComparison } from "./results.ts";
import { noises } from "./self-comparison.ts";

const stopped = new AbortController();
const generator = startGenerator(undefined, stopped.signal);
afterAll(() => stopped.abort());

const core = undefined;

function candidateOf(fault: string, control?: string): Candidate {
  return {
    ...{
      id: fault,
      title: fault,
      kind: "bare",
      cwd: join(import.meta.dirname, "testing"),
      echoPath: "/echo",
    },
    command: [process.execPath, "bad-echo.ts", fault],
    ...(control !== undefined && { control }),
  };
}

const load = { dialect: "bytes", connections: 2, depth: 1, size: 64, warmupMs: 10, measureMs: 100 } as const;

function echoMethod(connections = 2): Method {
  const job = (_candidate: Candidate, peer: PeerAddress): EchoJob => ({
    kind: "echo",
    peer,
    ...load,
    connections,
  });
  return {
    ...{ scenario: "echo", title: "a few", unit: "messages/s", better: "more", phrase: "{ratio} {control}" },
    ...{
      job,
      figure: ({ count, ms }) => count / ms,
      needsBusyServer: true,
      leastFactor: 1.5,
      firstWarmupMs: 10,
      pairs: 2,
      selfComparisons: 1,
    },
  };
}

async function measured(candidates: Candidate[], method: Method, refused = new Map<string, string>()) {
  const bench: Bench = {
    ...{ generator, candidates, everybody: candidates, refused, core, tell: () => {} },
    signal: stopped.signal,
  };
  const measurement = new Measurement(method, bench);
  await measurement.fill();
  return measurement.measure;
}

test.each([
  ["loses", /came instead of \d+: lost, doubled or out of order/],
  ["swaps", /came instead of \d+: lost, doubled or out of order/],
  // The doubled message may be the last one of its connection.
  ["doubles", /came instead of \d+: lost, doubled or out of order|more came back than was sent/],
  ["changes", /came back changed, at byte \d+/],
  ["closes", /closed with 1011 after \d+ of \d+ messages/],
])("a server that %s messages is caught", async (fault, how) => {
  expect(await failureOf(candidateOf(fault), { core, generator })).toMatch(how);
});

test("a server that answers far too late is caught", async () => {
  const impatient = (peer: PeerAddress) => ({ ...checkOf(peer), patienceMs: 1_000 });
  const failure = await failureOf(candidateOf("late"), { core, generator }, impatient);
  expect(failure).toMatch(/^\d+ of \d+ messages did not come back: nothing came for 1000 ms$/);
});

test("a correct server passes, and so does a correct slow one", async () => {
  expect(await failureOf(candidateOf("none"), { core, generator })).toBeUndefined();
  expect(await failureOf(candidateOf("slow"), { core, generator })).toBeUndefined();
});

test.each([
  ["loses", /^\d+ messages did not come back$/],
  ["doubles", /^\d+ more messages came back than were sent$/],
])("a server that %s messages is caught while it is measured, too", async (fault, how) => {
  const method = echoMethod(4);
  const busy = { ...load, connections: 4, depth: 4, measureMs: 500 };
  const job = (_candidate: Candidate, peer: PeerAddress): EchoJob => ({ kind: "echo", peer, ...busy });
  const { rows } = await measured([candidateOf(fault)], { ...method, job, pairs: 1 });
  expect(rows[0]).toMatchObject({ verdict: "refused", why: expect.stringMatching(how) });
});

test.each([
  ["loses", /deliveries did not come$|came instead of \d+/],
  ["swaps", /came instead of \d+: lost, doubled or out of order$/],
  ["doubles", /came instead of \d+: lost, doubled or out of order$/],
  // The author's connection, and the last message on it is lost.
  ["closes", /came instead of \d+|deliveries did not come$|closed/],
])("a server that %s what it publishes is caught", async (fault, how) => {
  const fanout = { kind: "fanout", dialect: "bytes", subscribers: 16, depth: 4 } as const;
  const time = { warmupMs: 10, measureMs: 1_500 };
  const job = (_candidate: Candidate, peer: PeerAddress) => ({
    peer: { ...peer, path: "/fanout" },
    ...fanout,
    ...time,
  });
  const { rows } = await measured([candidateOf(fault)], { ...echoMethod(), job, pairs: 1 });
  expect(rows[0]).toMatchObject({ verdict: "refused", why: expect.stringMatching(how) });
});

test("a server that drops idle connections gets no credit for its memory", async () => {
  const job = (_candidate: Candidate, peer: PeerAddress) =>
    ({ kind: "idle", peer, connections: 100, compressed: false }) as const;
  const { rows } = await measured([candidateOf("drops")], { ...echoMethod(), job, pairs: 1 });
  expect(rows[0]).toMatchObject({ verdict: "refused", why: "10 of 100 idle connections were closed" });
});

test("a generator that ends is no server's failure", async () => {
  const gone = startGenerator(undefined, stopped.signal, [process.execPath, "--eval", ""]);
  const candidate = candidateOf("none");
  await expect(failureOf(candidate, { core, generator: gone })).rejects.toThrow(GeneratorEnded);
  const bench = {
    generator: gone,
    candidates: [candidate],
    everybody: [candidate],
    refused: new Map(),
    core,
  };
  const measurement = new Measurement(echoMethod(), { ...bench, tell: () => {}, signal: stopped.signal });
  await expect(measurement.fill()).rejects.toThrow("the load generator has ended");
  expect(measurement.measure.rows).toEqual([]);
});

test("a generator that cannot be started says why", async () => {
  const none = startGenerator(undefined, stopped.signal, ["/nowhere/generator"]);
  await expect(failureOf(candidateOf("none"), { core, generator: none })).rejects.toThrow(
    /did not start: .*ENOENT/,
  );
});

test("a message that never comes is not waited for for ever", async () => {
  await expect(inTime(new Promise(() => {}), "the answer", 20)).rejects.toThrow(
    "the answer did not come within 20 ms",
  );
});

test("a server that failed the check is refused in every measure, and is nobody's control", async () => {
  const refused = new Map([["loses", "it loses messages"]]);
  const { rows } = await measured(
    [candidateOf("loses"), candidateOf("slow", "loses")],
    echoMethod(),
    refused,
  );
  expect(rows[0]).toEqual({ candidate: "loses", verdict: "refused", why: "it loses messages" });
  expect(rows[1]).not.toHaveProperty("ratio");
});

test("a server that sends nothing is refused", async () => {
  const { rows } = await measured([candidateOf("mute")], echoMethod());
  expect(rows).toEqual([{ candidate: "mute", verdict: "refused", why: "2 messages did not come back" }]);
});

test("a server that could have done more is not given a throughput", async () => {
  const { rows } = await measured([candidateOf("idle")], echoMethod(1));
  // On a busy machine other programs may be the limit, but never the server.
  expect(rows[0]?.verdict).toMatch(/^(generator-bound|disturbed)$/);
});

test("the failure of a control is not the candidate's", async () => {
  const { rows } = await measured([candidateOf("idle", "mute"), candidateOf("mute")], echoMethod(1));
  expect(rows[0]?.verdict).toMatch(/^(generator-bound|disturbed)$/);
  expect(rows[1]).toEqual({ candidate: "mute", verdict: "refused", why: "1 messages did not come back" });
});

test("an interrupted run keeps the rows that it has", async () => {
  const interrupted = new AbortController();
  const method = { ...echoMethod(), pairs: 2 };
  const tell = (what: string) =>
    void (what.startsWith("second") && interrupted.abort(new Error("interrupted")));
  const candidates = [candidateOf("none"), { ...candidateOf("slow"), title: "second" }];
  const bench = { generator, candidates, everybody: candidates, refused: new Map(), core, tell };
  const measurement = new Measurement(method, { ...bench, signal: interrupted.signal });
  await expect(measurement.fill()).rejects.toThrow("interrupted");
  expect(measurement.measure.rows.map(({ candidate }) => candidate)).toEqual(["none"]);
});

test("a candidate without a control is not measured again after it has served as one", async () => {
  let jobs = 0;
  const run: Generator["run"] = (job) => {
    jobs++;
    return generator.run(job);
  };
  const candidates = [candidateOf("none", "idle"), candidateOf("idle")];
  const method = { ...echoMethod(1), needsBusyServer: false };
  const bench = {
    generator: { ...generator, run },
    candidates,
    everybody: candidates,
    refused: new Map(),
    core,
  };
  const measurement = new Measurement(method, { ...bench, tell: () => {}, signal: stopped.signal });
  await measurement.fill();
  expect(measurement.measure.rows[1]).toMatchObject({
    candidate: "idle",
    verdict: "measured",
    figure: { count: 2 },
  });
  // Two slices of each, and a warm-up for each of the two processes.
  expect(jobs).toBe(6);
});

test("pairs of a later round join the earlier ones, and come from other processes", async () => {
  const pids = new Set<number>();
  const run: Generator["run"] = (job) => {
    pids.add(job.peer.pid);
    return generator.run(job);
  };
  const candidates = [candidateOf("none", "slow"), candidateOf("slow")];
  const bench = { candidates, everybody: candidates, refused: new Map(), core, tell: () => {} };
  const method = { ...echoMethod(), needsBusyServer: false };
  const measurement = new Measurement(method, {
    ...{ ...bench, generator: { ...generator, run } },
    signal: stopped.signal,
  });
  await measurement.fill(1);
  expect(measurement.measure.rows.map(({ figure }) => figure?.count)).toEqual([1, 1]);
  await measurement.fill(2);
  expect(measurement.measure.rows).toMatchObject([
    { candidate: "none", figure: { count: 2 }, ratio: { count: 2 } },
    { candidate: "slow", figure: { count: 2 } },
  ]);
  expect(pids.size).toBe(4);
});

test("a server that fails in a later round is refused and not measured again", async () => {
  let jobs = 0;
  const run: Generator["run"] = (job) => {
    jobs++;
    // A warm-up and a slice in the first round.
    return jobs > 2 ? Promise.reject(new Error("3 messages did not come back")) : generator.run(job);
  };
  const candidates = [candidateOf("none")];
  const bench = { candidates, everybody: candidates, refused: new Map(), core, tell: () => {} };
  const method = { ...echoMethod(), pairs: 3, needsBusyServer: false };
  const measurement = new Measurement(method, {
    ...{ ...bench, generator: { ...generator, run } },
    signal: stopped.signal,
  });
  await measurement.fill(1);
  expect(measurement.measure.rows).toMatchObject([{ verdict: "measured" }]);
  const refused = [{ candidate: "none", verdict: "refused", why: "3 messages did not come back" }];
  await measurement.fill(2);
  expect(measurement.measure.rows).toEqual(refused);
  await measurement.fill(3);
  expect(measurement.measure.rows).toEqual(refused);
  expect(jobs).toBe(3);
});

// Others have half of the server's core in this many of the slices.
async function beside(others: number) {
  let slices = 0;
  const run: Generator["run"] = async () => ({
    ...{ count: 100, ms: 100, serverMs: 50, serverBusy: 1, generatorBusy: 0.5, generatorTaken: 0 },
    serverTaken: slices++ < others ? 0.5 : 0,
  });
  const candidates = [candidateOf("none")];
  const bench = {
    generator: { ...generator, run },
    candidates,
    everybody: candidates,
    refused: new Map(),
    core,
  };
  const measurement = new Measurement(echoMethod(), { ...bench, tell: () => {}, signal: stopped.signal });
  await measurement.fill();
  return measurement.measure.rows[0];
}

test("a pair that others disturbed is measured again, but not for ever", async () => {
  // The first one is the warm-up. Two are wanted, and two more may be lost.
  expect(await beside(3)).toMatchObject({ verdict: "measured", serverTaken: 0, figure: { count: 2 } });
  expect(await beside(9)).toMatchObject({ verdict: "disturbed", serverTaken: 0.5, figure: { count: 2 } });
});

async function selfCompared(faults: string[], method: Method) {
  const candidates = faults.map((fault) => candidateOf(fault));
  const refused = new Map([["loses", "it loses messages"]]);
  const bench = { generator, candidates, everybody: candidates, refused, core, tell: () => {} };
  const seen: string[] = [];
  const tell = ({ candidate }: SelfComparison) => void seen.push(candidate);
  return { seen, found: await noises([method], { ...bench, signal: stopped.signal }, tell) };
}

test("equal servers are measured against themselves, in turns, except those that were refused", async () => {
  const method = { ...echoMethod(1), needsBusyServer: false };
  const { seen, found } = await selfCompared(["loses", "idle", "none"], method);
  expect(seen).toEqual(["idle", "none", "idle", "none"]);
  expect(found.get(method)).toMatchObject({ count: 4 });
});

test("servers that could have done more say nothing about the noise", async () => {
  const { seen, found } = await selfCompared(["idle"], echoMethod(1));
  expect(seen).toEqual([]);
  expect(found.size).toBe(0);
});
