// Writes the results of the suite's conformance tests in the shape of `pnpm conform --json`.
import {
  allCases,
  caseReport,
  count,
  groups,
  type Report,
  type ResultReport,
  thisTool,
} from "@rosetta/conformance";
import { type Manifest, raisedLimits } from "@rosetta/manifest";
import { factsOf, thisMachine } from "./write-results.ts";

/** The name of the attachment in which a test passes on the results of its cases. */
export const conformanceAttachment = "conformance";

/** The results for one server. */
export interface Judged {
  manifest: Manifest;
  runtime: string | undefined;
  results: ResultReport[];
  ms: number;
}

/** Returns the report of a whole run, without wire logs. `pnpm conform` records those. */
export function conformanceReport(date: Date, servers: readonly Judged[]): Report {
  const found = new Set(servers.flatMap(({ results }) => results.map(({ id }) => id)));
  const cases = allCases.filter(({ id }) => found.has(id));
  const numbers = new Set(cases.map((each) => caseReport(each).group));
  return {
    format: 1,
    peer: "server",
    tool: thisTool(),
    date: date.toISOString(),
    machine: { ...thisMachine(), runtime: `node ${process.versions.node}` },
    seed: 1,
    jobs: 8,
    deadlineMs: 20_000,
    complete: true,
    groups: groups
      .filter(({ number }) => numbers.has(number))
      .map(({ number, name, title }) => ({ number, name, title })),
    cases: cases.map(caseReport),
    targets: servers.map(targetOf),
  };
}

function targetOf({ manifest, runtime, results, ms }: Judged): Report["targets"][number] {
  const { id, title, versions } = factsOf(manifest, undefined, runtime);
  const policy = { ...raisedLimits, COMPRESSION: "1 (compressed cases only)" };
  return {
    id,
    title,
    url: "/echo",
    versions: versions ?? {},
    policy,
    ms,
    complete: true,
    counts: count(results),
    results,
  };
}
