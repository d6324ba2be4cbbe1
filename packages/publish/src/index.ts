export { build } from "./build.ts";
export { publishedPackages } from "./packages.ts";
