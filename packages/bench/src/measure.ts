// Measures in pairs: a server and its control, one right after the other, first one first and then the other.

import type { Candidate } from "./candidates.ts";
import type { Generator } from "./generator.ts";
import type { Job, Peer, Slice } from "./job.ts";
import type { Measure, Row } from "./results.ts";
import type { MeasuredServer } from "./server.ts";
import { decide, type Estimate, estimate, median, ratio } from "./statistics.ts";

/** Below this part of a core a server was not what limited the throughput. */
const busyEnough = 0.95;

/** How something is measured. */
export interface Method {
  scenario: string;
  title: string;
  unit: string;
  better: Measure["better"];
  job: (peer: Peer) => Job;
  /** The figure that a slice gives. */
  figure: (slice: Slice) => number;
  /** True if the figure is the server's own only where the server was busy all the time. */
  needsBusyServer: boolean;
  pairs: number;
  /** Whom it can be measured of. */
  suits?: (candidate: Candidate) => boolean;
}

/** The servers that run, by the id of their candidate. */
export type Servers = ReadonlyMap<string, MeasuredServer>;

/** Measures everybody; `noise` is the same server twice. */
export async function measure(
  method: Method,
  generator: Generator,
  servers: Servers,
  twins: readonly [MeasuredServer, MeasuredServer],
  tell: (what: string) => void,
): Promise<Measure> {
  const { scenario, title, unit, better, suits = () => true } = method;
  tell("the same server twice");
  const noise = ratio(figuresOf(method, await inPairs(method, generator, twins[0], twins[1])));
  const rows: Row[] = [];
  for (const server of servers.values()) {
    if (!suits(server.candidate)) continue;
    tell(server.candidate.title);
    rows.push(await measureOne(method, generator, server, servers, noise));
  }
  return { scenario, title, unit, better, noise, rows };
}

async function measureOne(
  method: Method,
  generator: Generator,
  server: MeasuredServer,
  servers: Servers,
  noise: Estimate,
): Promise<Row> {
  const { id, control: controlId } = server.candidate;
  const control = servers.get(controlId ?? "") ?? server;
  try {
    const pairs = await inPairs(method, generator, server, control);
    const slices = pairs.map(([slice]) => slice);
    const serverBusy = median(slices.map((slice) => slice.serverBusy));
    const generatorBusy = median(slices.map((slice) => slice.generatorBusy));
    const row = { candidate: id, serverBusy, generatorBusy, figure: estimate(slices.map(method.figure)) };
    if (method.needsBusyServer && serverBusy < busyEnough) {
      const why = `the server used ${Math.round(serverBusy * 100)} % of its core: it could have done more`;
      return { ...row, verdict: "generator-bound", why };
    }
    if (control === server) return { ...row, verdict: "measured" };
    const compared = ratio(figuresOf(method, pairs));
    const decision = decide(compared, noise);
    return { ...row, verdict: "measured", ratio: { ...compared, control: control.candidate.id, decision } };
  } catch (error) {
    return { candidate: id, verdict: "refused", why: (error as Error).message };
  }
}

// Every other pair the other way round, so that whoever comes second has no advantage of it.
async function inPairs(
  { job, pairs }: Method,
  generator: Generator,
  server: MeasuredServer,
  control: MeasuredServer,
): Promise<[measured: Slice, control: Slice][]> {
  const results: [Slice, Slice][] = [];
  for (let index = 0; index < pairs; index++) {
    const order = index % 2 === 0 ? [server, control] : [control, server];
    const slices = new Map<MeasuredServer, Slice>();
    for (const each of order) if (!slices.has(each)) slices.set(each, await generator.run(job(each.peer)));
    results.push([slices.get(server), slices.get(control)] as [Slice, Slice]);
  }
  return results;
}

function figuresOf({ figure }: Method, pairs: readonly (readonly [Slice, Slice])[]): [number, number][] {
  return pairs.map(([measured, control]) => [figure(measured), figure(control)]);
}
