// `conform`: reads the command line, judges, and tells.

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { autobahnIndex } from "./autobahn-index.ts";
import { type KnownFailure, readBaseline, stale } from "./baseline.ts";
import { allCases, type Case, groupOf } from "./cases/index.ts";
import { explain, list } from "./explain.ts";
import { html } from "./html.ts";
import { junit } from "./junit.ts";
import { type Files, help, type Request, type RunRequest, readArguments } from "./options.ts";
import { progressOn } from "./progress.ts";
import { Refusal } from "./refusal.ts";
import { caseReport, countedAs, type Report, thisMachine, thisTool } from "./results.ts";
import { caseOf, select } from "./select.ts";
import { summary } from "./summary.ts";
import { judgeTarget, type Target, targetAt } from "./target.ts";
import { painter, type Screen, widthOf } from "./text.ts";

/** What the command line runs in. */
export interface Surroundings {
  /** Servers that can be named in place of a URL. */
  targets?: readonly Target[];
  /** What the run says. Default: the process's own. */
  stdout?: Screen;
  /** How far it is, and what is wrong. */
  stderr?: Screen;
}

const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does what the command line asks for, and returns the exit code: 0 if nothing fails, 1 if something does, 2 if the
 * command line is wrong, 3 if a server could not be judged to the end, 130 if the run was stopped.
 */
export async function main(argv: readonly string[], surroundings: Surroundings = {}): Promise<number> {
  const { targets = [], stdout = process.stdout, stderr = process.stderr } = surroundings;
  try {
    return await act(readArguments(argv), { targets, stdout, stderr });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    stderr.write(`${error.message}\n`);
    return 2;
  }
}

async function act(request: Request, around: Required<Surroundings>): Promise<number> {
  const { targets, stdout } = around;
  if (request.do === "run") return run(request, around);
  const paint = painter(stdout);
  const width = widthOf(stdout);
  if (request.do === "help") stdout.write(`${help(targets.map(({ id }) => id))}\n`);
  if (request.do === "version") stdout.write(`${thisTool().version}\n`);
  if (request.do === "list") stdout.write(`${list(select(request.selection), paint, width)}\n`);
  if (request.do === "explain") {
    stdout.write(`${explain(caseOf(request.id), request.seed, paint, width)}\n`);
  }
  return 0;
}

async function run(
  request: RunRequest,
  { targets, stdout, stderr }: Required<Surroundings>,
): Promise<number> {
  const cases = select(request.selection);
  const judged = targetsOf(request, targets);
  const baseline = baselineOf(request);
  prepare(request.files);
  const stop = new AbortController();
  const interrupt = () => {
    // Who presses it twice does not want to wait for the server.
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  for (const signal of stopSignals) process.on(signal, interrupt);
  try {
    const report = await judgeAll(judged, { request, cases, baseline, stderr, signal: stop.signal });
    const gone = stale(report.targets, baseline);
    stdout.write(
      `\n${summary(report, gone, { paint: painter(stdout), width: widthOf(stdout), verbose: request.verbose })}`,
    );
    writeFiles(report, request.files);
    return stop.signal.aborted ? 130 : exitCode(report, gone.length > 0);
  } finally {
    for (const signal of stopSignals) process.off(signal, interrupt);
  }
}

interface Work {
  request: RunRequest;
  cases: readonly Case[];
  baseline: readonly KnownFailure[];
  stderr: Screen;
  signal: AbortSignal;
}

async function judgeAll(targets: readonly Target[], work: Work): Promise<Report> {
  const { request, cases, baseline, stderr, signal } = work;
  const { seed, jobs, deadlineMs, headers, insecure } = request;
  const report: Report = {
    format: 1,
    tool: thisTool(),
    date: new Date().toISOString(),
    machine: thisMachine(),
    seed,
    jobs,
    deadlineMs: Number.isFinite(deadlineMs) ? deadlineMs : null,
    complete: false,
    groups: [...new Set(cases.map(groupOf))].map(({ number, name, title }) => ({ number, name, title })),
    cases: cases.map(caseReport),
    targets: [],
  };
  const options = { seed, jobs, deadlineMs, headers, insecure };
  const progress = progressOn(stderr);
  // One after another: servers that share the machine would make each other late.
  for (const target of targets) {
    if (signal.aborted) break;
    report.targets.push(await judgeTarget(target, { cases, baseline, options, progress, signal }));
    progress.clear();
  }
  report.complete =
    report.targets.length === targets.length && report.targets.every(({ complete }) => complete);
  return report;
}

/** What the process ends with; `isStale`: whether the baseline has entries that do not fail. */
export function exitCode({ targets }: Pick<Report, "targets">, isStale: boolean): number {
  if (targets.some(({ error }) => error !== undefined)) return 3;
  const failing = targets.some(({ results }) => results.some((result) => countedAs(result) === "fail"));
  return failing || isStale ? 1 : 0;
}

function targetsOf({ names, all, start }: RunRequest, targets: readonly Target[]): readonly Target[] {
  if (all && targets.length === 0) {
    throw new Refusal("--all: there are no servers to start here; give the URLs of yours");
  }
  if (all) return targets;
  return names.map((name) => {
    const target = targets.find(({ id }) => id === name);
    if (target && start !== undefined)
      throw new Refusal(`--start: "${name}" starts itself; give a URL with it`);
    return target ?? urlTarget(name, start, targets);
  });
}

function urlTarget(name: string, start: string | undefined, targets: readonly Target[]): Target {
  try {
    return targetAt(name, start);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const known = targets.length > 0 ? `, or one of ${targets.map(({ id }) => id).join(", ")}` : "";
    throw new Refusal(`${error.message}${known}`);
  }
}

function baselineOf({ baseline }: RunRequest): KnownFailure[] {
  return baseline === undefined ? [] : readBaseline(baseline, new Set(allCases.map(({ id }) => id)));
}

// A run of a minute must not end with a folder that cannot be written to.
function prepare(files: Files): void {
  for (const [kind, file] of Object.entries(files) as [string, string][]) {
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, "", { flag: "a" });
    } catch (error) {
      throw new Refusal(`--${kind} ${file} cannot be written (${(error as NodeJS.ErrnoException).code})`);
    }
  }
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
    writeFileSync(file, make[kind]());
  }
}
