import type { Manifest } from "@rosetta/manifest";
import type { AppSources, Finding } from "./app-sources.ts";
import { dealtTo } from "./dealing.ts";
import {
  type DifferenceEvidence,
  type DifferenceRow,
  differenceRows,
  fillDifferences,
  markdownDifferences,
} from "./differences.ts";
import { markdownMatrix, markdownRegions, type ReadmePart, readPart } from "./markdown.ts";
import type { ServerFacts, ServerResult, SuiteResults, TestResult } from "./suite-results.ts";
import {
  isForEngine,
  isForEngineAlone,
  isForRungsAlone,
  type ListedTest,
  regionsOf,
  stepTag,
  titleForm,
} from "./tags.ts";

const remedy = "pnpm -C packages/compare run readme";

/** The files with generated parts. */
export const readmeFile = "README.md";
export const resultsFile = "RESULTS.md";

/** Returns where the README's table of regions does not match the apps. */
export function staleRegions(readme: string, house: AppSources, ladders: AppSources): Finding[] {
  return compare({ text: readme, part: "regions", wanted: markdownRegions(house, ladders), how: remedy });
}

/** Returns where the README's table of differences does not match its evidence, and rows that show no difference. */
export function staleDifferences(
  readme: string,
  evidence: DifferenceEvidence,
  rows: DifferenceRow[] = differenceRows,
): Finding[] {
  const wanted = markdownDifferences(evidence, rows);
  return [
    ...compare({ text: readme, part: "differences", wanted, how: remedy }),
    ...fillDifferences(rows, evidence).flatMap(({ row, cells }) => {
      const say = (problem: string) =>
        finding(readPart(readme, "differences")?.line ?? 1, `"${row.says}" ${problem}: differences.ts`);
      if (cells.includes(undefined)) return [say("has no evidence for every server")];
      return new Set(cells).size === 1 ? [say("is no longer a difference")] : [];
    }),
  ];
}

/**
 * Returns where the matrix in RESULTS.md lists other tests, servers, rungs or deviations than exist. How many of the tests
 * pass, and on which machine, only a run can show.
 */
export function staleMatrix(
  results: string,
  tests: ListedTest[],
  servers: Manifest[],
  rungsOf: (server: string) => string[],
): Finding[] {
  const rungs = servers.flatMap((server) =>
    rungsOf(server.id).map((name) => ({
      ...server,
      id: `${server.id}:${name}`,
      rung: { server: server.id, name },
    })),
  );
  const matrix = markdownMatrix({
    app: wholeRun("app", tests, servers),
    engine: wholeRun("engine", tests, servers),
    steps: wholeRun("steps", tests, rungs),
  });
  return compare({
    file: resultsFile,
    text: results,
    part: "matrix",
    wanted: matrix,
    how: `pnpm e2e, with --cluster and with --steps, then ${remedy}`,
  });
}

/** Returns the servers whose own README, with what surprised us, is not linked. */
export function unlinkedServers(readme: string, servers: Pick<Manifest, "id">[]): Finding[] {
  return servers
    .map(({ id }) => `apps/${id}/README.md`)
    .filter((path) => !readme.includes(`(${path})`))
    .map((path) => finding(1, `no link to ${path}: name the server where a reader chooses one`));
}

interface Comparison {
  /** Default: the README. */
  file?: string;
  text: string;
  part: ReadmePart;
  /** The expected content of the part. */
  wanted: string;
  /** How to get the missing data. */
  how: string;
}

function compare({ file = readmeFile, text, part, wanted, how }: Comparison): Finding[] {
  const found = readPart(text, part);
  if (!found) return [finding(1, `no lines <!-- ${part}:begin --> and <!-- ${part}:end -->`, file)];
  const expected = factsOf(wanted);
  const facts = factsOf(found.content);
  const strange = facts.flatMap((fact, at) =>
    expected.includes(fact) ? [] : [finding(found.line + at, `no longer so: ${fact}`, file)],
  );
  const missing = expected.filter((fact) => !facts.includes(fact));
  return [...strange, ...missing.map((fact) => finding(found.line, `missing, ${how}: ${fact}`, file))];
}

/** Returns a part line by line, without what depends on the run: `11/13` becomes `13`. */
function factsOf(content: string): string[] {
  return content
    .split("\n")
    .map((line) => (line.startsWith("Run on ") ? "" : line.replace(/\d+\/(?=\d)/g, "")));
}

const isIn: Record<SuiteResults["column"], (test: ListedTest) => boolean> = {
  app: (test) => !isForRungsAlone(test) && !isForEngineAlone(test),
  engine: isForEngine,
  steps: ({ tags }) => tags.includes(stepTag),
};

/** Returns the results of a run in which every server passes everything except its declared deviations. */
function wholeRun(
  column: SuiteResults["column"],
  tests: ListedTest[],
  servers: (Manifest & ServerFacts)[],
): SuiteResults {
  const ids = servers.map(({ id }) => id);
  return {
    date: "",
    machine: { platform: "", cpu: "", cores: 0 },
    column,
    servers,
    tests: tests
      .filter((test) => isIn[column](test))
      .map((test) => {
        const { title, tags, file, line } = test;
        const only = dealtTo(test, ids);
        const { id = "", level, sentence = "" } = titleForm.exec(title)?.groups ?? {};
        return {
          id,
          level: level as TestResult["level"],
          title: sentence,
          group: id.slice(0, id.lastIndexOf("-")),
          regions: regionsOf(tags),
          file,
          line,
          ...(only && { dealtTo: only }),
          results: Object.fromEntries(
            servers
              .filter((server) => only === undefined || only === server.id)
              .map((server) => [server.id, expectedOf(server, id)]),
          ),
        };
      }),
  };
}

function expectedOf({ deviations }: Manifest, id: string): ServerResult {
  const deviation = deviations.find(({ test }) => test === id);
  if (!deviation) return { verdict: "passed", ms: 0 };
  const { reason, link } = deviation;
  return { verdict: "deviates", ms: 0, reason, link };
}

function finding(line: number, message: string, file = readmeFile): Finding {
  return { file, line, message };
}
