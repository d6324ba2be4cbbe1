// `pnpm dev` loads this before turbo. A script in package.json cannot set variables: shells differ in how to do that.
import { devEnvironment } from "./dev.ts";
import { readManifests } from "./manifest.ts";

Object.assign(process.env, devEnvironment(process.env, process.argv.slice(2), readManifests()));
