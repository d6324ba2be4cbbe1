export { allCases, type Case, type Group, groupOf, groups } from "./cases/index.ts";
export * from "./frames.ts";
export * from "./messages.ts";
export { type Result, type RunOptions, runConformance, ServerGone } from "./run.ts";
