// The same server twice: how two of its processes differ shows what the machine itself does to a comparison.

import type { Candidate } from "./candidates.ts";
import type { Slice } from "./generator-job.ts";
import { objectionTo, ratiosOf, type SlicePair } from "./judge-slices.ts";
import { ableIn } from "./measure.ts";
import { type Bench, type Method, MethodSession } from "./method-session.ts";
import type { SelfComparison } from "./results.ts";
import { estimate, type Noise, noiseOf } from "./statistics.ts";

// At least this many ratios wherever servers are compared: one or two do not show how far apart the next may be.
const fewestRatios = 4;

/**
 * Measures servers against themselves, in turns, and prints each result as it comes. Results are pooled by kind of
 * measure, because measures of a kind share their noise, and a single comparison would be chance.
 */
export async function noises(
  methods: readonly Method[],
  bench: Bench,
  tell: (comparison: SelfComparison) => void,
): Promise<ReadonlyMap<Method, Noise>> {
  const found = new Map<Method, Noise>();
  const kinds = Map.groupBy(
    methods.filter(({ pairs }) => pairs > 1),
    kindOf,
  );
  for (const alike of kinds.values()) {
    const noise = noiseOf(await ratiosToThemselves(alike, bench, tell));
    if (noise) for (const method of alike) found.set(method, noise);
  }
  return found;
}

// All throughputs share the noise of busy servers, and each cost has its own.
function kindOf({ needsBusyServer, scenario }: Method): string {
  return needsBusyServer ? "throughput" : scenario;
}

async function ratiosToThemselves(
  alike: readonly Method[],
  bench: Bench,
  tell: (comparison: SelfComparison) => void,
): Promise<number[]> {
  const turns = alike.flatMap((method) => Array<Method>(method.selfComparisons).fill(method));
  const ratios: number[] = [];
  for (let turn = 0; turn < turns.length || ratios.length < fewestRatios; turn++) {
    const method = turns[turn % turns.length];
    const found = method && (await compareWithItself(method, turn, bench));
    // No server could be paired this turn. The next turn may work, but no turn is tried twice in vain.
    if (!found && turn + 1 >= turns.length) break;
    if (!found) continue;
    const { scenario, title } = method;
    const each = ratiosOf(method, found.pairs);
    const ratio = estimate(each);
    tell({ scenario, title, candidate: found.candidate.id, ratio });
    // If each pair consists of two new processes, each pair adds a comparison of processes.
    ratios.push(...(method.freshEachTime ? each : [ratio.value]));
  }
  return ratios;
}

// Uses the first candidate that supports it. The order of candidates changes from turn to turn.
async function compareWithItself(
  method: Method,
  turn: number,
  bench: Bench,
): Promise<{ candidate: Candidate; pairs: SlicePair[] } | undefined> {
  const able = ableIn(method, bench).filter(
    ({ id, kind }) => (kind === "app" || kind === "bare") && !bench.refused.has(id),
  );
  for (const [index] of able.entries()) {
    const candidate = able[(turn + index) % able.length] as Candidate;
    bench.tell(`${candidate.title} against itself: ${method.title}`);
    // Two processes that have not been used before: the same two would only repeat their result.
    const session = new MethodSession(method, { ...bench, pool: undefined });
    try {
      const pairs = await session.attempt(
        session.subject(candidate),
        session.subject(candidate, "second"),
        [],
        method.pairs,
      );
      if (!(pairs instanceof Error) && !objectionTo(method, slicesOf(pairs))) return { candidate, pairs };
    } finally {
      await session.end();
    }
  }
  return undefined;
}

function slicesOf(pairs: readonly SlicePair[]): Slice[] {
  return pairs.flatMap(([measured, control]) => (control ? [measured, control] : [measured]));
}
