import type { AppSources, Finding, Source } from "./app-sources.ts";
import { filledRegions, sameFiles, sameRegionsOf } from "./rules.ts";
import { table } from "./table.ts";

/** How many lines each rung may have. A ladder that gets longer stops being read. */
const mostLines = new Map([
  ["1-echo.ts", 25],
  ["2-rooms.ts", 50],
  ["3-heartbeat.ts", 75],
  ["4-admission.ts", 110],
  ["5-backpressure.ts", 135],
  ["6-shutdown.ts", 160],
]);

/** How many lines of a rung the next one may change. The rest of the difference is the price of the new subject. */
const mostLost = 4;

/** Checks every rule about the ladders. */
export function checkLadders(house: AppSources): Finding[] {
  const byName = Map.groupBy(house.sources, ({ name }) => name);
  return [
    ...sameFiles(house),
    ...[...byName.values()].flatMap(sameRegionsOf),
    ...filledRegions(house),
    ...house.sources.flatMap((rung) => [...shortEnough(rung), ...alone(rung)]),
    ...neighbours(house).flatMap(oneSubjectMore),
  ];
}

/** Finds a rung that is too long, or that has no place in the ladder. */
function shortEnough({ name, path, text }: Source): Finding[] {
  const most = mostLines.get(name);
  const rungs = [...mostLines.keys()].join(", ");
  if (most === undefined) return [{ file: path, line: 1, message: `is no rung; there are: ${rungs}` }];
  const count = text.trimEnd().split("\n").length;
  return count <= most ? [] : [{ file: path, line: most + 1, message: `${count} lines: at most ${most}` }];
}

/** Finds imports of code of ours: a rung can be copied as it is. */
function alone({ path, syntax }: Source): Finding[] {
  return syntax.modules
    .filter(({ name }) => name.startsWith("@rosetta/") || name.startsWith("."))
    .map(({ name, line }) => ({ file: path, line, message: `imports ${name}: a rung needs only its stack` }));
}

interface Neighbours {
  before: Source;
  after: Source;
}

function neighbours({ sources }: AppSources): Neighbours[] {
  const ladders = [...Map.groupBy(sources, ({ app }) => app).values()];
  return ladders.flatMap((rungs) => {
    const sorted = rungs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return sorted.slice(1).map((after, at) => ({ before: sorted[at] as Source, after }));
  });
}

/** Finds a rung that changes too much of the one before, and names the lines that are gone. */
function oneSubjectMore({ before, after }: Neighbours): Finding[] {
  const lost = linesLost(before.text, after.text);
  if (lost.length <= mostLost) return [];
  const message = `changes ${lost.length} lines of ${before.name}, at most ${mostLost}: ${lost.join(" ⏎ ")}`;
  return [{ file: after.path, line: 1, message }];
}

/**
 * Returns the lines of a rung that the next one does not have any more, without their indentation. The first line does
 * not count, because it is the title.
 */
export function linesLost(before: string, after: string): string[] {
  const rest = new Map<string, number>();
  for (const line of bodyOf(after)) rest.set(line, (rest.get(line) ?? 0) + 1);
  return bodyOf(before).filter((line) => {
    const left = rest.get(line) ?? 0;
    rest.set(line, left - 1);
    return left <= 0;
  });
}

function bodyOf(text: string): string[] {
  const [, ...lines] = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "");
}

/** Returns a table of rung × lines in each app, with how many lines of the rung before it changed. */
export function ladderTable(house: AppSources): string {
  const lost = new Map(
    neighbours(house).map(({ before, after }) => [after.path, linesLost(before.text, after.text).length]),
  );
  const cell = (app: string, name: string): string => {
    const rung = house.sources.find((source) => source.app === app && source.name === name);
    if (!rung) return "";
    const count = rung.text.trimEnd().split("\n").length;
    return lost.has(rung.path) ? `${count} (${lost.get(rung.path)} changed)` : `${count}`;
  };
  const rows = [...mostLines.keys()].map((name) => [name, ...house.apps.map((app) => cell(app, name))]);
  return table([["rung", ...house.apps], ...rows]);
}
