// Known failures that may stay for now, each with its reason and a link to follow it up.

import { readFileSync } from "node:fs";
import { Refusal } from "./refusal.ts";
import type { ResultReport, TargetReport } from "./results.ts";

/** One known failure. */
export interface KnownFailure {
  /** The id of the case. */
  id: string;
  /** Why it fails, in a sentence. */
  reason: string;
  /** Where somebody works on it. */
  link: string;
  /** The target that the entry applies to, by id. Default: all. */
  target?: string;
}

/** Parses a baseline. `ids` are those of all cases. */
export function readBaseline(file: string, ids: ReadonlySet<string>): KnownFailure[] {
  const entries = parse(file);
  if (!Array.isArray(entries)) throw new Refusal(`${file}: expected a list of {"id", "reason", "link"}`);
  const seen = new Set<string>();
  return entries.map((entry: unknown, index) => {
    const known = check(entry, `${file}: entry ${index + 1}`);
    if (!ids.has(known.id)) throw new Refusal(`${file}: there is no case "${known.id}"; take the entry out`);
    const key = `${known.id} ${known.target ?? ""}`;
    if (seen.has(key)) throw new Refusal(`${file}: "${known.id}" stands there twice`);
    seen.add(key);
    return known;
  });
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Refusal(`${file} is no JSON: ${error.message}`);
    throw new Refusal(`--baseline ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function check(entry: unknown, where: string): KnownFailure {
  if (typeof entry !== "object" || entry === null) throw new Refusal(`${where} is no object`);
  const { id, reason, link, target } = entry as Record<string, unknown>;
  for (const [name, value] of Object.entries({ id, reason, link })) {
    if (typeof value !== "string" || value === "") throw new Refusal(`${where}: "${name}" is missing`);
  }
  const known = { id, reason, link } as KnownFailure;
  if (target === undefined) return known;
  if (typeof target !== "string") throw new Refusal(`${where}: "target" is no text`);
  return { ...known, target };
}

/** Returns the result. If it is a known failure, it carries the reason. */
export function mark(
  result: ResultReport,
  target: Pick<TargetReport, "id">,
  baseline: readonly KnownFailure[],
): ResultReport {
  const known = baseline.find((each) => each.id === result.id && isAbout(each, target));
  // No baseline excuses a death or a leak.
  if (!known || result.verdict !== "fail" || result.grave) return result;
  return { ...result, known: { reason: known.reason, link: known.link } };
}

/** An entry of the baseline whose case does not fail. */
export interface Stale {
  target: string;
  id: string;
}

/** Returns the entries that no longer apply, or never did. They are errors, so that the baseline can only shrink. */
export function stale(targets: readonly TargetReport[], baseline: readonly KnownFailure[]): Stale[] {
  return targets.flatMap((target) =>
    target.results
      .filter(({ verdict }) => verdict !== "fail")
      .filter(({ id }) => baseline.some((known) => known.id === id && isAbout(known, target)))
      .map(({ id }) => ({ target: target.id, id })),
  );
}

function isAbout(known: KnownFailure, { id }: Pick<TargetReport, "id">): boolean {
  return known.target === undefined || known.target === id;
}
