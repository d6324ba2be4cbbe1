// Known failures that may stay for now, each with its reason and a link to follow it up.

import type { ResultReport, TargetReport } from "./report.ts";

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
