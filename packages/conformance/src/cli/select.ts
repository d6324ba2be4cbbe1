// Selects the cases of a run.

import { allCases, groups, isCompressed } from "../cases/index.ts";
import type { Case } from "../model/case.ts";
import type { Level } from "../model/case-head.ts";
import { UsageError } from "./usage-error.ts";

/** The selection by `--only`, `--level`, `--deflate` and `--no-deflate`. */
export interface Selection {
  /** Ids, prefixes of ids, and names of groups. */
  only?: readonly string[];
  /** The weakest level that is wanted. Default: `MAY`. */
  level?: Level;
  /** True for only the cases about compression, false for only the others. Default: both. */
  deflate?: boolean;
}

const levels: readonly Level[] = ["MUST", "SHOULD", "MAY"];

/** Returns the selected cases for which `fits` is true, in their order. */
export function select<T extends Case>(
  { only, level = "MAY", deflate }: Selection,
  fits: (each: Case) => each is T,
): T[] {
  const named = only?.map(casesNamed);
  const selected = allCases
    .filter(fits)
    .filter(
      (each) =>
        (!named || named.some((one) => one.includes(each))) &&
        levels.indexOf(each.level) <= levels.indexOf(level) &&
        (deflate === undefined || deflate === isCompressed(each)),
    );
  if (selected.length === 0)
    throw new UsageError("no case matches; leave out --only, --level, --deflate or --no-deflate");
  return selected;
}

/** Returns the case with this id. */
export function caseOf(id: string): Case {
  const found = allCases.find((each) => each.id === id);
  if (found) return found;
  throw new UsageError(`there is no case "${id}"; --list names all of them`);
}

function casesNamed(name: string): readonly Case[] {
  // `utf-8` is `utf8`.
  const wanted = name.toLowerCase().replace("-", "");
  const group = groups.find((each) => each.name === wanted || String(each.number) === wanted);
  if (group) return group.cases;
  const cases = allCases.filter(({ id }) => id === wanted || id.startsWith(`${wanted}.`));
  if (cases.length > 0) return cases;
  const names = groups.map((each) => each.name).join(", ");
  throw new UsageError(
    `--only ${name}: no case or group has this name; groups: ${names}; --list names all cases`,
  );
}
