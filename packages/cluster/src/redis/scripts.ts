import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const names = [
  "append",
  "open",
  "forget",
  "beat",
  "claim",
  "roster",
  "start",
  "keep-job",
  "end-job",
  "cancel",
  "leave",
] as const;

/** The name of a script: that of its file in `scripts/`. */
export type ScriptName = (typeof names)[number];

/** A script, which Redis runs atomically. */
export interface RedisScript {
  text: string;
  /** The SHA-1 digest by which Redis finds it once it is loaded. */
  sha: string;
}

const folder = new URL("./scripts/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(`${name}.lua`, folder), "utf8");
const prelude = read("prelude");

/** All scripts, by name. */
export const scripts: Record<ScriptName, RedisScript> = Object.fromEntries(
  names.map((name) => {
    const text = `${prelude}\n${read(name)}`;
    return [name, { text, sha: createHash("sha1").update(text).digest("hex") }];
  }),
) as Record<ScriptName, RedisScript>;
