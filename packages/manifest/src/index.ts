export { chooseServers, whyUnknown } from "./choose.ts";
export {
  addressOf,
  type Deviation,
  folderOf,
  type Manifest,
  raisedLimits,
  readManifests,
  versionsOf,
} from "./manifest.ts";
