import { findRung, type Manifest, readRungs } from "@rosetta/manifest";
import { EjectError } from "./arguments.ts";
import { closureOf, type ProjectFiles, readSource } from "./closure.ts";
import { type RuntimeFacts, runtimeOf, workspaceFile } from "./runtimes.ts";
import { edited } from "./template.ts";

/** What a rung becomes. */
export interface RungOptions {
  server: Manifest;
  /** What the project is called: a name for npm. */
  name: string;
  /** The number of the rung, or its subject: `6`, `shutdown`. */
  step: string;
}

// What follows the rung's own folder in the one line that names the folder of its page.
const pagesHere = "/../../../packages/client/steps`";
const pagesThere = "/public`";

/**
 * Returns the files of a project that is one rung: the server, its page and `package.json`, with Bun also one for pnpm.
 * Throws an `EjectError` if the server has no such rung.
 */
export function rungFiles({ server, name, step }: RungOptions): ProjectFiles {
  const rungs = readRungs(server.id);
  const rung = findRung(rungs, step);
  if (!rung) {
    const names = rungs.map((each) => each.name).join(", ") || "none";
    throw new EjectError(`${server.id} has no rung "${step}"; there are: ${names}`);
  }
  const from = `apps/${server.id}/steps/${rung.name}.ts`;
  const text = edited(from, readSource(from), [[pagesHere, pagesThere]]);
  const { files, packages } = closureOf([{ from, to: "server.ts", text }], {});
  const runtime = runtimeOf(server);
  return new Map<string, string | Uint8Array>([
    ...files,
    ["package.json", packageText(server, name, packages, runtime)],
    ["public/index.html", pageText()],
    ...workspaceFile(runtime),
  ]);
}

function packageText(
  server: Manifest,
  name: string,
  dependencies: Record<string, string>,
  { engines, packages, builds }: RuntimeFacts,
): string {
  const facts = {
    name,
    version: "0.1.0",
    private: true,
    license: "MIT",
    type: "module",
    engines,
    scripts: { start: `${server.runtime} server.ts` },
    dependencies,
    // Not everybody has Bun. Types are left to those who want them.
    ...(builds.length > 0 && {
      devDependencies: Object.fromEntries(builds.map((each) => [each, packages[each]])),
      allowScripts: Object.fromEntries(builds.map((each) => [each, true])),
    }),
  };
  return `${JSON.stringify(facts, null, 2)}\n`;
}

// The other pages stay here, so the way to them would lead nowhere.
function pageText(): string {
  const file = "packages/client/steps/index.html";
  const text = readSource(file);
  const [nav = ""] = /^ *<nav [\s\S]*<\/nav>\n/m.exec(text) ?? [];
  return edited(file, text, [[nav, ""]]);
}
