// Projects without a registry, for tests.
import { existsSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Manifest, root } from "@rosetta/manifest";
import type { ProjectFiles } from "../closure.ts";

/** Returns a file of a project as text. */
export function textOf(files: ProjectFiles, path: string): string {
  return Buffer.from(files.get(path) ?? "").toString();
}

/** Puts the packages that a project names into its `node_modules`, from those that are installed here. */
export function link(folder: string, files: ProjectFiles, { id }: Manifest): void {
  const { dependencies, devDependencies } = JSON.parse(textOf(files, "package.json"));
  const homes = [`apps/${id}`, "packages/protocol", "packages/cluster", "packages/eject", ""];
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const home = homes.map((each) => join(root, each, "node_modules", name)).find((each) => existsSync(each));
    if (!home) throw new Error(`${name} is not installed`);
    const place = join(folder, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(realpathSync(home), place, "junction");
  }
}
