import { type Manifest, readManifests } from "./manifest.ts";

/**
 * Returns the servers of this repository with these ids, in the order of their ports, or all of them if there are no
 * ids. If an id belongs to no server, returns what to tell the user: one line that names those there are.
 */
export function chooseServers(ids: readonly string[]): Manifest[] | string {
  const manifests = readManifests();
  const known = manifests.map(({ id }) => id);
  return whyUnknown(ids, known) ?? manifests.filter(({ id }) => ids.length === 0 || ids.includes(id));
}

/** Returns what to tell the user if one of these ids is not among the known ones, otherwise nothing. */
export function whyUnknown(ids: readonly string[], known: readonly string[]): string | undefined {
  const unknown = ids.find((id) => !known.includes(id));
  return unknown === undefined
    ? undefined
    : `there is no server "${unknown}"; there are: ${known.join(", ")}`;
}
