// Reads the file of `--baseline`.

import { readFileSync } from "node:fs";
import type { KnownFailure } from "../report/baseline.ts";
import { UsageError } from "./usage-error.ts";

/** Parses a baseline. `ids` are those of all cases. */
export function readBaseline(file: string, ids: ReadonlySet<string>): KnownFailure[] {
  const entries = parse(file);
  if (!Array.isArray(entries)) throw new UsageError(`${file}: expected a list of {"id", "reason", "link"}`);
  const seen = new Set<string>();
  return entries.map((entry: unknown, index) => {
    const known = check(entry, `${file}: entry ${index + 1}`);
    if (!ids.has(known.id)) throw new UsageError(`${file}: there is no case "${known.id}"; remove the entry`);
    const key = `${known.id} ${known.target ?? ""}`;
    if (seen.has(key)) throw new UsageError(`${file}: "${known.id}" is listed twice`);
    seen.add(key);
    return known;
  });
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${file} is not JSON: ${error.message}`);
    throw new UsageError(`--baseline ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function check(entry: unknown, where: string): KnownFailure {
  if (typeof entry !== "object" || entry === null) throw new UsageError(`${where} is not an object`);
  const { id, reason, link, target } = entry as Record<string, unknown>;
  for (const [name, value] of Object.entries({ id, reason, link })) {
    if (typeof value !== "string" || value === "") throw new UsageError(`${where}: "${name}" is missing`);
  }
  const known = { id, reason, link } as KnownFailure;
  if (target === undefined) return known;
  if (typeof target !== "string") throw new UsageError(`${where}: "target" is not a string`);
  return { ...known, target };
}
