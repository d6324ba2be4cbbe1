export { type Holding, holdingOf, residentBytes } from "./holding.ts";
export { type Exit, Process, type ProcessOptions } from "./process.ts";
export { type Ended, type RunOptions, runProgram } from "./run-program.ts";
