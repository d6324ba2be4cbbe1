/** A named part of a file. Its name is the row that it fills in the comparison. */
export interface Region {
  /** The line of the `// #region` marker, counted from 1. */
  line: number;
  /** The lines between the markers, without the indentation that they all share. */
  lines: string[];
}

/** Something wrong with a marker, such as one without its counterpart. `message` starts with the place, `problem` is the sentence alone. */
export class RegionError extends Error {
  readonly file: string;
  readonly line: number;
  readonly problem: string;

  constructor(file: string, line: number, problem: string) {
    super(`${file}:${line}  ${problem}`);
    this.file = file;
    this.line = line;
    this.problem = problem;
  }
}

const marker = /^\s*\/\/ #(end)?region ([a-z][a-z0-9-]*)$/;

// Editors fold these as well, but the name is missing or misspelled. Without an error the region would vanish.
const almostMarker = /^\s*\/\/\s*#(end)?region\b/;

/** Returns the regions of a file, in order. `file` is only used in error messages. */
export function regions(text: string, file = "text"): Map<string, Region> {
  const found = new Map<string, Region>();
  let open: { name: string; line: number; lines: string[] } | undefined;
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const [, end, name] = marker.exec(content) ?? [];
    if (!name) {
      if (almostMarker.test(content)) throw new RegionError(file, line, `not a marker: "${content.trim()}"`);
      open?.lines.push(content);
      continue;
    }
    if (end) {
      if (name !== open?.name) throw new RegionError(file, line, `unexpected end of region ${name}`);
      found.set(name, { line: open.line, lines: dedent(open.lines) });
      open = undefined;
      continue;
    }
    if (open) throw new RegionError(file, line, `region ${name} overlaps region ${open.name}`);
    if (found.has(name)) throw new RegionError(file, line, `region ${name} repeats`);
    open = { name, line, lines: [] };
  }
  if (open) throw new RegionError(file, open.line, `region ${open.name} is never closed`);
  return found;
}

/** Returns whether a region contains code, or only says why it does not. */
export function hasCode(region: Region): boolean {
  return region.lines.some((line) => line.trim() !== "" && !/^(\/\/|\/\*|\*)/.test(line.trim()));
}

/** Returns the text with the region's lines emptied. All other lines keep their numbers. */
export function emptied(text: string, name: string): string {
  const region = regions(text).get(name);
  if (!region) throw new Error(`no region ${name}`);
  const lines = text.split("\n");
  return lines.fill("", region.line, region.line + region.lines.length).join("\n");
}

/**
 * Returns the apps in groups that have the same lines of a region, ignoring indentation. Groups and apps are in the
 * order of the map. An app that differs from all others is a group of its own.
 */
export function alike(linesOf: Map<string, string[]>): string[][] {
  const groups = Map.groupBy(linesOf, ([, lines]) => lines.map((line) => line.trim()).join("\n"));
  return [...groups.values()].map((group) => group.map(([app]) => app));
}

function dedent(lines: string[]): string[] {
  const widths = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  const shared = widths.length === 0 ? 0 : Math.min(...widths);
  return lines.map((line) => line.slice(shared));
}
