import { type AppFiles, type AppFolder, pathOf, type Region, RegionError, regions } from "@rosetta/manifest";
import { readSyntax, type Syntax } from "./syntax.ts";

/** A rule that is broken, and where. */
export interface Finding {
  file: string;
  line: number;
  message: string;
}

/** A parsed file of an app. */
export interface Source {
  app: string;
  /** The name below the folder, which is the same in all apps. */
  name: string;
  path: string;
  text: string;
  regions: Map<string, Region>;
  syntax: Syntax;
}

/** All files of all apps. `findings` are the problems that keep a file from being read to its end. */
export interface AppSources {
  apps: string[];
  /** The folder that the files are in, in each app. */
  folder: AppFolder;
  sources: Source[];
  findings: Finding[];
}

/** Reads the regions and the syntax of all files. `folder`: the one that they are in, in each app. Default: `src`. */
export function readAppSources(apps: AppFiles[], folder: AppFolder = "src"): AppSources {
  const house: AppSources = { apps: apps.map(({ id }) => id), folder, sources: [], findings: [] };
  const files = apps.flatMap(({ id, files }) => [...files].map(([name, text]) => ({ app: id, name, text })));
  const syntaxes = readSyntax(new Map(files.map(({ app, name, text }) => [pathOf(app, name, folder), text])));
  for (const { app, name, text } of files) {
    const path = pathOf(app, name, folder);
    const syntax = syntaxes.get(path) as Syntax;
    house.findings.push(
      ...syntax.errors.map((error) => ({ file: path, line: error.line, message: error.name })),
    );
    house.sources.push({ app, name, path, text, syntax, regions: readRegions(path, text, house.findings) });
  }
  return house;
}

function readRegions(path: string, text: string, findings: Finding[]): Map<string, Region> {
  try {
    return regions(text, path);
  } catch (error) {
    if (!(error instanceof RegionError)) throw error;
    findings.push({ file: path, line: error.line, message: error.problem });
    return new Map();
  }
}
