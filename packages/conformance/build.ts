// Builds what is published: JavaScript with types, in a folder of its own. The workspace imports the source as it
// is, so the folder gets its own package.json that names the built files instead.

import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = import.meta.dirname;
const root = join(here, "../..");

/** Builds the published files into a folder and removes everything else from it. */
export function build(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  compile(join(folder, "lib"));
  // Files that are read at run time as they are: the report's style and script.
  for (const file of globSync("**/*.{css,js}", { cwd: join(here, "src") })) {
    mkdirSync(dirname(join(folder, "lib", file)), { recursive: true });
    copyFileSync(join(here, "src", file), join(folder, "lib", file));
  }
  copyFileSync(join(here, "README.md"), join(folder, "README.md"));
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(published(), null, 2)}\n`);
}

function compile(folder: string): void {
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    "bin/tsc",
  );
  const args = [compiler, "-p", join(here, "tsconfig.build.json"), "--outDir", folder];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) throw new Error("the package does not compile");
}

function published(): object {
  const { name, version, description, keywords, license, type } = JSON.parse(
    readFileSync(join(here, "package.json"), "utf8"),
  );
  return {
    name,
    version,
    description,
    keywords,
    license,
    type,
    // Set only in the published package: in the workspace, an older Node may start pnpm than the one that runs the code.
    engines: { node: ">=22" },
    exports: {
      ".": { types: "./lib/index.d.ts", default: "./lib/index.js" },
      "./package.json": "./package.json",
    },
    bin: { conform: "./lib/bin.js" },
    files: ["lib"],
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  build(join(here, "dist"));
  console.log("packages/conformance/dist is what `npm publish` takes");
}
