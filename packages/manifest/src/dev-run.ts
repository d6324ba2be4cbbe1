// Loaded before turbo by `pnpm dev`: here, and not in a script, as shells do not agree on how a variable is given.
import { devEnvironment } from "./dev.ts";
import { readManifests } from "./index.ts";

Object.assign(process.env, devEnvironment(process.env, process.argv.slice(2), readManifests()));
