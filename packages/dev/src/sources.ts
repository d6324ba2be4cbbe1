import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** What something is made of. */
export interface Sources {
  /** Files whose imports count, too, and those of the imported files. Paths are absolute. */
  entries: readonly string[];
  /** Files that count alone. */
  others: readonly string[];
}

/** A file as it was at one moment. */
export interface FileState {
  hash: string;
  /** When it was written last, in ms since 1970. */
  modified: number;
}

/** The files that something is made of, by path. One that is imported but does not exist has no entry. */
export type Snapshot = ReadonlyMap<string, FileState>;

/** How two snapshots differ. */
export interface Difference {
  /** Paths whose text is another, or is new, or is gone. */
  changed: string[];
  /** Paths that were written again with the same text, as `touch` does. */
  touched: string[];
}

/** Reads files once per moment, however many snapshots they are part of. */
export class SourceReader {
  readonly #packages: string;
  readonly #files = new Map<string, { state: FileState; imports: string[] } | undefined>();

  /** `root` is the repository's folder. */
  constructor(root: string) {
    this.#packages = join(root, "packages");
  }

  /** Returns all files of these sources, in the order in which they are reached. */
  snapshot({ entries, others }: Sources): Snapshot {
    const found = new Map<string, FileState>();
    const queue = [...entries];
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const file = found.has(path) ? undefined : this.#read(path);
      if (!file) continue;
      found.set(path, file.state);
      queue.push(...file.imports);
    }
    for (const path of others) {
      const file = this.#read(path);
      if (file) found.set(path, file.state);
    }
    return found;
  }

  #read(path: string): { state: FileState; imports: string[] } | undefined {
    if (!this.#files.has(path)) this.#files.set(path, this.#load(path));
    return this.#files.get(path);
  }

  #load(path: string): { state: FileState; imports: string[] } | undefined {
    const text = readIfFile(path);
    if (text === undefined) return undefined;
    const state = {
      hash: createHash("sha1").update(text).digest("hex"),
      modified: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    };
    const names = followed.test(path) ? [...text.matchAll(specifier)].map(([, name = ""]) => name) : [];
    return { state, imports: names.flatMap((name) => this.#resolve(dirname(path), name) ?? []) };
  }

  #resolve(folder: string, name: string): string | undefined {
    if (name.startsWith(".")) return resolve(folder, name);
    const [, own = "", below = ""] = /^@rosetta\/([\w-]+)(.*)$/.exec(name) ?? [];
    const { exports = {} } = readPackage(join(this.#packages, own));
    const target = exports[`.${below}`];
    return target === undefined ? undefined : join(this.#packages, own, target);
  }
}

/** Returns what differs between two snapshots. */
export function differenceOf(before: Snapshot, after: Snapshot): Difference {
  const paths = [...new Set([...after.keys(), ...before.keys()])];
  const changed = paths.filter((path) => before.get(path)?.hash !== after.get(path)?.hash);
  const touched = paths.filter(
    (path) => !changed.includes(path) && before.get(path)?.modified !== after.get(path)?.modified,
  );
  return { changed, touched };
}

/** Returns a name for the text of all files: it is the same only if every text is. */
export function identityOf(snapshot: Snapshot): string {
  const hash = createHash("sha1");
  for (const [path, state] of snapshot) hash.update(`${path} ${state.hash}\n`);
  return hash.digest("hex");
}

// Every string that could name a file of ours: in an import, in `new URL()`, in a page. Whatever is no file is left out
// when it is read.
const specifier = /["'`](\.{1,2}\/[^"'`\s]+|@rosetta\/[\w-]+(?:\/[\w-]+)*)["'`]/g;
const followed = /\.(?:ts|js|mjs|html)$/;

function readIfFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It does not exist, is a folder, or is being replaced at this moment.
    return undefined;
  }
}

function readPackage(folder: string): { exports?: Record<string, string> } {
  const file = join(folder, "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}
