import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Request, readArguments, usage } from "./arguments.ts";
import { readCandidates } from "./candidates.ts";
import { type Machine, readMachine } from "./machine.ts";
import { printSummary, yellow } from "./print.ts";
import type { BenchResults } from "./results.ts";
import { run } from "./run.ts";
import { full, methodsOf, quick } from "./scenarios.ts";

const root = resolve(import.meta.dirname, "../../..");
const everybody = readCandidates();
const request = readArguments(
  process.argv.slice(2),
  everybody.map(({ id }) => id),
);

if (typeof request === "string") {
  console.error(request);
  process.exitCode = 2;
} else await follow(request);

async function follow(request: Request): Promise<void> {
  if (request.mode === "help") return console.log(usage);
  await measure(request);
}

async function measure(request: Request): Promise<void> {
  const { servers, scenarios, pairs } = request;
  const effort = { ...(request.quick ? quick : full), ...(pairs !== undefined && { pairs }) };
  const results = await run({
    methods: methodsOf(scenarios, effort),
    candidates: servers.length > 0 ? everybody.filter(({ id }) => servers.includes(id)) : everybody,
    everybody,
    machine: machineOf(request),
    quick: request.quick,
    signal: interruption(),
  });
  console.log(printSummary(results));
  save(fileOf(request), results);
}

function machineOf({ cores }: Request): Machine {
  const machine = readMachine(cores);
  if (!machine.pinned) warn("Nothing is pinned to a core here (taskset): expect more noise.");
  if (machine.load > 1)
    warn(`The load of this machine is ${machine.load}: others are at work, expect more noise.`);
  return machine;
}

/** Ends the run in order; the second time at once. */
function interruption(): AbortSignal {
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopped.signal.aborted) process.exit(130);
      process.exitCode = 130;
      warn("\nInterrupted: what is complete is kept.");
      stopped.abort(new Error("interrupted"));
    });
  }
  return stopped.signal;
}

function fileOf({ json }: Request): string {
  return resolve(process.env.INIT_CWD ?? root, json ?? `${root}/results/bench.json`);
}

function save(file: string, results: BenchResults): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
  console.log(`\n${file}`);
}

function warn(text: string): void {
  console.error(yellow(text));
}
