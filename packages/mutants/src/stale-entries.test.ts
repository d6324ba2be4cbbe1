import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "@rosetta/manifest";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mutants } from "./list/index.ts";
import type { Mutant } from "./mutant.ts";
import { staleEntries } from "./stale-entries.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rosetta-mutants-"));
  mkdirSync(join(folder, "e2e"));
  writeFileSync(join(folder, "e2e/a.ts"), "one two two");
});
afterEach(() => rmSync(folder, { recursive: true }));

const mutant: Mutant = { file: "e2e/a.ts", search: "one", replace: "1", why: "a digit", tests: ["UPG-07"] };

test("an entry that fits the code has no problems", () => {
  expect(staleEntries(folder, [mutant])).toEqual([]);
});

test.each<[Partial<Mutant>, string]>([
  [{ search: "three" }, '"three" is no longer there'],
  [{ search: "two" }, '"two" is there more than once'],
  [{ file: "e2e/b.ts" }, "e2e/b.ts no longer exists"],
  [{ replace: "one" }, "changes nothing"],
  [{ tests: ["e2e/gone.test.ts"] }, "there is no e2e/gone.test.ts"],
])("%j is found", (change, message) => {
  expect(staleEntries(folder, [{ ...mutant, ...change }])).toEqual([expect.stringContaining(message)]);
});

test("no two mistakes in a file have the same name", () => {
  expect(staleEntries(folder, [mutant, mutant])).toEqual(['e2e/a.ts: "a digit" is listed twice']);
});

test("every entry of the list fits the code as it is", () => {
  expect(staleEntries(root, mutants)).toEqual([]);
});
