import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { allCases } from "../cases/index.ts";
import type { Result } from "../model/result.ts";
import { ClientGone, runClient } from "./client-run.ts";

const cases = allCases.filter(({ id }) => /^(1\.1|11\.[128])\./.test(id));
const extensions = allCases.filter(({ id }) => /^(11\.[45]|12\.8)\./.test(id));

function clientOf(fault: string, ...offer: string[]) {
  const driver = fileURLToPath(new URL("../testing/faulty-client.ts", import.meta.url));
  return { run: [process.execPath, driver, fault, ...offer] } as const;
}

async function judged(fault: string, options = {}): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  const patience = { deadlineMs: 500, settleMs: 50, hangMs: 3_000 };
  for await (const result of runClient({ client: clientOf(fault), cases, ...patience, ...options })) {
    results.set(result.id, result);
  }
  return results;
}

function failing(results: Map<string, Result>): string[] {
  return [...results.values()].filter(({ verdict }) => verdict === "fail").map(({ id }) => id);
}

test("a client without faults is judged by every case for clients and fails none", async () => {
  const results = await judged("none");
  expect(results.size).toBe(cases.filter(({ peer }) => peer !== "server").length);
  expect(failing(results)).toEqual([]);
});

test.each([
  { fault: "same-mask", ids: ["11.8.1"] },
  { fault: "counting-mask", ids: ["11.8.1"] },
  { fault: "no-accept-check", ids: ["11.1.2", "11.1.3", "11.1.4", "11.1.5", "11.1.6", "11.1.7"] },
  { fault: "no-connection-check", ids: ["11.2.4", "11.2.5"] },
  { fault: "connection-is-one-token", ids: ["11.2.6"] },
])("the fault $fault of a client is found", async ({ fault, ids }) => {
  expect(failing(await judged(fault))).toEqual(ids);
});

const offers = [
  "",
  "permessage-deflate",
  "permessage-deflate; client_max_window_bits",
  "permessage-deflate; client_max_window_bits=10; server_max_window_bits=10; server_no_context_takeover",
];

async function withOffer(fault: string, offer: string): Promise<Map<string, Result>> {
  return judged(fault, { client: clientOf(fault, ...(offer ? [offer] : [])), cases: extensions });
}

test.each(offers)("a client that offers %j and accepts no wrong answer fails no case", async (offer) => {
  const results = [...(await withOffer("none", offer)).values()];
  expect(results.filter(({ verdict }) => verdict !== "pass" && verdict !== "unsupported")).toEqual([]);
  expect(results).toHaveLength(extensions.length);
});

test("a client that accepts any answer fails every case about answers that its offer does not allow", async () => {
  const found = await Promise.all(
    offers.map(async (offer) => failing(await withOffer("no-extension-check", offer))),
  );
  // The case about a subprotocol finds no fault in this client.
  const ids = extensions.map(({ id }) => id).filter((id) => id !== "11.4.2");
  expect(new Set(found.flat())).toEqual(new Set(ids));
});

test.each([
  { fault: "any-parameter", offer: offers[2] ?? "", ids: /^(11\.5\.\d|12\.8\.([5-9]|1[0-2]|1[79]|2[01]))$/ },
  { fault: "any-window", offer: offers[3] ?? "", ids: /^12\.8\.1[456]$/ },
])("the fault $fault of a client that offers $offer is found", async ({ fault, offer, ids }) => {
  const found = failing(await withOffer(fault, offer));
  expect(found).not.toEqual([]);
  expect(found.filter((id) => !ids.test(id))).toEqual([]);
});

test.each([
  { fault: "dies-at-1.1.5", why: "the client died: exit code 7" },
  { fault: "hangs-after-1.1.5", why: "the client hung and never asked for the next case" },
])("a client that $fault is reported, and the cases after it run", async ({ fault, why }) => {
  const results = await judged(fault);
  expect(failing(results)).toEqual(["1.1.5"]);
  expect(results.get("1.1.5")?.behaviour.why).toBe(why);
  expect(results.size).toBe(cases.filter(({ peer }) => peer !== "server").length);
});

test("a client that never connects is an error that shows the end of its output", async () => {
  const run = judged("none", { client: { run: [process.execPath, "-e", "console.error('no such thing')"] } });
  await expect(run).rejects.toThrow(ClientGone);
  await expect(run).rejects.toThrow(/exit code 0.*no such thing/s);
});

test("a run with a client can be stopped", async () => {
  const stop = new AbortController();
  const run = judged("none", { signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(run).rejects.toThrow("enough");
});
