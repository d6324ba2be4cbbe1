export { type Holding, holdingOf, residentBytes } from "./holding.ts";
export { Process, type ProcessExit, type ProcessOptions } from "./process.ts";
export { type Ended, type ProgramOptions, runProgram } from "./run-program.ts";
