import type { Manifest } from "@rosetta/manifest";
import type { Finding } from "./app-sources.ts";
import { anyServer } from "./dealing.ts";

/** A test as Playwright lists it. */
export interface ListedTest {
  title: string;
  /** Without `@`. */
  tags: string[];
  file: string;
  line: number;
}

/** `UPG-07 MUST refuse a foreign Origin with 403 @upgrade`: a stable id, a level, a sentence. */
export const titleForm = /^(?<id>[A-Z][A-Z0-9]*-\d+) (?<level>MUST|SHOULD|MAY) (?<sentence>\S.*)$/;

/** A region and where to read it. */
export interface RegionPlace {
  region: string;
  file: string;
  line: number;
}

/**
 * Finds tests without the required form, a unique id or a region, and regions without a test. `places`: the regions of
 * the apps. `rungs`: those of the ladders.
 */
export function checkTests(tests: ListedTest[], places: RegionPlace[], rungs: RegionPlace[] = []): Finding[] {
  return [
    ...titles(tests),
    ...uniqueIds(tests),
    ...knownTags(tests, [...places, ...rungs]),
    ...testedRegions(
      tests.filter((test) => !isForRungsAlone(test) && !isForEngineAlone(test)),
      places,
    ),
    ...testedRegions(
      tests.filter(({ tags }) => tags.includes(stepTag)),
      rungs,
    ),
  ];
}

/** Whether a test is for rungs alone, so that no app runs it. */
export function isForRungsAlone({ title }: Pick<ListedTest, "title">): boolean {
  return title.startsWith(`${stepGroup}-`);
}

/** Whether a test needs an engine, so that `pnpm e2e` without `--cluster` does not run it. */
export function isForEngineAlone({ title, tags }: Pick<ListedTest, "title" | "tags">): boolean {
  return tags.includes(engineTag) || title.startsWith(`${clusterGroup}-`);
}

/** Whether `pnpm e2e --cluster` runs a test. */
export function isForEngine({ title, tags }: Pick<ListedTest, "title" | "tags">): boolean {
  return !tags.includes(embeddedTag) && engineGroups.some((group) => title.startsWith(`${group}-`));
}

function titles(tests: ListedTest[]): Finding[] {
  return tests
    .filter(({ title }) => !titleForm.test(title))
    .map((test) => at(test, `"${test.title}" is not of the form "UPG-07 MUST do something"`));
}

// One without an engine and one with it may share an id: the two halves of one promise.
function uniqueIds(tests: ListedTest[]): Finding[] {
  const embedded = repeatedIds(tests.filter((test) => !isForEngineAlone(test)));
  const withEngine = repeatedIds(tests.filter(({ tags }) => !tags.includes(embeddedTag)));
  return [
    ...new Map([...embedded, ...withEngine].map((each) => [`${each.file}:${each.line}`, each])).values(),
  ];
}

function repeatedIds(tests: ListedTest[]): Finding[] {
  const firsts = new Map<string, ListedTest>();
  return tests.flatMap((test) => {
    const id = titleForm.exec(test.title)?.groups?.id;
    if (!id) return [];
    const first = firsts.get(id);
    if (first) return [at(test, `${id} is already the id of ${first.file}:${first.line}`)];
    firsts.set(id, test);
    return [];
  });
}

/** Not a region: `pnpm e2e --steps` runs the test against every rung of every ladder, too. */
export const stepTag = "step";

/** Not a region: the test applies only to a server that keeps everything in memory. */
export const embeddedTag = "embedded";

/** Not a region: the test needs an engine, through which servers are one application. */
export const engineTag = "engine";

/** The group of the tests of several servers that share an engine. */
export const clusterGroup = "CLUSTER";

/** The groups whose subject an engine touches. `pnpm e2e --cluster` runs them on servers that have one. */
export const engineGroups = [
  ...["ALT", "CLOSE", "FEED", "JOB", "LOG", "MSG", "RESUME", "SLOW", "STOP", "TOPIC"],
  clusterGroup,
];

/** The group of the tests that are for rungs alone, because an app does not speak their protocol. */
const stepGroup = "STEP";

/** Returns the regions among the tags of a test. */
export function regionsOf(tags: readonly string[]): string[] {
  const others = [stepTag, embeddedTag, engineTag, anyServer];
  return tags.filter((tag) => !others.includes(tag));
}

function knownTags(tests: ListedTest[], places: RegionPlace[]): Finding[] {
  const known = new Set(places.map((place) => place.region));
  return tests.flatMap((test) => {
    const regions = regionsOf(test.tags);
    if (regions.length === 0) return [at(test, `"${test.title}" has no tag: name the region it proves`)];
    return regions
      .filter((tag) => !known.has(tag))
      .map((tag) => at(test, `@${tag} is not a region: ${[...known].join(", ")}`));
  });
}

function testedRegions(tests: ListedTest[], places: RegionPlace[]): Finding[] {
  // A test on one server proves nothing about the region in the others.
  const putToAll = tests.filter(({ tags }) => !tags.includes(anyServer));
  const tested = new Set(putToAll.flatMap(({ tags }) => tags));
  const untested = new Map(
    places.filter(({ region }) => !tested.has(region)).map((place) => [place.region, place]),
  );
  return [...untested.values()].map(({ file, line, region }) => ({
    file,
    line,
    message: `region ${region} has no test that runs on every server: tag one with @${region}`,
  }));
}

/** Finds `@any-server` tests in which a server deviates, because those do depend on the server. */
export function checkDealt(tests: ListedTest[], servers: Pick<Manifest, "id" | "deviations">[]): Finding[] {
  return tests
    .filter(({ tags }) => tags.includes(anyServer))
    .flatMap((test) => {
      const id = titleForm.exec(test.title)?.groups?.id;
      return servers
        .filter(({ deviations }) => deviations.some((deviation) => deviation.test === id))
        .map((server) => at(test, `${server.id} deviates in ${id}, so the test cannot be @${anyServer}`));
    });
}

function at({ file, line }: ListedTest, message: string): Finding {
  return { file, line, message };
}
