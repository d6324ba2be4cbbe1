// A fork may keep the servers and drop the tools. So the servers' packages must not depend on a tool.

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readManifests, root } from "@rosetta/manifest";
import { afterAll, expect, test } from "vitest";

const fork = mkdtempSync(join(tmpdir(), "fork-"));

afterAll(() => rmSync(fork, { recursive: true }));

/** Returns the packages of ours that the servers need, whether to run or to be built, by folder. */
function needed(): string[] {
  const found = new Set<string>();
  const waiting = readManifests().map(({ id }) => `apps/${id}`);
  for (let folder = waiting.pop(); folder; folder = waiting.pop()) {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(root, folder, "package.json"), "utf8"),
    );
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      const other = name.replace("@rosetta/", "packages/");
      if (other === name || found.has(other)) continue;
      found.add(other);
      waiting.push(other);
    }
  }
  return [...found].sort();
}

// pnpm names itself to what it runs. pnpm 12 is a program, not a script.
function pnpm(...args: string[]): { status: number | null; output: string } {
  const { npm_execpath: path } = process.env;
  const [program = "", ...first] = path ? [path] : ["npx", "-y", "pnpm@12"];
  const { status, stdout, stderr } = spawnSync(program, [...first, ...args], {
    cwd: fork,
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

test("the servers need no tool", () => {
  const tools = ["bench", "compare", "conformance", "eject", "endurance", "mutants", "publish", "testkit"];
  const packages = needed();
  expect(packages).toContain("packages/page");
  for (const tool of tools) expect(packages).not.toContain(`packages/${tool}`);
});

test("without the tools, the repository installs and builds its page", () => {
  const skipped = new Set([
    "node_modules",
    ".git",
    "dist",
    ".turbo",
    "results",
    ".bite",
    ".mutants",
    ".page",
  ]);
  const filter = (path: string) => !path.split(/[\\/]/).some((part) => skipped.has(part));
  const files = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isFile());
  for (const name of ["apps", ...needed(), ...files.map((entry) => entry.name)].filter(filter)) {
    cpSync(join(root, name), join(fork, name), {
      recursive: true,
      filter: (path) => filter(path.slice(root.length)),
    });
  }
  const installed = pnpm("install", "--offline", "--no-frozen-lockfile");
  expect(installed, installed.output).toMatchObject({ status: 0 });
  const built = pnpm("-C", "packages/page", "run", "build");
  expect(built, built.output).toMatchObject({ status: 0 });
  expect(existsSync(join(fork, "packages/page/dist/index.html"))).toBe(true);
});
