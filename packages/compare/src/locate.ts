import { pathOf, readApps, regions } from "@rosetta/manifest";

/** Finds where a server has a region, such as `apps/x/src/connection.ts:41`. The files are read only once. */
export function readPlaces(): (server: string, region: string) => string | undefined {
  const places = new Map<string, string>();
  for (const { id, files } of readApps()) {
    for (const [name, text] of files) {
      for (const [region, { line }] of regions(text, pathOf(id, name))) {
        places.set(`${id} ${region}`, `${pathOf(id, name)}:${line}`);
      }
    }
  }
  return (server, region) => places.get(`${server} ${region}`);
}
