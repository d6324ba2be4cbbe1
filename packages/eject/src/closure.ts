// Collects what a server needs: the files that its main file imports, the folders that they read, and the packages that
// they name. Tests, tools and whatever else is in the folders stay behind by themselves.

import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, posix, relative } from "node:path";
import { root } from "@rosetta/manifest";

/** The files of a project, by their path in it. */
export type ProjectFiles = Map<string, string | Uint8Array>;

/** A file of this repository, and where it stands in the project. */
export interface SourceFile {
  /** The path in this repository. */
  from: string;
  /** The path in the project. */
  to: string;
  /** What the project has instead of the file's text. Default: the text. */
  text?: string;
}

/** Files with everything that they need. */
export interface Closure {
  files: Map<string, string>;
  /** The `imports` of `package.json`: our packages by name, as `#hub`. */
  imports: Record<string, string>;
  /** The packages of others, with the version that is installed here. */
  packages: Record<string, string>;
}

const prefix = "@rosetta/";

/**
 * Follows the imports of some files. A package of ours becomes a folder in `src` and is imported as `#name`, because
 * Node reads no TypeScript in `node_modules`. `given` names the modules that the project has files of its own for, such
 * as `@rosetta/page`. Throws if a file imports something that cannot be found.
 */
export function closureOf(entries: SourceFile[], given: Record<string, string>): Closure {
  const closure: Closure = { files: new Map(), imports: {}, packages: {} };
  const waiting = [...entries];
  for (let file = waiting.pop(); file; file = waiting.pop()) {
    if (closure.files.has(file.to)) continue;
    const text = file.text ?? readSource(file.from);
    closure.files.set(file.to, text.replaceAll(prefix, "#"));
    waiting.push(...readBy(file, text));
    for (const specifier of specifiersOf(text)) {
      if (specifier.startsWith(prefix)) {
        const source = given[specifier] ? undefined : sourceOf(specifier);
        closure.imports[specifier.replace(prefix, "#")] = `./${source?.to ?? given[specifier]}`;
        if (source) waiting.push(source);
      } else if (specifier.startsWith(".")) {
        // The project has a server.json of its own.
        if (specifier.endsWith(".json")) continue;
        waiting.push({
          from: join(dirname(file.from), specifier),
          to: posix.join(posix.dirname(file.to), specifier),
        });
      } else if (!isBuiltin(specifier)) {
        const name = packageOf(specifier);
        closure.packages[name] = versionOf(name, file.from);
      }
    }
  }
  return closure;
}

/** Returns the text of a file of this repository, by its path from the root. */
export function readSource(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

// The files of the folders that a file reads when it runs.
function readBy({ from, to }: SourceFile, text: string): SourceFile[] {
  const folders = text.matchAll(/new URL\("(\.\/[^"]+\/)", import\.meta\.url\)/g);
  return [...folders].flatMap(([, folder = ""]) =>
    readdirSync(join(root, dirname(from), folder)).map((name) => ({
      from: join(dirname(from), folder, name),
      to: posix.join(posix.dirname(to), folder, name),
    })),
  );
}

/** Returns the modules that a text imports or exports from, types included. */
export function specifiersOf(text: string): string[] {
  const found = text.matchAll(
    /^(?:import|export)\s[^;]*?from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  return [...found].map(([, named, bare, called]) => named ?? bare ?? called ?? "");
}

/** Returns the installed version of a package that a file of this repository can import. */
export function versionOf(name: string, file: string): string {
  return readPackage(join(packageFolderOf(file), "node_modules", name)).version;
}

/** Returns the folder of the package that a file of this repository belongs to: `apps/x`, `packages/x` or the root. */
export function packageFolderOf(file: string): string {
  return /^(?:apps|packages)\/[^/]+/.exec(file.replaceAll("\\", "/"))?.[0] ?? "";
}

/** What is read here of a `package.json`. */
interface PackageFacts {
  version: string;
  exports?: Record<string, string>;
}

function readPackage(folder: string): PackageFacts {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
}

// `@rosetta/hub/node` is packages/hub/src/node/index.ts here, and src/hub/node/index.ts in the project.
function sourceOf(specifier: string): SourceFile {
  const [, name = ""] = specifier.split("/");
  const folder = `packages/${name}`;
  const entry = `.${specifier.slice(prefix.length + name.length)}`;
  const path = readPackage(folder).exports?.[entry];
  if (!path?.startsWith("./src/")) throw new Error(`${folder} has no source for ${specifier}`);
  return { from: posix.join(folder, path), to: posix.join("src", name, relative("src", path)) };
}

function packageOf(specifier: string): string {
  const [scope = "", name = ""] = specifier.split("/");
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}

// Bun's own module has the name of its package on npm.
function isBuiltin(specifier: string): boolean {
  return /^(?:node|bun):/.test(specifier) || specifier === "bun" || builtinModules.includes(specifier);
}
