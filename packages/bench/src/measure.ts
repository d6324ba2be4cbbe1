// Measures in pairs: a server and its control, one right after the other, in turns.

import type { Candidate } from "./candidates.ts";
import type { Generator } from "./generator.ts";
import type { Job, Peer, Slice } from "./job.ts";
import type { Measure, Row } from "./results.ts";
import { MeasuredServer } from "./server.ts";
import { decide, type Estimate, estimate, median, ratio } from "./statistics.ts";

/** Below this part of a core a server was not what limited the throughput. */
const busyEnough = 0.95;

/** How something is measured. */
export interface Method {
  scenario: string;
  title: string;
  unit: string;
  better: Measure["better"];
  /** Nothing if the candidate cannot do it. */
  job: (candidate: Candidate, peer: Peer) => Job | undefined;
  /** What the candidate is compared with, if not with its control doing the same: itself, doing something else. */
  controlJob?: (candidate: Candidate, peer: Peer) => Job;
  /** The figure that a slice gives. */
  figure: (slice: Slice) => number;
  /** True if the figure is the server's own only where the server was busy all the time. */
  needsBusyServer: boolean;
  /** True if what a server did before would change the figure: each slice has a process of its own. */
  freshEachTime?: boolean;
  /** For the servers. */
  env?: Record<string, string>;
  pairs: number;
}

/** What measuring needs. */
export interface Bench {
  generator: Generator;
  candidates: readonly Candidate[];
  /** Every candidate, also those that are controls only. */
  everybody: readonly Candidate[];
  core: number | undefined;
  tell: (what: string) => void;
  signal: AbortSignal;
}

/** Measures everybody; the noise is that of the first candidate measured against another process of its own. */
export async function measure(method: Method, bench: Bench): Promise<Measure> {
  const { scenario, title, unit, better } = method;
  const able = bench.candidates.filter((each) => method.job(each, nowhere) !== undefined);
  const [first] = able;
  const noise = first && method.pairs > 1 ? await noiseOf(method, bench, first) : undefined;
  const rows: Row[] = [];
  for (const candidate of able) {
    bench.signal.throwIfAborted();
    bench.tell(candidate.title);
    rows.push(await measureOne(method, bench, candidate, noise));
  }
  return { scenario, title, unit, better, ...(noise && { noise }), rows };
}

// To ask what a candidate can do, before it runs.
const nowhere: Peer = { host: "", port: 0, pid: 0, path: "" };

async function noiseOf(method: Method, bench: Bench, candidate: Candidate): Promise<Estimate> {
  bench.tell(`${candidate.title}, against itself`);
  const sides = [side(method.job, candidate), side(method.job, candidate)] as const;
  return ratio(figuresOf(method, await inPairs(method, bench, sides)));
}

async function measureOne(
  method: Method,
  bench: Bench,
  candidate: Candidate,
  noise: Estimate | undefined,
): Promise<Row> {
  const own = side(method.job, candidate);
  const control = controlOf(method, bench, candidate);
  try {
    const pairs = await inPairs(method, bench, control ? [own, control] : [own]);
    return rowOf(method, candidate, pairs, noise, control?.name);
  } catch (error) {
    bench.signal.throwIfAborted();
    return { candidate: candidate.id, verdict: "refused", why: (error as Error).message };
  }
}

function rowOf(
  method: Method,
  { id }: Candidate,
  pairs: readonly (readonly Slice[])[],
  noise: Estimate | undefined,
  control: string | undefined,
): Row {
  const slices = pairs.flatMap(([slice]) => slice ?? []);
  const serverBusy = median(slices.map((slice) => slice.serverBusy));
  const generatorBusy = median(slices.map((slice) => slice.generatorBusy));
  const stalled = slices.at(-1)?.stalled;
  const row = {
    ...{ candidate: id, serverBusy, generatorBusy, figure: estimate(slices.map(method.figure)) },
    ...(stalled && { stalled }),
  };
  if (method.needsBusyServer && serverBusy < busyEnough) {
    const why = `the server used ${Math.round(serverBusy * 100)} % of its core: it could have done more`;
    return { ...row, verdict: "generator-bound", why };
  }
  if (control === undefined || !noise) return { ...row, verdict: "measured" };
  const compared = ratio(figuresOf(method, pairs));
  const decision = decide(compared, noise);
  return { ...row, verdict: "measured", ratio: { ...compared, control, decision } };
}

interface Side {
  candidate: Candidate;
  name: string;
  job: (peer: Peer) => Job;
}

function side(job: Method["job"], candidate: Candidate, name = candidate.id): Side {
  return {
    candidate,
    name,
    job: (peer) => {
      const made = job(candidate, peer);
      if (made) return made;
      throw new Error(`${candidate.id} cannot do this`);
    },
  };
}

function controlOf(method: Method, { everybody }: Bench, candidate: Candidate): Side | undefined {
  if (method.controlJob) return side(method.controlJob, candidate, "its own echo of bytes");
  const control = everybody.find(({ id }) => id === candidate.control);
  return control && method.job(control, nowhere) ? side(method.job, control) : undefined;
}

// Every other pair the other way round, so that whoever comes second has no advantage of it.
async function inPairs(method: Method, bench: Bench, sides: readonly Side[]): Promise<Slice[][]> {
  const servers = method.freshEachTime ? undefined : await startAll(method, bench, sides);
  try {
    const results: Slice[][] = [];
    for (let pair = 0; pair < method.pairs; pair++) {
      const slices: Slice[] = [];
      const order = [...sides.keys()];
      for (const index of pair % 2 === 0 ? order : order.toReversed()) {
        bench.signal.throwIfAborted();
        slices[index] = await slice(method, bench, sides[index] as Side, servers?.[index]);
      }
      results.push(slices);
    }
    return results;
  } finally {
    await Promise.all((servers ?? []).map((server) => server.stop()));
  }
}

async function slice(method: Method, bench: Bench, side: Side, running?: MeasuredServer): Promise<Slice> {
  const server = running ?? (await MeasuredServer.start(side.candidate, bench.core, method.env));
  try {
    return await bench.generator.run(side.job(server.peer));
  } finally {
    if (!running) await server.stop();
  }
}

async function startAll(method: Method, { core }: Bench, sides: readonly Side[]): Promise<MeasuredServer[]> {
  const servers: MeasuredServer[] = [];
  try {
    for (const { candidate } of sides) servers.push(await MeasuredServer.start(candidate, core, method.env));
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop()));
    throw error;
  }
}

function figuresOf({ figure }: Method, pairs: readonly (readonly Slice[])[]): [number, number][] {
  return pairs.map(
    ([measured, control]) =>
      [measured, control].map((each) => (each ? figure(each) : Number.NaN)) as [number, number],
  );
}
