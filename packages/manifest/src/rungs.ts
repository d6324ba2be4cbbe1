// The ladder of each server: complete programs in `apps/*/steps`, each the one before plus one subject.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folderOf, type Manifest } from "./manifest.ts";

/** A rung of a ladder. */
export interface Rung {
  /** The name of its file without the ending, such as `3-heartbeat`. */
  name: string;
  /** What it is about, from its first line. */
  subject: string;
}

/** Returns the rungs of a server from the first to the last, or none if it has no ladder. */
export function readRungs(id: string): Rung[] {
  const folder = join(folderOf(id), "steps");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .sort()
    .map((file) => ({
      name: file.slice(0, -".ts".length),
      subject: subjectOf(readFileSync(join(folder, file), "utf8")),
    }));
}

/** Returns the command that starts a rung, to be run in the server's folder. */
export function commandOfRung({ runtime }: Pick<Manifest, "runtime">, rung: string): string[] {
  return [runtime, `steps/${rung}.ts`];
}

/** Returns the rung that is meant by a number, a name or its subject: `3`, `3-heartbeat`, `heartbeat`. */
export function findRung(rungs: readonly Rung[], wanted: string): Rung | undefined {
  return rungs.find(({ name }) => [name, ...(/^(\d+)-(.+)$/.exec(name) ?? [])].includes(wanted));
}

// `// Express + ws, step 3: heartbeat. Why it is there.`
function subjectOf(text: string): string {
  const [first = ""] = text.split("\n");
  return first.replace(/^.*?, step \d: [^.]*\. /, "");
}
