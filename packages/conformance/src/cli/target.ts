// Servers and clients to judge, and how to judge one of them.

import { isCompressed } from "../cases/index.ts";
import type { Case } from "../model/case.ts";
import type { Result } from "../model/result.ts";
import { type KnownFailure, mark } from "../report/baseline.ts";
import type { Progress } from "../report/progress.ts";
import { count, resultReport, type TargetReport } from "../report/report.ts";
import { ClientGone, runClient } from "../run/client-run.ts";
import { NoEcho } from "../run/lifeline.ts";
import { type ServerCommand, ServerProcess, ServerStartError } from "../run/server-process.ts";
import { type RunOptions, runConformance } from "../run/server-run.ts";
import { ServerGone } from "../run/server-watch.ts";
import { addressOf, HandshakeError } from "../wire/handshake.ts";
import { ConnectError } from "../wire/tcp.ts";

/** A server or a client to judge. */
export interface Target {
  /** One word, used on the command line and as the head of a column. */
  id: string;
  title: string;
  /** The versions it consists of. */
  versions?: Record<string, string>;
  /** Limits that are raised for the run, by environment variable. The reports name them. */
  policy?: Record<string, string>;
  /** Its known failures, each with its reason. */
  known?: readonly KnownFailure[];
  /** Where it is judged. There are several if compression has to be switched on. */
  setups: readonly (Setup | ClientSetup)[];
}

/** A running server. */
export interface Setup {
  url: string;
  /** How it is started. Default: it runs already. */
  command?: ServerCommand;
  /** True for only the cases with compression, false for only those without. Default: all. */
  compressed?: boolean;
}

/** A client as it is started. */
export interface ClientSetup {
  client: string | ServerCommand;
}

/** Everything that judging a peer takes. */
export interface JudgingContext {
  cases: readonly Case[];
  baseline: readonly KnownFailure[];
  options: RunOptions;
  progress: Progress;
  signal: AbortSignal;
}

/** Returns a server that somebody runs, or that a command starts. */
export function targetAt(url: string, start?: string): Target {
  addressOf(url);
  const { host, pathname, search } = new URL(url);
  const id = `${host}${pathname === "/" ? "" : pathname}${search}`;
  return { id, title: id, setups: [start === undefined ? { url } : { url, command: { run: start } }] };
}

/** Returns a client by its name, or by the command that drives it. */
export function clientTarget(name: string, command?: ServerCommand): Target {
  return { id: name, title: name, setups: [{ client: command ?? name }] };
}

/** Judges a server or a client. If something keeps it from being judged, the report says so. */
export async function judgeTarget(target: Target, context: JudgingContext): Promise<TargetReport> {
  const { cases, baseline, progress, signal } = context;
  const { id, title, versions = {}, policy = {}, known = [], setups } = target;
  const began = performance.now();
  const report: TargetReport = {
    id,
    title,
    url: urlOf(setups[0]),
    versions,
    policy,
    ms: 0,
    complete: false,
    counts: count([]),
    results: [],
  };
  progress.begin(id, cases);
  try {
    for (const setup of setups) {
      for await (const result of judged(setup, context)) {
        const found = mark(resultReport(result), target, [...baseline, ...known]);
        report.results.push(found);
        progress.result(found);
      }
    }
    report.complete = true;
  } catch (error) {
    if (!signal.aborted) report.error = explain(error);
  }
  report.ms = Math.round(performance.now() - began);
  report.results = inOrder(report.results, cases);
  report.counts = count(report.results);
  return report;
}

function urlOf(setup: Setup | ClientSetup | undefined): string {
  return setup && "url" in setup ? setup.url : "";
}

async function* judged(setup: Setup | ClientSetup, context: JudgingContext): AsyncGenerator<Result> {
  const { cases, options, signal } = context;
  if ("url" in setup) return yield* judgedServer(setup, context);
  const { client } = setup;
  yield* untilAborted(runClient({ ...options, client, cases, signal }), signal);
}

async function* judgedServer(
  setup: Setup,
  { cases, options, progress, signal }: JudgingContext,
): AsyncGenerator<Result> {
  const { url, command, compressed } = setup;
  const own = cases.filter((each) => compressed === undefined || compressed === isCompressed(each));
  if (own.length === 0) return;
  const waiting = (ms: number) =>
    progress.waiting(`waiting for ${new URL(url).host} … ${Math.round(ms / 1000)} s`);
  const server = command && (await ServerProcess.start(command, url, { waiting, signal }));
  try {
    const revive = server && { revive: () => server.revive(), exited: () => server.exit };
    yield* untilAborted(runConformance(url, { ...options, cases: own, signal, ...revive }), signal);
  } finally {
    await server?.stop();
  }
}

// After Ctrl-C nobody should have to wait for a case that waits for its deadline.
async function* untilAborted<T>(items: AsyncGenerator<T>, signal: AbortSignal): AsyncGenerator<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => {});
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    for (;;) {
      const next = items.next();
      next.catch(() => {});
      const { done, value } = await Promise.race([next, aborted]);
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", abort);
    // The generator stops what it has started as soon as the case that it waits for is over.
    items.return(undefined).catch(() => {});
  }
}

function explain(error: unknown): string {
  const known = [ClientGone, ConnectError, HandshakeError, NoEcho, ServerStartError, ServerGone];
  if (error instanceof Error && known.some((kind) => error instanceof kind)) return error.message;
  throw error;
}

function inOrder(results: TargetReport["results"], cases: readonly Case[]): TargetReport["results"] {
  const place = new Map(cases.map(({ id }, index) => [id, index]));
  return results.toSorted((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
}
