import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of all packages. */
const folder = join(import.meta.dirname, "../..");

/** The part of a `package.json` that is read here. */
export interface PackageManifest {
  name: string;
  version: string;
  private?: boolean;
  scripts?: object;
  dependencies?: Record<string, string>;
  devDependencies?: object;
  /** The fields that the published manifest has instead. A package without it is not meant for others. */
  publishConfig?: object;
}

/** Reads the `package.json` of a package. */
export function readManifest(source: string): PackageManifest {
  return JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
}

/** Returns the folders of the packages that are meant for others. */
export function publishedPackages(): string[] {
  const sources = globSync("*/package.json", { cwd: folder }).map((file) => join(folder, dirname(file)));
  return sources.filter((source) => readManifest(source).publishConfig).sort();
}
