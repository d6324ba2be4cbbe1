import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { copyRepository } from "./copy.ts";

const folder = mkdtempSync(join(tmpdir(), "copy-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a copy has what git knows or would add, and what the suite needs of the rest", () => {
  const root = join(folder, "root");
  const copied = [
    "packages/client/src/tracked.ts",
    "packages/client/steps/lib/alpine.js",
    "packages/page/dist/index.html",
    "apps/express-ws/node_modules/ws.js",
    "e2e/new.ts",
  ];
  for (const file of [...copied, "e2e/test-results/old.json", "node_modules/a.js"]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), file);
  }
  writeFileSync(join(root, ".gitignore"), "node_modules/\ndist/\nlib/\ntest-results/\n");
  // In a hook of git, these variables name the repository that the hook is for.
  const { GIT_DIR: _, GIT_INDEX_FILE: __, GIT_WORK_TREE: ___, ...env } = process.env;
  const git = (...args: string[]) => execFileSync("git", args, { cwd: root, env });
  git("init", "--quiet");
  git("add", "packages");

  const copy = join(folder, "copy");
  copyRepository(root, copy);
  for (const file of copied) expect(readFileSync(join(copy, file), "utf8")).toBe(file);
  expect(() => readFileSync(join(copy, "e2e/test-results/old.json"))).toThrow("ENOENT");
});
