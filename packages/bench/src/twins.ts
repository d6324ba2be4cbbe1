// The same server twice: what two processes of it show is what the machine itself does to a comparison.

import type { Candidate } from "./candidates.ts";
import type { Slice } from "./job.ts";
import { doubtOf, type Pair, ratiosOf } from "./judge.ts";
import { ableIn } from "./measure.ts";
import type { Twins } from "./results.ts";
import { type Bench, type Method, Session } from "./session.ts";
import { estimate, type Noise, noiseOf } from "./statistics.ts";

// So many ratios at least, wherever anything is compared: one or two do not tell how far apart the next may be.
const fewestRatios = 4;

/**
 * Measures servers against themselves, in turns, and tells what it sees as it comes. What came of it is said for each
 * method: measures of a kind share their noise, so that it is not the chance of a single comparison.
 */
export async function noises(
  methods: readonly Method[],
  bench: Bench,
  tell: (twins: Twins) => void,
): Promise<ReadonlyMap<Method, Noise>> {
  const found = new Map<Method, Noise>();
  const kinds = Map.groupBy(
    methods.filter(({ pairs }) => pairs > 1),
    kindOf,
  );
  for (const alike of kinds.values()) {
    const noise = noiseOf(await ratiosBetweenTwins(alike, bench, tell));
    if (noise) for (const method of alike) found.set(method, noise);
  }
  return found;
}

// Whatever a busy server does in a second has the noise of busy servers; each cost has its own.
function kindOf({ needsBusyServer, scenario }: Method): string {
  return needsBusyServer ? "throughput" : scenario;
}

async function ratiosBetweenTwins(
  alike: readonly Method[],
  bench: Bench,
  tell: (twins: Twins) => void,
): Promise<number[]> {
  const turns = alike.flatMap((method) => Array<Method>(method.twins).fill(method));
  const ratios: number[] = [];
  for (let turn = 0; turn < turns.length || ratios.length < fewestRatios; turn++) {
    const method = turns[turn % turns.length];
    const twins = method && (await twinsIn(method, turn, bench));
    // With nobody in this one; in the next one perhaps, but not twice.
    if (!twins && turn + 1 >= turns.length) break;
    if (!twins) continue;
    const { scenario, title } = method;
    const each = ratiosOf(method, twins.pairs);
    const ratio = estimate(each);
    tell({ scenario, title, candidate: twins.candidate.id, ratio });
    // Where each pair is of two processes of its own, each tells what two processes show.
    ratios.push(...(method.freshEachTime ? each : [ratio.value]));
  }
  return ratios;
}

// Of the first candidate with whom it can be had; who comes first changes from turn to turn.
async function twinsIn(
  method: Method,
  turn: number,
  bench: Bench,
): Promise<{ candidate: Candidate; pairs: Pair[] } | undefined> {
  const able = ableIn(method, bench).filter(
    ({ id, kind }) => (kind === "app" || kind === "bare") && !bench.refused.has(id),
  );
  for (const [index] of able.entries()) {
    const candidate = able[(turn + index) % able.length] as Candidate;
    bench.tell(`${candidate.title} against itself: ${method.title}`);
    // Two processes that nobody had before: the same two again would say the same again.
    const session = new Session(method, { ...bench, pool: undefined });
    try {
      const pairs = await session.attempt(
        session.side(candidate),
        session.side(candidate, "twin"),
        [],
        method.pairs,
      );
      if (!(pairs instanceof Error) && !doubtOf(method, slicesOf(pairs))) return { candidate, pairs };
    } finally {
      await session.end();
    }
  }
  return undefined;
}

function slicesOf(pairs: readonly Pair[]): Slice[] {
  return pairs.flatMap(([measured, control]) => (control ? [measured, control] : [measured]));
}
