import type { AppSources } from "./app-sources.ts";
import type { Equality } from "./equality.ts";
import { table } from "./table.ts";
import type { RegionPlace } from "./tags.ts";

/**
 * Writes a table of file × region × lines in each app. `=` marks those that read the same. With four apps, two can be
 * equal to each other, and the other two as well: these have the mark `≡`.
 */
export function overview(house: AppSources, equal: Equality): string {
  const rows = placesOf(house).map(({ region, name }) => [
    name,
    region,
    ...house.apps.map((app) => `${lineCount(house, app, region)} ${mark(equal, region, app)}`),
  ]);
  // Each file is listed once, above its regions.
  const sparse = rows.map(([name = "", ...rest], at) => [name === rows[at - 1]?.[0] ? "" : name, ...rest]);
  return table([["file", "region", ...house.apps.map((app) => `${app}  `)], ...sparse], 2);
}

/** Returns every region once, where the first app has it. */
export function placesOf({ sources }: AppSources): (RegionPlace & { name: string })[] {
  const places = new Map<string, RegionPlace & { name: string }>();
  for (const { name, path, regions } of sources) {
    for (const [region, { line }] of regions) {
      if (!places.has(region)) places.set(region, { region, name, file: path, line });
    }
  }
  return [...places.values()];
}

function lineCount({ sources }: AppSources, app: string, region: string): number {
  const source = sources.find((candidate) => candidate.app === app && candidate.regions.has(region));
  return source?.regions.get(region)?.lines.length ?? 0;
}

/** One for each group of equal apps in a region. */
const marks = ["=", "≡"];

function mark(equal: Equality, region: string, app: string): string {
  const group = equal[region]?.findIndex((apps) => apps.includes(app)) ?? -1;
  return marks[Math.min(group, marks.length - 1)] ?? " ";
}
