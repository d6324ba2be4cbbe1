// The outcome of a run: the content of results/bench.json.

import type { Stalled } from "./generator-job.ts";
import type { Machine } from "./machine.ts";
import type { Decision, Estimate, Noise } from "./statistics.ts";

/** One run. */
export interface BenchResults {
  date: string;
  commit: string;
  quick: boolean;
  /** False if the run was ended before everything was measured. */
  complete: boolean;
  machine: Machine;
  /**
   * The part of the cores' time that a hypervisor gave to others during the run. Nothing if the system does not
   * say.
   */
  stolen?: number;
  /** The version of each runtime and library that was measured. */
  versions: Record<string, string>;
  /** The environment of the servers. Limits are policy, and are raised so high that none is reached. */
  settings: Record<string, string>;
  candidates: readonly { id: string; title: string; kind: string; control?: string }[];
  /** The same server twice, which shows how the machine itself affects a comparison. */
  selfComparisons: SelfComparison[];
  /** An interrupted run has fewer rounds than were wanted, and fewer pairs for each candidate. */
  rounds?: { done: number; wanted: number };
  measures: Measure[];
}

/** Two processes of the same server in one measure. */
export interface SelfComparison {
  scenario: string;
  /** The title of the measure. */
  title: string;
  candidate: string;
  ratio: Estimate;
}

/** One thing, measured in one way for every candidate. */
export interface Measure {
  scenario: string;
  /** `64 bytes, 16 messages under way on each of 100 connections`. */
  title: string;
  unit: string;
  /** Which way is better. */
  better: "more" | "less";
  /** The wording for a ratio, with placeholders `{ratio}` and `{control}`. */
  phrase: string;
  /** Environment variables of the servers in addition to the settings of the run. */
  settings?: Record<string, string>;
  /** How far apart equal servers are in measures of this kind. Nothing if no servers are compared. */
  noise?: Noise;
  /** A smaller factor is not decided, because another run may show another. */
  leastFactor: number;
  rows: ResultRow[];
}

/** The rate of a schedule, and how long answers took in the median slice after each message was due, in µs. */
export interface Schedule {
  /** Messages per second. */
  rate: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  /** The latest answer of all slices. */
  max: number;
}

/** One candidate in one measure. */
export interface ResultRow {
  candidate: string;
  /**
   * `measured`: there is a figure. `generator-bound`: the server was not busy, so the figure would be the
   * generator's. `disturbed`: other programs worked on the cores. `refused`: the server lost, reordered or changed
   * messages, did not bear the load, or ended. `unknown`: the system does not report the figure.
   */
  verdict: "measured" | "generator-bound" | "disturbed" | "refused" | "unknown";
  /** Why the candidate was not measured, or not compared. */
  why?: string;
  figure?: Estimate;
  /** The part of its core that was in use, including the kernel's work for its sockets; the median of all slices. */
  serverBusy?: number;
  /** The part of its core that others had. */
  serverTaken?: number;
  generatorBusy?: number;
  generatorTaken?: number;
  /** The outcome of the slow consumer. */
  stalled?: Stalled;
  /** For messages on a schedule: the median of all slices. */
  schedule?: Schedule;
  /** The comparison with the control, by its id. `why` says why it is undecided. */
  ratio?: Estimate & { control: string; decision: Decision; why?: string };
}

/** Returns a candidate's title by its id. */
export function titlesIn(candidates: BenchResults["candidates"]): (id: string) => string {
  return (id) => candidates.find((each) => each.id === id)?.title ?? id;
}
