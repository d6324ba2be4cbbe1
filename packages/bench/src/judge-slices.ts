// Turns the slices of a candidate into a figure, a comparison, or the reason why there is none. Pure.

import type { Slice } from "./generator-job.ts";
import type { ResultRow, Schedule } from "./results.ts";
import { bandOf, decide, estimate, median, type Noise } from "./statistics.ts";

/** If less than this part of its core was in use, the server was not what limited the throughput. */
const busyEnough = 0.95;
/** If less than this part of what was due was done, the rate was not held. */
const heldEnough = 0.95;
/** With fewer pairs, not even the two extremes hold the median between them with 94 % confidence. */
export const fewestPairs = 5;
/** Fewer slices than this do not show whether something other than the server is the limit. */
const fewestSlices = 4;
/** If others had more than this part of a core, the slice says nothing about the server. */
const undisturbed = 0.1;

/** The results of one pair: the candidate and, if it has one, its control. */
export type SlicePair = readonly [measured: Slice, control?: Slice];

/** How slices become a figure. */
export interface Figure {
  figure: (slice: Slice) => number;
  /** A smaller factor is never decided, whatever one run shows, because the next run may show another. */
  leastFactor: number;
  /** True if the figure is the server's own only when the server was busy all the time. */
  needsBusyServer: boolean;
}

/** What a candidate is compared with, and how far apart equal servers are. */
export interface ComparisonBasis {
  /** The id of the control. */
  control: string;
  noise: Noise | undefined;
  /**
   * How many pairs a complete run has. An interrupted run has fewer, all from one moment, and decides nothing by
   * them.
   */
  wanted: number;
}

/** Why a figure is not the server's own. */
export type Objection = { verdict: Exclude<ResultRow["verdict"], "measured">; why: string };

/** Judges one candidate in one measure. */
export function judge(
  method: Figure,
  candidate: string,
  pairs: readonly SlicePair[],
  against?: ComparisonBasis,
): ResultRow {
  const slices = pairs.map(([slice]) => slice);
  const stalled = slices.at(-1)?.stalled;
  const schedule = scheduleOf(slices);
  const row = {
    ...{ candidate, ...busyness(slices), figure: estimate(slices.map(method.figure)) },
    ...(stalled && { stalled }),
    ...(schedule && { schedule }),
  };
  const objection = objectionTo(method, slices);
  if (objection) return { ...row, ...objection };
  if (!against || pairs.length < 2) return { ...row, verdict: "measured" };
  return { ...row, verdict: "measured", ratio: compare(method, pairs, against) };
}

/** Returns the ratio of each pair. Whatever disturbs the machine for longer than a pair cancels out. */
export function ratiosOf({ figure }: Figure, pairs: readonly SlicePair[]): number[] {
  return pairs.flatMap(([measured, control]) => (control ? figure(measured) / figure(control) : []));
}

/**
 * Returns whether more slices would be useless, because in half of the `wanted` ones something other than the
 * server was the limit. That is more than one round, whose moment could be a bad one.
 */
export function isHopeless(method: Figure, slices: readonly Slice[], wanted: number): boolean {
  if (slices.length < Math.max(fewestSlices, wanted / 2)) return false;
  return objectionTo(method, slices)?.verdict === "generator-bound";
}

/** Returns whether others were at work on a core that counts. */
export function isDisturbed(method: Figure, pair: SlicePair): boolean {
  return pair.some((slice) => slice && disturbanceOf([slice], isLimit(method, [slice])) !== undefined);
}

// What a schedule showed: the values of the median slice, except for the latest answer, which is that of all
// slices.
function scheduleOf(slices: readonly Slice[]): Schedule | undefined {
  const latencies = slices.flatMap(({ latency }) => latency ?? []);
  if (latencies.length === 0) return undefined;
  const middle = (of: keyof (typeof latencies)[number]) => median(latencies.map((each) => each[of]));
  return {
    rate: median(slices.map(({ due = 0, ms }) => (due / ms) * 1_000)),
    ...{ p50: middle("p50"), p90: middle("p90"), p99: middle("p99"), p999: middle("p999") },
    max: Math.max(...latencies.map(({ max }) => max)),
  };
}

function compare(
  method: Figure,
  pairs: readonly SlicePair[],
  { control, noise, wanted }: ComparisonBasis,
): NonNullable<ResultRow["ratio"]> {
  const ratios = ratiosOf(method, pairs);
  const compared = { ...estimate(ratios), control };
  const undecided = (why: string) => ({ ...compared, decision: "undecided" as const, why });
  const objection = objectionTo(
    method,
    pairs.flatMap(([, slice]) => slice ?? []),
  );
  if (objection) return undecided(`the control was ${objection.verdict}: ${objection.why}`);
  if (ratios.length < Math.max(fewestPairs, wanted)) {
    return undecided(`${ratios.length} of ${Math.max(fewestPairs, wanted)} pairs are too few for a decision`);
  }
  if (!noise) return undecided("this run did not compare equal servers");
  if (decide(compared, noise) === "undecided") return undecided("equal servers differ as much");
  const { leastFactor } = method;
  const decision = decide(compared, bandOf(noise, leastFactor));
  if (decision === "undecided") return undecided(`another run may differ by ${leastFactor} ×`);
  return { ...compared, decision };
}

