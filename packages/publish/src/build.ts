// Builds what is published of a package: JavaScript with types, in a folder of its own. The workspace imports the
// sources as they are, so the folder gets a package.json that names the built files instead.

import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readManifest } from "./packages.ts";

const root = join(import.meta.dirname, "../../..");

/**
 * Builds a package into its `dist`, and removes everything else from there. Returns that folder, which is what
 * `npm publish` takes. Throws if the package does not compile.
 */
export function build(source: string): string {
  const dist = join(source, "dist");
  rmSync(dist, { recursive: true, force: true });
  compile(source);
  // Files that are read at run time as they are, such as the style and the script of a report.
  for (const file of globSync("**/*.{css,js}", { cwd: join(source, "src") })) {
    mkdirSync(dirname(join(dist, "lib", file)), { recursive: true });
    copyFileSync(join(source, "src", file), join(dist, "lib", file));
  }
  copyFileSync(join(source, "README.md"), join(dist, "README.md"));
  copyFileSync(join(root, "LICENSE"), join(dist, "LICENSE"));
  writeFileSync(join(dist, "package.json"), `${JSON.stringify(published(source), null, 2)}\n`);
  return dist;
}

// With `--build` the compiler also builds what the package refers to, and takes that package's types from there.
function compile(source: string): void {
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    "bin/tsc",
  );
  const args = [compiler, "--build", join(source, "tsconfig.build.json")];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`${source} does not compile`);
}

function published(source: string): object {
  const {
    private: _,
    scripts,
    devDependencies,
    dependencies,
    publishConfig,
    ...shared
  } = readManifest(source);
  if (!dependencies) return { ...shared, ...publishConfig };
  return { ...shared, dependencies: installed(source, Object.keys(dependencies)), ...publishConfig };
}

// In the workspace a version may be `catalog:` or `workspace:*`, which npm does not know.
function installed(source: string, names: string[]): Record<string, string> {
  const versionOf = (name: string) => readManifest(join(source, "node_modules", name)).version;
  return Object.fromEntries(names.map((name) => [name, `^${versionOf(name)}`]));
}
