// The command behind `pnpm -C packages/publish run check`: builds and packs each package that is meant for others, and
// lets two tools look at it. `publint` checks that every runtime finds the files which the manifest names. `attw` checks
// that TypeScript finds the types of the same files, under each of its ways to resolve modules.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "./build.ts";
import { publishedPackages } from "./packages.ts";

const bin = join(import.meta.dirname, "../node_modules/.bin");
const folder = mkdtempSync(join(tmpdir(), "publish-"));
try {
  for (const source of publishedPackages()) check(source);
} finally {
  rmSync(folder, { recursive: true });
}

function check(source: string): void {
  const options = ["--json", "--pack-destination", folder];
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", ...options], { cwd: build(source), encoding: "utf8" }),
  );
  const file = join(folder, packed.filename);
  // The packages are ES modules only: every Node that is still supported can `require` those.
  const isFine = [look("publint", ["run", file, "--strict"]), look("attw", [file, "--profile", "esm-only"])];
  const sizes = `${packed.files.length} files, ${(packed.size / 1024).toFixed(0)} kB packed`;
  if (isFine.every(Boolean)) console.log(`${packed.name} ${packed.version} can be published: ${sizes}`);
  else process.exitCode = 1;
}

// Prints what a tool says only if it finds something.
function look(tool: string, args: string[]): boolean {
  const { status, stdout, stderr } = spawnSync(join(bin, tool), args, { encoding: "utf8" });
  if (status !== 0) console.error(`${tool}\n${stdout}${stderr}`);
  return status === 0;
}
