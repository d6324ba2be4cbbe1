import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Manifest, root } from "@rosetta/manifest";
import { EjectError } from "./arguments.ts";
import { closureOf, type ProjectFiles } from "./closure.ts";
import { runtimeOf } from "./runtimes.ts";

/** What a rung becomes. */
export interface RungOptions {
  server: Manifest;
  /** What the project is called: a name for npm. */
  name: string;
  /** The number of the rung. */
  step: number;
}

// The one line of a rung that names the folder of its page, after the folder of the rung.
const pagesHere = "/../../../packages/client/steps`";
const pagesThere = "/public`";

/** Returns the files of a project that is one rung: the server, its page and `package.json`. */
export function rungFiles({ server, name, step }: RungOptions): ProjectFiles {
  const file = rungOf(server, step);
  const text = readSource(file);
  if (text.split(pagesHere).length !== 2)
    throw new Error(`${file} does not name the folder of its page once`);
  const { files, packages } = closureOf(
    [{ from: file, to: "server.ts", text: text.replace(pagesHere, () => pagesThere) }],
    {},
  );
  const runtime = runtimeOf(server);
  const development = server.runtime === "bun" ? { devDependencies: runtime.packages } : {};
  const facts = {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    engines: runtime.engines,
    scripts: { start: `${server.runtime} server.ts` },
    dependencies: packages,
    ...development,
  };
  return new Map<string, string | Uint8Array>([
    ...files,
    ["package.json", `${JSON.stringify(facts, null, 2)}\n`],
    ["public/index.html", readSource("packages/client/steps/index.html")],
  ]);
}

function rungOf({ id }: Manifest, step: number): string {
  const folder = `apps/${id}/steps`;
  const rungs = existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];
  const file = rungs.find((name) => name.startsWith(`${step}-`) && name.endsWith(".ts"));
  if (!file) throw new EjectError(`${folder} has no rung ${step}; there are: ${rungs.sort().join(", ")}`);
  return `${folder}/${file}`;
}

function readSource(path: string): string {
  return readFileSync(join(root, path), "utf8");
}
