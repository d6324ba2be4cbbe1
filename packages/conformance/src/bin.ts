#!/usr/bin/env node
import { outdated } from "./runtime.ts";

const problem = outdated();
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}
// Only now: what it needs is not there on an older one.
const { main } = await import("./cli.ts");
// Ends also if a case still waits for a server that it was stopped in.
process.exit(await main(process.argv.slice(2)));
