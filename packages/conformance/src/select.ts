// Which cases a run is about.

import type { Level } from "./case.ts";
import { type Case, type Group, groupOf, groups, type ServerCase } from "./cases/index.ts";
import { Refusal } from "./refusal.ts";
import { isForServers } from "./run.ts";

/** What `--only`, `--level`, `--deflate` and `--no-deflate` ask for. */
export interface Selection {
  /** Ids, the beginnings of ids, and names of groups. */
  only?: readonly string[];
  /** The weakest that is wanted. Default: `MAY`. */
  level?: Level;
  /** Only those about compression, or only the others. Default: both. */
  deflate?: boolean;
}

const levels: readonly Level[] = ["MUST", "SHOULD", "MAY"];

/** The cases for servers that are asked for, in their order. */
export function select({ only, level = "MAY", deflate }: Selection, from = groups): ServerCase[] {
  const named = only?.map((name) => casesNamed(name, from));
  const selected = from.flatMap(({ cases }) =>
    cases
      .filter(isForServers)
      .filter(
        (each) =>
          (!named || named.some((one) => one.includes(each))) &&
          levels.indexOf(each.level) <= levels.indexOf(level) &&
          (deflate === undefined || deflate === isCompressed(each)),
      ),
  );
  if (selected.length === 0) throw new Refusal("no case is left; leave out --only, --level or --no-deflate");
  return selected;
}

/** Whether a case is about compression, and so for a server that has it switched on. */
export function isCompressed(each: Case): boolean {
  return groupOf(each).compressed ?? false;
}

/** The case with this id. */
export function caseOf(id: string, from = groups): ServerCase {
  const found = from.flatMap(({ cases }) => cases).find((each) => each.id === id);
  if (found && isForServers(found)) return found;
  if (found) throw new Refusal(`case "${id}" judges clients, not servers; --list names those for servers`);
  throw new Refusal(`there is no case "${id}"; --list names all of them`);
}

function casesNamed(name: string, from: readonly Group[]): readonly Case[] {
  const wanted = name.toLowerCase();
  const group = from.find((each) => each.name === wanted || String(each.number) === wanted);
  if (group) return group.cases;
  const cases = from
    .flatMap(({ cases }) => cases)
    .filter(({ id }) => id === wanted || id.startsWith(`${wanted}.`));
  if (cases.length > 0) return cases;
  const names = from.map((each) => each.name).join(", ");
  throw new Refusal(
    `--only ${name}: no case and no group is called that; groups: ${names}; --list names all cases`,
  );
}
