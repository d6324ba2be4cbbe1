export { CommandError } from "./arguments.ts";
export { type BiteVerdict, grepOf, judge } from "./cells.ts";
export { type Climb, climbs, printClimbs, stillRed } from "./climb.ts";
export { buildPage, withCopies } from "./copies.ts";
export { anyServer, dealtTo } from "./dealing.ts";
export { readPlaces } from "./locate.ts";
export { type MatrixOptions, matrix } from "./matrix.ts";
export { runSuite, type SuiteRun } from "./playwright.ts";
export { pool } from "./pool.ts";
export { count } from "./print-findings.ts";
export {
  groups,
  isPutTo,
  printDealt,
  printTally,
  type ServerFacts,
  type ServerResult,
  type SuiteMachine,
  type SuiteResults,
  type Tally,
  type TestResult,
  tally,
} from "./suite-results.ts";
export { table } from "./table.ts";
export {
  clusterGroup,
  embeddedTag,
  engineGroups,
  engineTag,
  isForRungsAlone,
  type ListedTest,
  regionsOf,
  stepTag,
  titleForm,
} from "./tags.ts";
