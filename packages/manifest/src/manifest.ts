import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A known difference of a stack: a test that is expected to fail, and how it must fail. */
export interface Deviation {
  /** The stable id of the test, such as `SLOW-02`. */
  test: string;
  /** Why the stack differs, in a sentence for the report. */
  reason: string;
  /** Where the stack's authors say so. */
  link: string;
  /** A part of the error that the test must fail with. Any other failure still counts as one. */
  shows: string;
}

/** The content of a `server.json`: all that the suite, the bench and the report know about a server. */
export interface Manifest {
  /** The folder's name below `apps/`. */
  id: string;
  title: string;
  runtime: "node" | "bun";
  /** The port of `pnpm dev`. */
  port: number;
  /** The command that starts the server, run in its folder. */
  start: string[];
  deviations: Deviation[];
}

/** The folder of the repository. */
export const root: string = fileURLToPath(new URL("../../../", import.meta.url));

const apps = new URL("../../../apps/", import.meta.url);

/** Returns the folder of a server. */
export function folderOf(id: string): string {
  return fileURLToPath(new URL(`${id}/`, apps));
}

/** Returns the installed versions of what a folder's package depends on, without the packages of this repository. */
export function versionsOf(folder: string): Record<string, string> {
  const { dependencies = {} } = readPackage(folder);
  const names = Object.keys(dependencies).filter((name) => !name.startsWith("@rosetta/"));
  const installed = (name: string) => readPackage(join(folder, "node_modules", name)).version ?? "?";
  return Object.fromEntries(names.map((name) => [name, installed(name)]));
}

function readPackage(folder: string): { version?: string; dependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/**
 * Returns every server of this repository, by port. A folder with a `server.json` is a server, and nothing else
 * lists them.
 */
export function readManifests(): Manifest[] {
  return readdirSync(apps, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => readManifest(entry.name))
    .filter((manifest) => manifest !== undefined)
    .sort((a, b) => a.port - b.port);
}

function readManifest(id: string): Manifest | undefined {
  const file = new URL(`${id}/server.json`, apps);
  const text = readIfPresent(file);
  if (text === undefined) return undefined;
  const manifest = JSON.parse(text) as Manifest;
  if (manifest.id !== id) throw new Error(`apps/${id}/server.json: id is "${manifest.id}", expected "${id}"`);
  return manifest;
}

function readIfPresent(file: URL): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Raised limits for judging or measuring a stack. Limits are policy, and a server ships with low ones. They are
 * raised so far that even large tests do not meet them.
 */
export const raisedLimits: Readonly<Record<string, string>> = {
  MAX_MESSAGE_BYTES: "33554432",
  MAX_FRAGMENTS: "1048576",
  MAX_QUEUE_BYTES: "134217728",
  MAX_CONNECTIONS: "100000",
  MAX_CONNECTIONS_PER_ADDRESS: "100000",
  MAX_REQUESTS_PER_SECOND: "10000000",
  MAX_REQUEST_BURST: "10000000",
};
