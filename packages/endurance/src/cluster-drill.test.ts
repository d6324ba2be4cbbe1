import { findRedis, redisRemedy } from "@rosetta/cluster/testing";
import { readManifests } from "@rosetta/manifest";
import { expect, test } from "vitest";
import { type DrillRow, drill, isDrillPassed, sumByFault } from "./cluster-drill.ts";
import { clusterFaults } from "./cluster-faults.ts";

const kept = { acked: 3, delivered: 6, told: 1, missing: 0, twice: 0, outOfOrder: 0, differing: 0 };
const row: DrillRow = {
  ...{ fault: "a", struck: "express-ws", rounds: 2, published: 4, verdict: kept, lost: 0 },
  silences: [500, 100],
};

test("there is a Redis to strike", () => {
  expect(findRedis(), redisRemedy).toBeDefined();
});

test.runIf(findRedis() !== undefined)(
  "a server that is killed loses nothing, and an engine that comes back empty or behind loses nothing in silence",
  async () => {
    const manifests = readManifests().filter(({ id }) => id === "express-ws" || id === "bun-hono");
    const names = ["server kill -9", "engine killed, back empty", "engine failed over, replica 1 s behind"];
    const faults = clusterFaults.filter(({ name }) => names.includes(name));
    const rows: DrillRow[] = [];
    const tell = (): void => {};
    await drill({ manifests, faults, rounds: 1 }, { tell, done: (each) => rows.push(each) });
    expect(rows.map(({ fault, struck }) => [fault, struck])).toEqual([
      ["server kill -9", "express-ws"],
      ["server kill -9", "bun-hono"],
      ["engine killed, back empty", "engine"],
      ["engine failed over, replica 1 s behind", "engine"],
    ]);
    expect(rows.filter((each) => !isDrillPassed([each]))).toEqual([]);
    for (const { verdict } of rows) expect(verdict.delivered).toBeGreaterThan(100);
    expect(rows.map(({ verdict }) => verdict.told > 0)).toEqual([false, false, true, true]);
  },
);

test.runIf(findRedis() !== undefined)(
  "an engine that splits loses nothing in silence, and servers speak TLS with it",
  async () => {
    const manifests = readManifests().filter(({ id }) => id === "express-ws" || id === "bun-hono");
    const faults = clusterFaults.filter(({ name }) => name.startsWith("engine split"));
    const rows: DrillRow[] = [];
    const listener = { tell() {}, done: (each: DrillRow) => rows.push(each) };
    await drill({ manifests, faults, rounds: 1, isEncrypted: true }, listener);
    expect(rows).toMatchObject([{ struck: "engine" }]);
    expect(rows.filter((each) => !isDrillPassed([each]))).toEqual([]);
    for (const { verdict } of rows) {
      expect(verdict.delivered).toBeGreaterThan(100);
      expect(verdict.told).toBeGreaterThan(0);
    }
  },
);

test("a drill passes if no promise was broken and no server lost an event that it had acknowledged", () => {
  expect(isDrillPassed([row])).toBe(true);
  expect(isDrillPassed([row, { ...row, verdict: { ...kept, missing: 1 } }])).toBe(false);
  expect(isDrillPassed([{ ...row, lost: 1 }])).toBe(false);
  expect(isDrillPassed([{ ...row, struck: "engine", lost: 1 }])).toBe(true);
});

test("rows are added up by their fault", () => {
  const sums = sumByFault([row, { ...row, struck: "bun-hono", silences: [900] }, { ...row, fault: "b" }]);
  expect(sums.map(({ fault, struck }) => [fault, struck])).toEqual([
    ["a", "each server"],
    ["b", "express-ws"],
  ]);
  expect(sums[0]).toMatchObject({ rounds: 4, published: 8, silences: [500, 100, 900] });
  expect(sums[0]?.verdict).toMatchObject({ acked: 6, delivered: 12, told: 2 });
});
