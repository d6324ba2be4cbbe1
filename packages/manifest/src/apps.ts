import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folderOf, readManifests } from "./manifest.ts";

/** A server with its files, which the rules compare. */
export interface AppFiles {
  /** The folder's name below `apps/`. */
  id: string;
  /** The text of each file, by its name below the folder. */
  files: Map<string, string>;
}

/** The two folders of an app that are compared: the server itself, and the ladder that leads to it. */
export type AppFolder = "src" | "steps";

/** Returns every server of this repository with its files, by port. Default: those in `src`. */
export function readApps(folder: AppFolder = "src"): AppFiles[] {
  return readManifests().map(({ id }) => ({ id, files: readSources(join(folderOf(id), folder)) }));
}

/** Returns how the report names a file of an app. */
export function pathOf(app: string, name: string, folder: AppFolder = "src"): string {
  return `apps/${app}/${folder}/${name}`;
}

function readSources(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
