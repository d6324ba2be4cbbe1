// What a run came to: the content of results/bench.json.

import type { Stalled } from "./job.ts";
import type { Machine } from "./machine.ts";
import type { Decision, Estimate, Noise } from "./statistics.ts";

/** One run. */
export interface BenchResults {
  date: string;
  commit: string;
  quick: boolean;
  /** False if it was ended before everything was measured. */
  complete: boolean;
  machine: Machine;
  /** The part of the cores' time that a hypervisor gave to others meanwhile; nothing where the system does not tell. */
  stolen?: number;
  /** Of each runtime and library that was measured. */
  versions: Record<string, string>;
  /** What the servers' environment said: limits are policy, and raised so that none is reached. */
  settings: Record<string, string>;
  candidates: readonly { id: string; title: string; kind: string; control?: string }[];
  /** The same server twice: what the machine itself does to a comparison. */
  twins: Twins[];
  /** An interrupted run has fewer rounds than were wanted, and fewer pairs of everybody. */
  rounds?: { done: number; wanted: number };
  measures: Measure[];
}

/** Two processes of the same server in one measure. */
export interface Twins {
  scenario: string;
  /** Of the measure. */
  title: string;
  candidate: string;
  ratio: Estimate;
}

/** One thing measured of every candidate, in one way. */
export interface Measure {
  scenario: string;
  /** `64 bytes, 16 messages under way on each of 100 connections`. */
  title: string;
  unit: string;
  /** Which way is better. */
  better: "more" | "less";
  /** What a ratio says, with `{ratio}` and `{control}` to be filled in. */
  phrase: string;
  /** What the servers' environment said beside the settings of the run. */
  settings?: Record<string, string>;
  /** How far apart equal servers are in measures of this kind. Nothing where nobody is compared. */
  noise?: Noise;
  /** A smaller factor is not decided: another run may show another. */
  leastFactor: number;
  rows: Row[];
}

/** What was sent on a schedule, and how long answers took in the median slice from when each was due, in µs. */
export interface Schedule {
  /** Messages per second. */
  rate: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  /** The latest of all slices. */
  max: number;
}

/** One candidate in one measure. */
export interface Row {
  candidate: string;
  /**
   * `measured`; `generator-bound`: the server was not busy, so that the figure would be the generator's; `disturbed`:
   * others worked on the cores; `refused`: it lost, reordered or changed messages, did not bear the load, or ended;
   * `unknown`: the system does not tell.
   */
  verdict: "measured" | "generator-bound" | "disturbed" | "refused" | "unknown";
  /** Why it was not measured, or not compared. */
  why?: string;
  figure?: Estimate;
  /** The part of its core that was in use, what the kernel did for its sockets included; the median of all slices. */
  serverBusy?: number;
  /** The part of its core that others had. */
  serverTaken?: number;
  generatorBusy?: number;
  generatorTaken?: number;
  /** Of the slow consumer. */
  stalled?: Stalled;
  /** Where messages had a schedule: the median of all slices. */
  schedule?: Schedule;
  /** Beside its control, of which this is the id; `why` it is undecided. */
  ratio?: Estimate & { control: string; decision: Decision; why?: string };
}

/** Says a candidate's title by its id. */
export function titlesIn(candidates: BenchResults["candidates"]): (id: string) => string {
  return (id) => candidates.find((each) => each.id === id)?.title ?? id;
}
