export { type App, pathOf, readApps } from "./apps.ts";
export { anyServer, dealtTo } from "./dealing.ts";
export { type Lesson, lessonsFolder, parseLesson, readLessonFiles } from "./lessons.ts";
export { readPlaces } from "./locate.ts";
export { type MatrixOptions, matrix } from "./matrix.ts";
export { root } from "./playwright.ts";
export { emptied, hasCode, type Region, RegionError, regions } from "./regions.ts";
export * from "./results.ts";
export { type ListedTest, regionsOf, titleForm } from "./tags.ts";
