// Tests the judge of permessage-deflate: each fault fails the case that is about it.

import { afterEach, describe, expect, test } from "vitest";
import type { Result } from "../model/result.ts";
import { type RunOptions, runConformance } from "../run/server-run.ts";
import { deflateDeaths, deflateFaults, deflating } from "../testing/faulty-deflate.ts";
import { type FaultyServer, type FaultyServerOptions, startServer } from "../testing/faulty-server.ts";
import { compression } from "./compression.ts";
import { negotiation } from "./negotiation.ts";

const cases = [...negotiation, ...compression];
const patient = { settleMs: 1_000, deadlineMs: 30_000 };

let server: FaultyServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

function casesIn(ids: readonly string[]) {
  return cases.filter(({ id }) => ids.some((each) => id === each || id.startsWith(`${each}.`)));
}

async function judged(made: FaultyServerOptions, options: RunOptions): Promise<Result[]> {
  server = await startServer(made);
  const { revive } = server;
  const results: Result[] = [];
  for await (const result of runConformance(server.url, {
    settleMs: 50,
    deadlineMs: 10_000,
    revive,
    ...options,
  })) {
    results.push(result);
  }
  return results;
}

function oddOnes(results: readonly Result[]): string[] {
  const odd = results.filter(({ verdict }) => verdict !== "pass" && verdict !== "info");
  return odd.map(({ id, verdict, behaviour, close }) => `${id} ${verdict}: ${behaviour.why ?? close.why}`);
}

test("a server without faults passes every case", async () => {
  const results = await judged({ negotiate: deflating() }, { cases, ...patient });
  expect(oddOnes(results)).toEqual([]);
});

test("a server without the extension is asked for nothing that it need not do", async () => {
  const results = await judged({}, { cases, ...patient });
  expect(new Set(results.map(({ verdict }) => verdict))).toEqual(new Set(["pass", "unsupported"]));
  // It declines offers that are not valid, too.
  const passed = results
    .filter(({ verdict }) => verdict === "pass")
    .map(({ id }) => id.replace(/\.\d+$/, ""));
  expect(new Set(passed)).toEqual(new Set(["12.6", "12.7"]));
});

describe("it is found that a server", () => {
  test.each(Object.entries(deflateFaults))("%s", async (_, { deflate = {}, rules = {}, red, green = [] }) => {
    const made = { rules, negotiate: deflating(deflate) };
    const results = await judged(made, { cases: casesIn([...red, ...green]) });
    for (const id of red) {
      const found = casesIn([id]).map((each) => results.find((result) => result.id === each.id)?.verdict);
      expect(found, `of ${id}`).toContain("fail");
    }
    const reds = casesIn(red).map(({ id }) => id);
    expect(oddOnes(results.filter(({ id }) => !reds.includes(id)))).toEqual([]);
  });
});

test.each(Object.entries(deflateDeaths))("it is reported that a server %s", async (_, { rules, kills }) => {
  const chosen = [...casesIn(["13.1"]), ...casesIn(kills), ...casesIn(["13.7"])];
  const results = await judged({ rules, negotiate: deflating() }, { cases: chosen });
  const dead = results.filter(({ verdict }) => verdict === "fail");
  expect(dead.map(({ id }) => id).sort()).toEqual([...kills].sort());
  for (const { id, behaviour } of dead) expect(behaviour.why, id).toMatch(/^the server died: /);
});
