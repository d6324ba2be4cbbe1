import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type BenchOptions, readArguments, usage } from "./arguments.ts";
import { askLoad } from "./ask-load.ts";
import { type Candidate, readCandidates } from "./candidates.ts";
import { compareGenerators } from "./compare-generators.ts";
import { confirmRatios } from "./confirm-ratios.ts";
import { measureGrowth } from "./growth.ts";
import { fewestPairs } from "./judge-slices.ts";
import type { LoadOrder } from "./load-order.ts";
import { allowedCores, type Machine, readMachine } from "./machine.ts";
import { printSummary, yellow } from "./print.ts";
import { reportOf } from "./report.ts";
import type { BenchResults } from "./results.ts";
import { run } from "./run.ts";
import { type Effort, full, full16, methodsOf, quick, withPairs } from "./scenarios.ts";
import { withTable } from "./table.ts";

const root = resolve(import.meta.dirname, "../../..");
const readme = resolve(import.meta.dirname, "../README.md");
// A slice of the generator in C includes its handshakes, so it lasts long enough for them not to count.
const confirmationMs = 2_000;
const everybody = readCandidates();
const request = readArguments(
  process.argv.slice(2),
  everybody.map(({ id }) => id),
);

// The reader of stdout has gone, as with `| head`. The run goes on, because its results go to a file.
process.stdout.on("error", () => {});

if (typeof request === "string") refuse(request);
else await follow(request);

async function follow(request: BenchOptions): Promise<void> {
  if (request.mode === "help") return console.log(usage);
  if (request.mode === "report") return report(fileOf(request));
  if (request.mode === "table") return table(fileOf(request));
  const absent = absentCore(request);
  if (absent !== undefined) {
    return refuse(`--cores: there is no core ${absent} here; there are: ${allowedCores().join(", ")}`);
  }
  if (request.mode === "generator") return generator(request);
  if (request.mode === "growth") return growth(request);
  if (request.load) return load(request, request.load);
  await measure(request);
}

// If the system does not list its cores, nothing can be pinned. A later warning says so.
function absentCore({ cores }: BenchOptions): number | undefined {
  const allowed = allowedCores();
  if (!cores || allowed.length === 0) return undefined;
  return [cores.server, cores.generator].find((core) => !allowed.includes(core));
}

async function generator(request: BenchOptions): Promise<void> {
  const effort = effortOf(request);
  if (request.servers.length > 0) return confirm(request, effort);
  const servers = everybody.filter(({ id }) => id === "bun" || id === "limit");
  const order = {
    ...effort,
    pairs: effort.pairs.echo,
    loads: effort.echoes,
    servers,
    machine: machineOf(request),
  };
  await compareGenerators({ ...order, signal: interruption() });
}

async function confirm(request: BenchOptions, { pairs, firstWarmupMs }: Effort): Promise<void> {
  await confirmRatios({
    servers: candidatesOf(request),
    everybody,
    load: full16,
    pairs: Math.max(pairs.echo, fewestPairs),
    firstWarmupMs,
    measureMs: confirmationMs,
    machine: machineOf(request),
    signal: interruption(),
  });
}

async function growth(request: BenchOptions): Promise<void> {
  const { servers } = request;
  const apps = everybody.filter(
    ({ id, kind }) => kind === "app" && (servers.length === 0 || servers.includes(id)),
  );
  await measureGrowth(apps, machineOf(request), interruption());
}

async function load(request: BenchOptions, order: LoadOrder): Promise<void> {
  const apps = everybody.filter(({ kind }) => kind === "app");
  const ids = apps.map(({ id }) => id);
  const stranger = request.servers.find((id) => !ids.includes(id));
  if (stranger !== undefined)
    return refuse(`--load cannot measure ${stranger}; there are: ${ids.join(", ")}`);
  const asked = apps.filter(({ id }) => request.servers.length === 0 || request.servers.includes(id));
  await askLoad(order, asked, machineOf(request), interruption());
}

