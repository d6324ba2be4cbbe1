// Writes the shape of Autobahn's `index.json`, for scripts that parse it.

import { worst } from "../judge/judgement.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Report, ResultReport, TargetReport } from "./report.ts";

/** The entry for one case in Autobahn's index. */
export interface AutobahnEntry {
  behavior: string;
  behaviorClose: string;
  /** In ms. */
  duration: number;
  remoteCloseCode: number | null;
  reportfile: string;
}

const words: Record<Verdict, string> = {
  pass: "OK",
  "non-strict": "NON-STRICT",
  info: "INFORMATIONAL",
  unsupported: "UNIMPLEMENTED",
  fail: "FAILED",
};

/**
 * Returns the run by agent and case, in the shape that Autobahn wrote. Each of Autobahn's numbers has the worst
 * verdict of our cases that find the same faults. Our cases without a counterpart in Autobahn are added as
 * `rosetta.1.4.1`, so that a script that looks for `FAILED` misses none of them. `reportfile` is the HTML report
 * opened at the case, if there is one.
 */
export function autobahnIndex(report: Report, html = ""): Record<string, Record<string, AutobahnEntry>> {
  return Object.fromEntries(report.targets.map((target) => [target.id, entriesOf(report, target, html)]));
}

function entriesOf({ cases }: Report, target: TargetReport, html: string): Record<string, AutobahnEntry> {
  const numbers = new Map(cases.map(({ id, autobahn }) => [id, autobahn]));
  const found = new Map<string, ResultReport[]>();
  for (const result of target.results) {
    const names = numbers.get(result.id) ?? [];
    for (const name of names.length > 0 ? names : [`rosetta.${result.id}`]) {
      found.set(name, [...(found.get(name) ?? []), result]);
    }
  }
  return Object.fromEntries([...found].map(([name, results]) => [name, entryOf(target, results, html)]));
}

function entryOf({ id }: TargetReport, results: readonly ResultReport[], html: string): AutobahnEntry {
  const verdict = worst(...results.map((result) => result.verdict));
  const result = results.find((each) => each.verdict === verdict);
  if (!result) throw new Error("an entry without a result");
  return {
    behavior: words[worst(...results.map(({ behaviour }) => behaviour.verdict))],
    behaviorClose: words[worst(...results.map(({ close }) => close.verdict))],
    duration: Math.round(results.reduce((sum, { ms }) => sum + ms, 0)),
    remoteCloseCode: result.closeCode,
    reportfile: html && `${html}#case=${result.id}&server=${encodeURIComponent(id)}`,
  };
}
