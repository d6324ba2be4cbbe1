import { pathOf, readApps } from "./apps.ts";
import { regions } from "./regions.ts";

/** Finds where a server has a region, `apps/x/src/connection.ts:41`; the files are read once. */
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