async function measure(request: BenchOptions): Promise<void> {
  const file = fileOf(request);
  const wrong = whyNotWritable(file);
  if (wrong !== undefined)
    return refuse(`--json ${file} cannot be written (${wrong}); give a file in a folder that can`);
  const effort = effortOf(request);
  const results = await run({
    methods: methodsOf(request.scenarios, effort),
    rounds: effort.rounds,
    candidates: candidatesOf(request),
    everybody,
    machine: machineOf(request),
    quick: request.quick,
    signal: interruption(),
  });
  // Do not overwrite an earlier run with nothing.
  if (results.measures.length === 0)
    return console.log("\nNo measure was complete, so no results are written.");
  write(file, `${JSON.stringify(results, undefined, 2)}\n`);
  report(file);
}

function candidatesOf({ servers, quick: isQuick }: BenchOptions): Candidate[] {
  if (servers.length > 0) return everybody.filter(({ id }) => servers.includes(id));
  return everybody.filter(({ kind }) => !isQuick || kind !== "rung");
}

function effortOf({ quick: isQuick, pairs }: BenchOptions): Effort {
  const effort = isQuick ? quick : full;
  return pairs === undefined ? effort : withPairs(effort, pairs);
}

function machineOf({ cores }: BenchOptions): Machine {
  const machine = readMachine(cores);
  if (!machine.pinned) warn("This system cannot pin processes to cores (taskset): expect more noise.");
  if (machine.load > 1)
    warn(`The load of this machine is ${machine.load}: other programs are running, expect more noise.`);
  return machine;
}

/** Ends the run in order. A second signal ends it at once. */
function interruption(): AbortSignal {
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopped.signal.aborted) process.exit(130);
      process.exitCode = 130;
      warn("\nInterrupted. The measurements so far are kept.");
      stopped.abort(new Error("interrupted"));
    });
  }
  return stopped.signal;
}

function fileOf({ json }: BenchOptions): string {
  return resolve(process.env.INIT_CWD ?? root, json ?? `${root}/results/bench.json`);
}

/** Writes the report and the summary, from the results alone. */
function report(file: string): void {
  const results = readResults(file);
  if (!results) return;
  console.log(printSummary(results));
  const page = `${file.replace(/\.json$/, "")}.html`;
  write(page, reportOf(results));
  console.log(`\n${file}\n${page}`);
}

/** Writes the table of the bench's README. */
function table(file: string): void {
  const results = readResults(file);
  if (!results) return;
  write(readme, withTable(readFileSync(readme, "utf8"), results));
  console.log(readme);
}

function readResults(file: string): BenchResults | undefined {
  try {
    const results = JSON.parse(readFileSync(file, "utf8")) as BenchResults;
    const isOurs =
      Array.isArray(results.selfComparisons) && results.measures.every(({ leastFactor }) => leastFactor > 0);
    if (!isOurs) throw new Error(`${file} was not written by this bench`);
    return results;
  } catch (error) {
    refuse(`there are no results to report: ${(error as Error).message}`);
    return undefined;
  }
}

// Writes to a temporary file first, so that an interruption never leaves a half-written one in its place.
function write(file: string, text: string): void {
  writeFileSync(`${file}.part`, text);
  renameSync(`${file}.part`, file);
}

// Checked before the run: half an hour of measuring must not end at a folder that cannot be written to.
function whyNotWritable(file: string): string | undefined {
  try {
    makeFolder(dirname(file));
    if (existsSync(file) && !statSync(file).isFile()) return "it is not a file";
    writeFileSync(`${file}.part`, "");
    rmSync(`${file}.part`);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

// Node's recursive mkdir never returns below /proc, where creating a folder fails with ENOENT.
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

function refuse(why: string): void {
  console.error(why);
  process.exitCode = 2;
}

function warn(text: string): void {
  console.error(yellow(text));
}
