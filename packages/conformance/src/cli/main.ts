// `conform`: reads the command line, judges, and reports.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { Writable } from "node:stream";
import { allCases, groupOf } from "../cases/index.ts";
import { type Case, isForClients, isForServers } from "../model/case.ts";
import { autobahnIndex } from "../report/autobahn-index.ts";
import { type KnownFailure, stale } from "../report/baseline.ts";
import { html } from "../report/html.ts";
import { junit } from "../report/junit.ts";
import { progressOn } from "../report/progress.ts";
import { caseReport, countedAs, type Report, thisMachine, thisTool } from "../report/report.ts";
import { summary } from "../report/summary.ts";
import { painter, plural, type Screen, widthOf } from "../report/terminal.ts";
import { serveConformance } from "../run/serve.ts";
import type { ServerCommand } from "../run/server-process.ts";
import { explain, list, listAutobahn } from "./explain.ts";
import { type Files, help, type RunTask, readArguments, type ServeTask, type Task } from "./options.ts";
import { readBaseline } from "./read-baseline.ts";
import { caseOf, select } from "./select.ts";
import { clientTarget, judgeTarget, type Target, targetAt } from "./target.ts";
import { UsageError } from "./usage-error.ts";

/** The environment of the command line. */
export interface Surroundings {
  /** Servers that can be named instead of a URL. */
  targets?: readonly Target[];
  /** Clients that can be named instead of a command. */
  clients?: Readonly<Record<string, ServerCommand>>;
  /** Where the results are printed. Default: the process's stdout. */
  stdout?: Screen;
  /** Where progress and errors are printed. */
  stderr?: Screen;
}

const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does what the command line asks for. Returns the exit code: 0 if nothing fails, 1 if something does, 2 if the
 * command line is wrong, 3 if a server could not be judged to the end, 130 if the run was stopped.
 */
export async function main(argv: readonly string[], surroundings: Surroundings = {}): Promise<number> {
  const { targets = [], clients = {}, stdout = process.stdout, stderr = process.stderr } = surroundings;
  try {
    return await act(readArguments(argv), { targets, clients, stdout, stderr });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`${error.message}\n`);
    return 2;
  } finally {
    await handedOver(stdout);
    await handedOver(stderr);
  }
}

