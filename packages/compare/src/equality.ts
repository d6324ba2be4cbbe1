import { alike } from "@rosetta/manifest";
import type { AppSources, Finding } from "./app-sources.ts";

/**
 * For each region, the groups of apps in which it reads the same. An app that differs from all others is in no
 * group.
 */
export type Equality = Record<string, string[][]>;

/** Returns what is equal now. */
export function equality({ sources }: AppSources): Equality {
  const found = new Map<string, Map<string, string[]>>();
  for (const { app, regions } of sources) {
    for (const [name, { lines }] of regions) found.set(name, (found.get(name) ?? new Map()).set(app, lines));
  }
  const groups = [...found].map(([name, apps]) => [name, alike(apps).filter(({ length }) => length > 1)]);
  return Object.fromEntries(groups);
}

/** Returns the content of the record: one line per region, as the formatter would write it. */
export function printEquality(equal: Equality): string {
  const lines = Object.entries(equal).map(
    ([name, groups]) => `  ${JSON.stringify(name)}: [${groups.map(printGroup).join(", ")}]`,
  );
  return lines.length === 0 ? "{}\n" : `{\n${lines.join(",\n")}\n}\n`;
}

/** Returns where the apps and the record no longer agree. */
export function checkEquality(now: Equality, recorded: Equality, file: string): Finding[] {
  const names = new Set([...Object.keys(now), ...Object.keys(recorded)]);
  return [...names].flatMap((name) => {
    const [is, was] = [describe(now[name]), describe(recorded[name])];
    if (is === was) return [];
    const message = `region ${name} is ${is}, recorded is ${was}: mend it, or record it with pnpm parity --record`;
    return [{ file, line: 1, message }];
  });
}

const inWords = new Intl.ListFormat("en-GB");

function describe(groups: string[][] | undefined): string {
  if (!groups) return "absent";
  if (groups.length === 0) return "different in every app";
  return groups.map((apps) => `equal in ${inWords.format(apps)}`).join("; ");
}

function printGroup(apps: string[]): string {
  return `[${apps.map((app) => JSON.stringify(app)).join(", ")}]`;
}
