#!/usr/bin/env node
import { main } from "./cli.ts";

// Ends also if a case still waits for a server that it was stopped in.
process.exit(await main(process.argv.slice(2)));
