import { type SuiteResults, type TestResult, tally } from "./suite-results.ts";

/** What a rung of a ladder changes, compared with the rung before. */
export interface Climb {
  /** The server whose ladder it is. */
  server: string;
  rung: string;
  /** How many of the tests pass, such as `31/52`. */
  score: string;
  /** The ids of the tests that fail below it and pass here. */
  won: string[];
  /** The ids of the tests that pass below it and fail here. */
  lost: string[];
}

/** Returns every rung of every ladder in the results, from the first to the last. */
export function climbs({ servers, tests }: SuiteResults): Climb[] {
  const columns = servers.flatMap(({ id, rung }) => (rung ? [{ id, ...rung }] : []));
  return [...Map.groupBy(columns, ({ server }) => server).values()].flatMap((ladder) =>
    ladder
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ id, server, name }, at, sorted) => {
        const below = sorted[at - 1]?.id;
        const differ = (here: string, there: string | undefined) =>
          tests.filter((test) => isGreen(test, here) && (there === undefined || !isGreen(test, there)));
        return {
          server,
          rung: name,
          score: scoreOf(tests, id),
          won: differ(id, below).map(idOf),
          lost: below === undefined ? [] : differ(below, id).map(idOf),
        };
      }),
  );
}

/** Returns the end of a run of the ladders: for each server and rung, which tests it turned green or lost. */
export function printClimbs(results: SuiteResults, bold: (text: string) => string = (text) => text): string {
  const blocks = [...Map.groupBy(climbs(results), ({ server }) => server)].map(([server, rungs]) => {
    const name = Math.max(...rungs.map(({ rung }) => rung.length));
    const score = Math.max(...rungs.map((rung) => rung.score.length));
    const lines = rungs.map((rung) => {
      const lost = rung.lost.length === 0 ? "" : `  lost: ${inRanges(rung.lost)}`;
      return `  ${rung.rung.padEnd(name)}  ${rung.score.padStart(score)}  ${`+ ${inRanges(rung.won)}${lost}`.trim()}`;
    });
    return [bold(server), ...lines].join("\n");
  });
  return blocks.join("\n\n");
}

/** Returns a line for each test that fails on the last rung of a ladder, which is meant to pass all of them. */
export function stillRed(results: SuiteResults): string[] {
  const tops = [...Map.groupBy(climbs(results), ({ server }) => server).values()].map((rungs) =>
    rungs.at(-1),
  );
  return tops.flatMap((top) => {
    const column = `${top?.server}:${top?.rung}`;
    return results.tests
      .filter((test) => test.results[column]?.verdict === "failed")
      .map((test) => `${test.id} ${column}  ${test.results[column]?.error?.trim().split("\n")[0]}`);
  });
}

/** Returns the table of the ladders in RESULTS.md: rung × server, with how many of the tests pass. */
export function markdownClimbs(results: SuiteResults): string[] {
  const all = climbs(results);
  if (all.length === 0) return [];
  const ladders = [...new Set(all.map(({ server }) => server))];
  const titleOf = (server: string) => results.servers.find(({ rung }) => rung?.server === server)?.title;
  const rows = [...new Set(all.map(({ rung }) => rung))].sort().map((name) => {
    const cells = ladders.map(
      (server) => all.find((rung) => rung.server === server && rung.rung === name)?.score ?? "–",
    );
    return `| \`${name}\` | ${cells.join(" | ")} |`;
  });
  return [`| rung | ${ladders.map(titleOf).join(" | ")} |`, `|---|${"--:|".repeat(ladders.length)}`, ...rows];
}

/** Shortens a list of ids: `ECHO-01…03 UPG-01`. */
export function inRanges(ids: readonly string[]): string {
  const runs: { group: string; first: string; last: string }[] = [];
  for (const id of ids.toSorted()) {
    const [group = "", number = ""] = id.split("-");
    const run = runs.at(-1);
    if (run?.group === group && Number(number) === Number(run.last) + 1) run.last = number;
    else runs.push({ group, first: number, last: number });
  }
  return runs
    .map(({ group, first, last }) => (first === last ? `${group}-${first}` : `${group}-${first}…${last}`))
    .join(" ");
}

// Deviations count as passed, as in the matrix, but how many there are depends on how far up the rung is.
function scoreOf(tests: TestResult[], column: string): string {
  const { passed, failed } = tally(tests, column);
  return `${passed}/${passed + failed}`;
}

function isGreen({ results }: TestResult, column: string): boolean {
  const verdict = results[column]?.verdict;
  return verdict === "passed" || verdict === "deviates";
}

function idOf({ id }: TestResult): string {
  return id;
}
