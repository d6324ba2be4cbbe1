import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folderOf, readManifests } from "./manifest.ts";

/** A server with its files, which the rules compare. */
export interface AppFiles {
  /** The folder's name below `apps/`. */
  id: string;
  /** The text of each file, by its name below `src/`. */
  files: Map<string, string>;
}

/** Returns every server of this repository with its files, by port. */
export function readApps(): AppFiles[] {
  return readManifests().map(({ id }) => ({ id, files: readSources(join(folderOf(id), "src")) }));
}

/** Returns how the report names a file of an app. */
export function pathOf(app: string, name: string): string {
  return `apps/${app}/src/${name}`;
}

function readSources(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