/** Returns what keeps a figure from being the server's own, or nothing. */
export function objectionTo(method: Figure, slices: readonly Slice[]): Objection | undefined {
  if (slices.some((slice) => !Number.isFinite(method.figure(slice)))) {
    return { verdict: "unknown", why: "this system does not report it" };
  }
  const late = lateness(slices);
  const isScheduled = slices.some(({ due }) => due !== undefined);
  if (late || !(method.needsBusyServer || isScheduled)) return late;
  const disturbance = disturbanceOf(slices, isLimit(method, slices));
  // Other programs make a core busy, too.
  if (disturbance || isScheduled || isLimit(method, slices)) return disturbance;
  const { serverBusy, generatorBusy } = busyness(slices);
  const server = percent(serverBusy);
  if (generatorBusy >= busyEnough) {
    const why = `the generator's core was full, while the server used ${server} of its own: the server could have done more`;
    return { verdict: "generator-bound", why };
  }
  const why = `the server used ${server} of its core and the generator ${percent(generatorBusy)}: neither core was full`;
  return { verdict: "generator-bound", why };
}

// Whether the server was what limited its throughput. NaN means that the system does not report it, so nobody can
// say.
function isLimit({ needsBusyServer }: Figure, slices: readonly Slice[]): boolean {
  return needsBusyServer && busyness(slices).serverBusy >= busyEnough;
}

// If others had part of either core, the slice says nothing about server and generator. The exception is a server
// that is the limit itself: it would do no more if the generator had all of its core.
function disturbanceOf(slices: readonly Slice[], isServerTheLimit = false): Objection | undefined {
  const { serverTaken, generatorTaken } = busyness(slices);
  if (!(serverTaken + (isServerTheLimit ? 0 : generatorTaken) > undisturbed)) return undefined;
  const parts = `${percent(serverTaken)} of the server's core and ${percent(generatorTaken)} of the generator's`;
  return { verdict: "disturbed", why: `other programs used ${parts}` };
}

/**
 * Objects if messages that were due on a schedule were not sent or not answered. Returns nothing if all of them were.
 */
export function lateness(slices: readonly Slice[]): Objection | undefined {
  if (isHeld(slices)) return undefined;
  // Over all slices, those in which nobody was in the way would hide who was at work in the late ones.
  const disturbance = disturbanceOf(slices.filter((slice) => !isHeld([slice])));
  if (disturbance) return disturbance;
  const { sent, answered } = partsDone(slices);
  const why = `${percent(sent)} of the scheduled messages were sent, ${percent(answered)} were answered`;
  return { verdict: sent < heldEnough ? "generator-bound" : "refused", why };
}

function isHeld(slices: readonly Slice[]): boolean {
  const { sent, answered } = partsDone(slices);
  // Without a schedule nothing was due, and both are NaN.
  return !(sent < heldEnough || answered < heldEnough);
}

// The parts of what was due that were sent and answered.
function partsDone(slices: readonly Slice[]): { sent: number; answered: number } {
  const due = sum(slices, ({ due }) => due);
  return { sent: sum(slices, ({ sent }) => sent) / due, answered: sum(slices, ({ count }) => count) / due };
}

type Busyness = Pick<Slice, "serverBusy" | "serverTaken" | "generatorBusy" | "generatorTaken">;

// Taken over all slices together, because the system counts in ticks of 10 ms, a twelfth of a short slice.
function busyness(slices: readonly Slice[]): Busyness {
  const time = sum(slices, ({ ms }) => ms);
  const part = (of: keyof Busyness) => sum(slices, (slice) => slice[of] * slice.ms) / time;
  return {
    serverBusy: part("serverBusy"),
    serverTaken: part("serverTaken"),
    generatorBusy: part("generatorBusy"),
    generatorTaken: part("generatorTaken"),
  };
}

function sum(slices: readonly Slice[], part: (slice: Slice) => number | undefined): number {
  return slices.reduce((total, slice) => total + (part(slice) ?? 0), 0);
}

function percent(part: number): string {
  // Rounded down, so that a value below a threshold does not look like the threshold.
  return Number.isFinite(part) ? `${Math.floor(part * 100)} %` : "an unknown part";
}
