import type { ServerEntry } from "./servers.ts";

/** Something a panel found out about its server, to be laid beside what it found out about the others. */
export interface Fact {
  name: string;
  value: string;
  /** A time or a rate: shown, but a difference says nothing by itself. */
  measured?: true;
}

/** The facts that the panels of one server found, by panel. */
export type Findings = Map<string, Fact[]>;

/** One fact about every server. */
export interface FactRow {
  name: string;
  /** One for each server; nothing where it did not tell. */
  values: (string | undefined)[];
  differs: boolean;
}

/** Returns the facts of all servers as rows, in the order in which the first server tells them. */
export function compare(servers: ServerEntry[], findings: Map<string, Findings>): FactRow[] {
  const facts = servers.map(({ id }) => [...(findings.get(id)?.values() ?? [])].flat());
  const names = new Map(facts.flat().map(({ name, measured }) => [name, measured === true]));
  return [...names].map(([name, measured]) => {
    const values = facts.map((own) => own.find((fact) => fact.name === name)?.value);
    // A server without a value yet differs from no other.
    const told = new Set(values.filter((value) => value !== undefined));
    return { name, values, differs: !measured && told.size > 1 };
  });
}

/** Sums the rows up in a sentence. */
export function agreement(rows: FactRow[]): string {
  const differing = rows.filter(({ differs }) => differs).length;
  if (rows.length === 0)
    return "Do something in one column. Every server does it, and the results are compared here.";
  if (differing === 0) return "The servers agree. Only times differ, as always.";
  return `The servers differ in ${differing} of ${rows.length}.`;
}
