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
      tests.filter((test) => !isForRungsAlone(test)),
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

function titles(tests: ListedTest[]): Finding[] {
  return tests
    .filter(({ title }) => !titleForm.test(title))
    .map((test) => at(test, `"${test.title}" is not of the form "UPG-07 MUST do something"`));
}

function uniqueIds(tests: ListedTest[]): Finding[] {
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

/** The group of the tests that are for rungs alone, because an app does not speak their protocol. */
export const stepGroup = "STEP";

/** Returns the regions among the tags of a test. */
export function regionsOf(tags: readonly string[]): string[] {
  return tags.filter((tag) => tag !== stepTag && tag !== anyServer);
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