// A pipe accepts 64 KiB at once. The caller then ends the process, which would cut off the rest.
async function handedOver(screen: Screen): Promise<void> {
  if (!(screen instanceof Writable) || screen.writableLength === 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  // The reader has gone, as with `head`. That is no error of ours.
  screen.once("error", () => resolve());
  screen.write("", () => resolve());
  await promise;
}

async function act(task: Task, around: Required<Surroundings>): Promise<number> {
  const { stdout } = around;
  if (task.do === "run") return run(task, around);
  if (task.do === "serve") return serve(task, stdout);
  stdout.write(`${printed(task, around)}\n`);
  return 0;
}

function printed(task: Exclude<Task, { do: "run" | "serve" }>, around: Required<Surroundings>): string {
  const paint = painter(around.stdout);
  const width = widthOf(around.stdout);
  if (task.do === "version") return thisTool().version;
  if (task.do === "explain") return explain(caseOf(task.id), task.seed, paint, width);
  if (task.do === "list" && task.autobahn) return listAutobahn(paint, width);
  if (task.do === "list") return list(select(task.selection, isAny), paint, width);
  const clients = new Set([...Object.keys(around.clients), "node", "bun"]);
  return help(
    around.targets.map(({ id }) => id),
    [...clients],
  );
}

function isAny(_each: Case): _each is Case {
  return true;
}

async function run(task: RunTask, around: Required<Surroundings>): Promise<number> {
  const { stdout, stderr } = around;
  const cases =
    task.clients.length > 0 ? select(task.selection, isForClients) : select(task.selection, isForServers);
  const judged = targetsOf(task, around);
  const baseline = baselineOf(task);
  prepare(task.files);
  return interruptible(async (signal) => {
    const report = await judgeAll(judged, { task, cases, baseline, stderr, signal });
    const known = judged.flatMap((target) => target.known ?? []);
    const gone = stale(report.targets, [...baseline, ...known]);
    const printing = { paint: painter(stdout), width: widthOf(stdout), verbose: task.verbose };
    stdout.write(`\n${summary(report, gone, printing)}`);
    writeFiles(report, task.files);
    return signal.aborted ? 130 : exitCode(report, gone.length > 0);
  });
}

async function serve({ selection, port, seed, deadlineMs }: ServeTask, stdout: Screen): Promise<number> {
  const cases = select(selection, isForClients);
  const log = (line: string) => stdout.write(`${line}\n`);
  return interruptible(async (signal) => {
    const options = { cases, port, seed, log, ...(deadlineMs !== undefined && { deadlineMs }) };
    const serving = await serveConformance(options).catch(({ code }: NodeJS.ErrnoException) => {
      throw new UsageError(`port ${port} cannot be listened on (${code}); --port takes another`);
    });
    log(
      `${plural(cases.length, "case")} for clients at ${serving.url}; a browser only has to open this address`,
    );
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await serving.close();
    return 0;
  });
}

// Ctrl-C and the like abort the signal. A user who presses it twice does not want to wait for the server.
async function interruptible(act: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const stop = new AbortController();
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  for (const signal of stopSignals) process.on(signal, interrupt);
  try {
    return await act(stop.signal);
  } finally {
    for (const signal of stopSignals) process.off(signal, interrupt);
  }
}

interface Work {
  task: RunTask;
  cases: readonly Case[];
  baseline: readonly KnownFailure[];
  stderr: Screen;
  signal: AbortSignal;
}

async function judgeAll(targets: readonly Target[], work: Work): Promise<Report> {
  const { task, cases, baseline, stderr, signal } = work;
  const { seed, jobs, headers, insecure, strict } = task;
  const awaited = task.deadlineMs ?? (task.clients.length > 0 ? 20_000 : 5_000);
  const report: Report = {
    format: 1,
    tool: thisTool(),
    date: new Date().toISOString(),
    machine: thisMachine(),
    peer: task.clients.length > 0 ? "client" : "server",
    seed,
    // A client runs one case at a time.
    jobs: task.clients.length > 0 ? 1 : jobs,
    deadlineMs: Number.isFinite(awaited) ? awaited : null,
    complete: false,
    groups: [...new Set(cases.map(groupOf))].map(({ number, name, title }) => ({ number, name, title })),
    cases: cases.map(caseReport),
    targets: [],
  };
  const options = { seed, jobs, deadlineMs: awaited, headers, insecure, strict };
  const progress = progressOn(stderr);
  // One after another, because servers that share the machine would slow each other down.
  for (const target of targets) {
    if (signal.aborted) break;
    report.targets.push(await judgeTarget(target, { cases, baseline, options, progress, signal }));
    progress.clear();
  }
  report.complete =
    report.targets.length === targets.length && report.targets.every(({ complete }) => complete);
  return report;
}

/** Returns the exit code. `isStale`: whether the baseline has entries that no longer fail. */
export function exitCode({ targets }: Pick<Report, "targets">, isStale: boolean): number {
  if (targets.some(({ error }) => error !== undefined)) return 3;
  const failing = targets.some(({ results }) => results.some((result) => countedAs(result) === "fail"));
  return failing || isStale ? 1 : 0;
}

function targetsOf(task: RunTask, around: Required<Surroundings>): readonly Target[] {
  const { names, all, start, clients } = task;
  const { targets } = around;
  if (all && targets.length === 0) {
    throw new UsageError("--all: there are no servers to start here; give the URLs of your own");
  }
  if (all) return targets;
  if (clients.length > 0) return clients.map((name) => clientTarget(name, around.clients[name]));
  return names.map((name) => {
    const target = targets.find(({ id }) => id === name);
    if (target && start !== undefined)
      throw new UsageError(`--start: "${name}" has its own start command; use --start with a URL`);
    return target ?? urlTarget(name, start, targets);
  });
}

function urlTarget(name: string, start: string | undefined, targets: readonly Target[]): Target {
  try {
    return targetAt(name, start);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const known = targets.length > 0 ? `, or one of ${targets.map(({ id }) => id).join(", ")}` : "";
    throw new UsageError(`${error.message}${known}`);
  }
}

function baselineOf({ baseline }: RunTask): KnownFailure[] {
  return baseline === undefined ? [] : readBaseline(baseline, new Set(allCases.map(({ id }) => id)));
}

// Checked before the run: a run of a minute must not end at a folder that cannot be written to.
function prepare(files: Files): void {
  for (const [kind, file] of Object.entries(files) as [string, string][]) {
    writable(kind, file, () => {
      makeFolder(dirname(file));
      writeFileSync(file, "", { flag: "a" });
    });
  }
}

function writable(kind: string, file: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--${kind} ${file} cannot be written (${code}); give a file in a folder that can`);
  }
}

// Node's recursive mkdir never returns below /proc, where creating a folder fails with ENOENT.
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

function writeFiles(report: Report, files: Files): void {
  const page = files.html === undefined ? "" : basename(files.html);
  const make: Record<keyof Files, () => string> = {
    json: () => `${JSON.stringify(report, null, 1)}\n`,
    html: () => html(report),
    junit: () => junit(report),
    "autobahn-json": () => `${JSON.stringify(autobahnIndex(report, page), null, 2)}\n`,
  };
  for (const [kind, file] of Object.entries(files) as [keyof Files, string][]) {
    const text = make[kind]();
    writable(kind, file, () => writeFileSync(file, text));
  }
}
