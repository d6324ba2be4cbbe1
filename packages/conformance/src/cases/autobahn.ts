// The cases of Autobahn's testsuite, and which of our cases find the same faults.

import { allCases } from "./index.ts";

/** A case of Autobahn's testsuite (25.10.1). */
export interface AutobahnCase {
  /** Its number in Autobahn, such as `6.4.1`. */
  id: string;
  /** The ids of our cases that find the same faults. */
  ours: readonly string[];
}

// How many cases each of its families has.
const sizes: readonly (readonly [family: string, size: number])[] = [
  ["1.1", 8],
  ["1.2", 8],
  ["2", 11],
  ["3", 7],
  ["4.1", 5],
  ["4.2", 5],
  ["5", 20],
  ["6.1", 3],
  ["6.2", 4],
  ["6.3", 2],
  ["6.4", 4],
  ["6.5", 5],
  ["6.6", 11],
  ["6.7", 4],
  ["6.8", 2],
  ["6.9", 4],
  ["6.10", 3],
  ["6.11", 5],
  ["6.12", 8],
  ["6.13", 5],
  ["6.14", 10],
  ["6.15", 1],
  ["6.16", 3],
  ["6.17", 5],
  ["6.18", 5],
  ["6.19", 5],
  ["6.20", 7],
  ["6.21", 8],
  ["6.22", 34],
  ["6.23", 7],
  ["7.1", 6],
  ["7.3", 6],
  ["7.5", 1],
  ["7.7", 13],
  ["7.9", 9],
  ["7.13", 2],
  ["9.1", 6],
  ["9.2", 6],
  ["9.3", 9],
  ["9.4", 9],
  ["9.5", 6],
  ["9.6", 6],
  ["9.7", 6],
  ["9.8", 6],
  ["10.1", 1],
  ["12.1", 18],
  ["12.2", 18],
  ["12.3", 18],
  ["12.4", 18],
  ["12.5", 18],
  ["13.1", 18],
  ["13.2", 18],
  ["13.3", 18],
  ["13.4", 18],
  ["13.5", 18],
  ["13.6", 18],
  ["13.7", 18],
];

// Our cases name theirs, and not the other way round, because only ours change.
function mapped(): AutobahnCase[] {
  const ours = new Map<string, string[]>();
  for (const { id, autobahn = [] } of allCases) {
    for (const theirs of autobahn) ours.set(theirs, [...(ours.get(theirs) ?? []), id]);
  }
  return autobahnIds.map((id) => ({ id, ours: ours.get(id) ?? [] }));
}

/** The ids of Autobahn's cases, in its order. */
export const autobahnIds: readonly string[] = sizes.flatMap(([family, size]) =>
  Array.from({ length: size }, (_, index) => `${family}.${index + 1}`),
);

/** Autobahn's cases, each with ours that find the same faults. Each has at least one. */
export const autobahnCases: readonly AutobahnCase[] = mapped();
