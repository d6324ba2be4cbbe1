import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { RegionError, readApps, readManifests, root } from "@rosetta/manifest";
import { readLessonFiles } from "@rosetta/page/lessons";
import { type NamedRegion, readNamedRegions } from "@rosetta/page/regions";
import { type AppSources, type Finding, readAppSources } from "./app-sources.ts";
import { CommandError, help, readArguments } from "./arguments.ts";
import { bite } from "./bite.ts";
import { checkEquality, type Equality, equality, printEquality } from "./equality.ts";
import { checkLadders, ladderTable } from "./ladder.ts";
import { checkLessons, panelNames } from "./lesson-rules.ts";
import { overview, placesOf } from "./overview.ts";
import { listSuite } from "./playwright.ts";
import { count, printFindings } from "./print-findings.ts";
import { checkApps } from "./rules.ts";
import { staleRegions } from "./stale-readme.ts";
import { checkDealt, checkTests, type ListedTest, type RegionPlace } from "./tags.ts";

const record = "packages/compare/equal.json";

async function run(given: string[]): Promise<number> {
  const request = readArguments(given);
  if (request.do === "bite") return bite(request);
  if (request.do === "help") console.log(help);
  if (request.do === "check") return check(request.record);
  return 0;
}

async function check(write: boolean): Promise<number> {
  const house = readAppSources(readApps());
  // A file that cannot be read would break every other rule as well.
  if (house.findings.length > 0) return printFindings(house.findings);
  const ladders = readAppSources(readApps("steps"), "steps");
  if (ladders.findings.length > 0) return printFindings(ladders.findings);
  const places = placesOf(house);
  const now = equality(house);
  if (write) writeFileSync(join(root, record), printEquality(now));
  const suite = await checkSuite(places, placesOf(ladders));
  const readme = staleRegions(readFileSync(join(root, "README.md"), "utf8"), house, ladders);
  const lessons = readLessonFiles();
  const shared = checkNamedRegions();
  const findings = [
    ...checkApps(house),
    ...checkLadders(ladders),
    ...checkRecord(now),
    ...suite.findings,
    ...checkLessons(lessons, {
      panels: panelNames(),
      places,
      rungs: rungNames(ladders),
      named: shared.named,
      tests: suite.tests,
    }),
    ...shared.findings,
    ...readme,
  ];
  if (findings.length > 0) return printFindings(findings);
  console.log(`${overview(house, now)}\n\n${ladderTable(ladders)}`);
  const sizes = [
    count(house.apps.length, "server"),
    count(places.length, "region"),
    count(suite.tests.length, "test"),
    count(lessons.size, "lesson"),
  ];
  console.log(styleText("green", `\n${sizes.join(", ")}: nothing found`));
  return 0;
}

// `3-heartbeat`, `3-heartbeat/heartbeat`
function rungNames(ladders: AppSources): Set<string> {
  return new Set(
    ladders.sources.flatMap(({ name, regions }) => {
      const rung = name.replace(/\.ts$/, "");
      return [rung, ...[...regions.keys()].map((region) => `${rung}/${region}`)];
    }),
  );
}

function checkNamedRegions(): { named: Map<string, NamedRegion>; findings: Finding[] } {
  try {
    return { named: readNamedRegions(), findings: [] };
  } catch (error) {
    if (!(error instanceof RegionError)) throw error;
    const { file, line, problem } = error;
    return { named: new Map(), findings: [{ file, line, message: problem }] };
  }
}

async function checkSuite(
  places: RegionPlace[],
  rungs: RegionPlace[],
): Promise<{ tests: ListedTest[]; findings: Finding[] }> {
  try {
    const tests = await listSuite();
    return { tests, findings: [...checkTests(tests, places, rungs), ...checkDealt(tests, readManifests())] };
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    return {
      tests: [],
      findings: [{ file: "e2e", line: 1, message: `the tests cannot be listed: ${line}` }],
    };
  }
}

function checkRecord(now: Equality): Finding[] {
  const file = join(root, record);
  if (!existsSync(file))
    return [{ file: record, line: 1, message: "missing: pnpm parity --record writes it" }];
  return checkEquality(now, JSON.parse(readFileSync(file, "utf8")) as Equality, record);
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
