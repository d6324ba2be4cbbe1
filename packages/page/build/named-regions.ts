import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RegionError, regions, root } from "@rosetta/manifest";

/** A region outside of the apps: in a package that all servers or all browsers share, or in a page of the browser's side. */
export interface NamedRegion {
  /** Where it is and what it is called: `hub/heartbeat`, or `1-echo/talk` in a page. */
  name: string;
  /** The path from the root of the repository. */
  file: string;
  /** The first line of the region, counted from 1. */
  line: number;
  lines: string[];
}

/** The folder of the browser's side as pages, each complete in one file. */
export const browserSteps = "packages/client/steps";

const packages = ["hub", "client", "cluster", "protocol", "page"];

/** Returns the files that can have such regions, by their path from the root, with the first part of their names. */
function sharedFiles(): Map<string, string> {
  const sources = packages.flatMap((name) =>
    globSync(`packages/${name}/src/**/*.ts`, { cwd: root })
      .filter((file) => !/\.test(ing)?\.ts$/.test(file))
      .map((file) => [file.replaceAll("\\", "/"), name] as const),
  );
  const pages = globSync("*.html", { cwd: join(root, browserSteps) })
    .sort()
    .map((file) => [`${browserSteps}/${file}`, file.replace(/\.html$/, "")] as const);
  return new Map([...sources, ...pages]);
}

/** Returns the regions outside of the apps by their names. Throws if two have the same. */
export function readNamedRegions(): Map<string, NamedRegion> {
  return namedRegions(sharedFiles(), (file) => readFileSync(join(root, file), "utf8"));
}

/** Returns the regions of some files. `files` has the first part of their names. Throws if two have the same. */
export function namedRegions(
  files: Map<string, string>,
  read: (file: string) => string,
): Map<string, NamedRegion> {
  const found = new Map<string, NamedRegion>();
  for (const [file, place] of files) {
    for (const [region, { line, lines }] of regions(read(file), file)) {
      const name = `${place}/${region}`;
      const other = found.get(name);
      if (other) throw new RegionError(file, line, `region ${region} is already in ${other.file}`);
      found.set(name, { name, file, line: line + 1, lines });
    }
  }
  return found;
}
