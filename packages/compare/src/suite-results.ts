/** The results of a run of the suite: the content of `results/e2e.json`, `engine.json` and `steps.json`. */
export interface SuiteResults {
  /** When the run began, as ISO 8601. */
  date: string;
  commit?: string;
  machine: SuiteMachine;
  /**
   * `app`: the servers of this repository. `engine`: the same with an engine, in the groups that it touches. `steps`: the
   * rungs of their ladders, each as a server of its own.
   */
  column: "app" | "engine" | "steps";
  servers: ServerFacts[];
  tests: TestResult[];
}

export interface SuiteMachine {
  platform: string;
  cpu: string;
  cores: number;
}

export interface ServerFacts {
  id: string;
  title: string;
  /** The rung that it is, with the server that the ladder leads to. */
  rung?: { server: string; name: string };
  runtime: string;
  /** By package name. */
  versions?: Record<string, string>;
}

export interface TestResult {
  id: string;
  level: "MUST" | "SHOULD" | "MAY";
  title: string;
  /** The part of the id before its number. */
  group: string;
  regions: string[];
  file: string;
  line: number;
  /** The only server that the test was to run on, because it does not depend on the server. Default: all of them. */
  dealtTo?: string;
  /** By server. A test that was not run on a server has no entry for it. */
  results: Record<string, ServerResult>;
}

/** The result of one test on one server. */
export interface ServerResult {
  /** `deviates`: it failed in the way that the server's manifest declares. */
  verdict: TestVerdict;
  ms: number;
  error?: string;
  /** Why it deviates. */
  reason?: string;
  /** Where the stack's authors say so. */
  link?: string;
}

export type TestVerdict = "passed" | "failed" | "deviates";

/** How many of a set of tests passed on a server. */
export interface Tally {
  /** How many behaved as expected: as their titles say, or as the deviation declares. */
  passed: number;
  /** How many of those that passed deviate, as declared. */
  deviating: number;
  failed: number;
  /** How many should have run on the server, but did not. */
  skipped: number;
}

/** Returns whether a test was supposed to run on a server. */
export function isPutTo({ dealtTo }: TestResult, server: string): boolean {
  return dealtTo === undefined || dealtTo === server;
}

/** Counts the verdicts of one server, among the tests that were supposed to run on it. */
export function tally(tests: TestResult[], server: string): Tally {
  const verdicts = tests.filter((test) => isPutTo(test, server)).map((test) => test.results[server]?.verdict);
  const count = (wanted: TestVerdict | undefined) => verdicts.filter((verdict) => verdict === wanted).length;
  const deviating = count("deviates");
  return {
    passed: count("passed") + deviating,
    deviating,
    failed: count("failed"),
    skipped: count(undefined),
  };
}

/** Returns the groups in the order of their first test. */
export function groups(tests: TestResult[]): [string, TestResult[]][] {
  return [...Map.groupBy(tests, (test) => test.group)];
}

/** Formats a score: `12/12`, `11/12`, with deviations `12/12 (1≠)`, or a dash if nothing was run. */
export function printTally({ passed, failed, deviating }: Tally): string {
  if (passed + failed === 0) return "–";
  return `${passed}/${passed + failed}${deviating > 0 ? ` (${deviating}≠)` : ""}`;
}

/** Returns a sentence about the tests that run on only one server, or an empty string if there are none. */
export function printDealt({ tests }: SuiteResults): string {
  const count = tests.filter(({ dealtTo }) => dealtTo !== undefined).length;
  if (count === 0) return "";
  if (count === tests.length) return "Each test ran on one server only, chosen by its number.";
  return `${count} ${count === 1 ? "test does" : "tests do"} not depend on the server: each runs on one server only, and counts there.`;
}
