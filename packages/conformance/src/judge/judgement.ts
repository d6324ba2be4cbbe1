// What judging frames and judging answers have in common.

import type { Judgement, Verdict } from "../model/verdict.ts";

/** The verdicts from the least severe to the most severe. */
const bySeverity: readonly Verdict[] = ["pass", "info", "unsupported", "non-strict", "fail"];

/** Returns how severe a verdict is: 0 is a pass. */
export function severity(verdict: Verdict): number {
  return bySeverity.indexOf(verdict);
}

/** Returns the worst of several verdicts. */
export function worst(...verdicts: Verdict[]): Verdict {
  return bySeverity[Math.max(...verdicts.map(severity))] ?? "fail";
}

/** Returns a failure with its reason. */
export function fail(why: string): Judgement {
  return { verdict: "fail", why };
}

/** Joins several things, any of which is fine: `a, b or c`. */
export function or(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} or ${last}` : last;
}
