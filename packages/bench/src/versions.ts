// The exact versions of what was measured: each runtime, and each library as installed.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { folderOf, readManifests, versionsOf } from "@rosetta/manifest";

const here = join(import.meta.dirname, "..");

/** Returns names and versions of the runtimes and of everything that the servers and references depend on. */
export function readVersions(): Record<string, string> {
  const folders = [here, ...readManifests().map(({ id }) => folderOf(id))];
  const found = folders.flatMap((folder) => Object.entries(versionsOf(folder)));
  return { node: process.versions.node, ...Object.fromEntries(found) };
}

/** Returns the commit that is measured. */
export function readCommit(): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { cwd: here, encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
