export { type AppFiles, type AppFolder, pathOf, readApps } from "./apps.ts";
export { chooseServers, whyUnknown } from "./choose.ts";
export { parseCommandLine } from "./command-line.ts";
export {
  type Deviation,
  folderOf,
  type Manifest,
  raisedLimits,
  readManifests,
  root,
  versionsOf,
} from "./manifest.ts";
export { alike, emptied, hasCode, type Region, RegionError, regions } from "./regions.ts";
export { commandOfRung, findRung, type Rung, readRungs } from "./rungs.ts";
