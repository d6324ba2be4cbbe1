import { hasCode, pathOf } from "@rosetta/manifest";
import { isEndpoint, paths } from "@rosetta/protocol";
import type { AppSources, Finding, Source } from "./app-sources.ts";
import type { Named, Syntax } from "./syntax.ts";
import { protocolMeaning } from "./vocabulary.ts";

/** Checks every rule about the apps, in the order in which to fix violations. */
export function checkApps(house: AppSources): Finding[] {
  if (house.apps.length === 0) return [{ file: "apps", line: 1, message: "no folder has a server.json" }];
  return [
    ...sameFiles(house),
    ...identicalMain(house),
    ...sameRegions(house),
    ...filledRegions(house),
    ...sameExports(house),
    ...noProtocol(house),
    ...listedRoutes(house),
  ];
}

/** Finds files that not every app has. */
export function sameFiles({ apps, folder, sources }: AppSources): Finding[] {
  return groupBy(sources, (source) => source.name).flatMap(([name, group]) => {
    const owners = group.map((source) => source.app);
    return apps
      .filter((app) => !owners.includes(app))
      .map((app) => ({
        file: pathOf(app, name, folder),
        line: 1,
        message: `missing: a file of ${list(owners)}`,
      }));
  });
}

/** Finds apps whose `main.ts` differs by a byte. It does not depend on the stack. */
function identicalMain({ sources }: AppSources): Finding[] {
  const [first, ...others] = sources.filter((source) => source.name === "main.ts");
  if (!first) return [];
  return others
    .filter((source) => source.text !== first.text)
    .map((source) => ({
      file: source.path,
      line: firstDifference(first.text, source.text),
      message: `differs from ${first.path}: main.ts is identical to the byte in every app`,
    }));
}

/** Finds regions that are missing in an app, in another order, or in several files. */
function sameRegions({ sources }: AppSources): Finding[] {
  return [
    ...groupBy(sources, (source) => source.name).flatMap(([, group]) => sameRegionsOf(group)),
    ...groupBy(sources, (source) => source.app).flatMap(([, group]) => uniqueRegions(group)),
  ];
}

/** Finds regions that not all of these files have, or not in the same order. */
export function sameRegionsOf(group: Source[]): Finding[] {
  const [first, ...others] = group;
  if (!first) return [];
  const all = [...new Set(group.flatMap((source) => [...source.regions.keys()]))];
  const missing = group.flatMap((source) =>
    all
      .filter((region) => !source.regions.has(region))
      .map((region) => ({ file: source.path, line: 1, message: missingRegion(region, group) })),
  );
  // If one is missing, the order of the others says nothing yet.
  if (missing.length > 0) return missing;
  const expected = [...first.regions.keys()];
  return others.flatMap((source) => {
    const [region, at] = [...source.regions].find(([name], index) => name !== expected[index]) ?? [];
    if (!region || !at) return [];
    return [
      {
        file: source.path,
        line: at.line,
        message: `region ${region} stands elsewhere in ${first.path}: ${expected.join(", ")}`,
      },
    ];
  });
}

function missingRegion(region: string, group: Source[]): string {
  const owners = group.filter((source) => source.regions.has(region)).map((source) => source.app);
  return `no region ${region} as in ${list(owners)}: a stack that cannot do it says so there, with a link`;
}

function uniqueRegions(sources: Source[]): Finding[] {
  const places = new Map<string, string>();
  return sources.flatMap((source) =>
    [...source.regions].flatMap(([region, { line }]) => {
      const other = places.get(region);
      places.set(region, source.path);
      return other ? [{ file: source.path, line, message: `region ${region} is already in ${other}` }] : [];
    }),
  );
}

/** Finds regions without code that do not say why, with a link. */
export function filledRegions({ sources }: AppSources): Finding[] {
  return sources.flatMap((source) =>
    [...source.regions]
      .filter(([, region]) => !hasCode(region) && !region.lines.some((line) => line.includes("https://")))
      .map(([name, { line }]) => ({
        file: source.path,
        line,
        message: `region ${name} does nothing: write a comment with a link that says why`,
      })),
  );
}

/**
 * Finds exports that not every app has. An app has the name, too, if the same file there imports it from what the stacks
 * on one runtime share: a stack on another runtime has to write that itself.
 */
function sameExports({ sources }: AppSources): Finding[] {
  return groupBy(sources, (source) => source.name).flatMap(([, group]) =>
    group.flatMap((source) =>
      source.syntax.exports.flatMap((found) => {
        const lacking = group.filter((other) => !offers(other.syntax, found)).map((other) => other.app);
        if (lacking.length === 0) return [];
        return [
          { file: source.path, line: found.line, message: `export ${found.name}: not in ${list(lacking)}` },
        ];
      }),
    ),
  );
}

/** Finds message types, topics, event kinds, close codes and subprotocols that are written into an app. */
function noProtocol({ sources }: AppSources): Finding[] {
  return sources.flatMap((source) =>
    source.syntax.literals.flatMap((literal) => {
      const message = protocolMeaning(literal);
      return message ? [{ file: source.path, line: literal.line, message }] : [];
    }),
  );
}

// The page is a folder of files, and each stack has its own way to serve one.
const routes = Object.values(paths).filter((path) => path !== paths.page && !isEndpoint(path));

/** Finds routes over HTTP that are not in the protocol's list of paths, and paths of the list without a route. */
function listedRoutes({ sources }: AppSources): Finding[] {
  return sources
    .filter(({ name }) => name === "http.ts")
    .flatMap(({ path: file, syntax: { literals } }) => {
      const strange = literals
        .filter(({ value, argumentOf }) => argumentOf === "get" && /^\//.test(String(value)))
        .filter(({ value }) => !routes.some((route) => route === value))
        .map(({ value, line }) => ({ file, line, message: `${value} is not in paths of @rosetta/protocol` }));
      const missing = routes
        .filter((route) => !literals.some(({ value }) => value === route))
        .map((route) => ({ file, line: 1, message: `no route for ${route} of @rosetta/protocol's paths` }));
      return [...strange, ...missing];
    });
}

function offers({ exports, imports }: Syntax, { name }: Named): boolean {
  const shared = imports.filter(({ module }) => module.startsWith("@rosetta/hub/"));
  return [...exports, ...shared].some((other) => other.name === name);
}

function firstDifference(expected: string, text: string): number {
  const lines = text.split("\n");
  const others = expected.split("\n");
  const index = lines.findIndex((line, at) => line !== others[at]);
  return index === -1 ? lines.length : index + 1;
}

function list(names: string[]): string {
  return names.join(", ");
}

function groupBy<T>(items: T[], key: (item: T) => string): [string, T[]][] {
  return [...Map.groupBy(items, key)];
}
