#!/usr/bin/env node
import { outdated } from "./runtime.ts";

const problem = outdated();
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}
// Imported only now, because the imports themselves need a newer runtime than an old one has.
const { main } = await import("./main.ts");
// Exits even if a case still waits for a server that was stopped in the middle of it.
process.exit(await main(process.argv.slice(2)));
