import { findRedis } from "@rosetta/cluster/testing";
import { expect, test } from "vitest";
import { readCandidates } from "../candidates.ts";
import { type Contender, measureAppends } from "./measures.ts";

const isPossible = process.platform === "linux" && findRedis() !== undefined;

test.runIf(isPossible)("an append costs a server more with an engine, and the engine something", async () => {
  const candidate = readCandidates().find(({ id }) => id === "express-ws");
  if (!candidate) throw new Error("there is no express-ws");
  const contenders: Contender[] = [
    { title: "alone", candidate, count: "alone" },
    { title: "shared", candidate, count: 1 },
  ];
  const [alone, shared] = await measureAppends(contenders, 1);
  expect([alone?.title, shared?.title]).toEqual(["alone", "shared"]);
  expect(alone?.engineUs.value).toBe(0);
  expect(alone?.serverUs.value).toBeGreaterThan(1);
  expect(shared?.serverUs.value).toBeGreaterThan(alone?.serverUs.value ?? 0);
  expect(shared?.engineUs.value).toBeGreaterThan(1);
});
