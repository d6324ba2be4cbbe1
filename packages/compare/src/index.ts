export { readPlaces } from "./locate.ts";
export { type MatrixOptions, matrix } from "./matrix.ts";
export { emptied, hasCode, type Region, RegionError, regions } from "./regions.ts";
export * from "./results.ts";
export { type ListedTest, titleForm } from "./tags.ts";
