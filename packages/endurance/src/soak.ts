import type { Client } from "@rosetta/client";
import type { Manifest } from "@rosetta/manifest";
import { type Holding, holdingOf, metric, Ports, Raw, Server } from "@rosetta/testkit";
import { Crowd, pause } from "./crowd.ts";
import { type HistoryVerdict, isKept } from "./history.ts";
import { hostiles } from "./hostile-peers.ts";
import { percentile, slopeOf } from "./samples.ts";

/** The honest clients. */
const authors = 4;
const readers = 8;
const perSecond = 10;
/** Hostile peers of each kind. */
const ofEachKind = 3;
const sampleMs = 1_000;
/** MiB that a server may hold after the load beyond what it held before: a runtime does not shrink its heap at once. */
const allowedMemory = 200;

/** How a server did under load. */
export interface SoakReport {
  verdict: HistoryVerdict;
  before: Holding;
  peak: Holding;
  /** After the hostile peers have left and the server has closed their connections. */
  after: Holding;
  /** MiB a minute, over the second half of the load. */
  slope: number;
  /** Round trips of an honest client in ms, before the hostile peers came and among them. */
  quiet: number[];
  loaded: number[];
  /** Connections that the server still counts when only the honest ones are left. */
  leftOver: number;
}

/** Returns whether the server kept its promises and gave back what it took. */
export function isSound({ verdict, before, after, leftOver }: SoakReport): boolean {
  const isGivenBack =
    leftOver === 0 &&
    after.descriptors <= before.descriptors + 10 &&
    after.memory <= before.memory + allowedMemory;
  return isKept(verdict) && isGivenBack;
}

/** Runs a server with honest clients and, for so many minutes, hostile peers. */
export async function soak(
  manifest: Manifest,
  minutes: number,
  tell: (line: string) => void,
): Promise<SoakReport> {
  const server = await Server.start({ manifest, ports: new Ports(0), env: { CHAOS: "0" } });
  try {
    return await soakOf(server, minutes * 60_000, tell);
  } finally {
    await server.kill();
  }
}

async function soakOf(server: Server, ms: number, tell: (line: string) => void): Promise<SoakReport> {
  const raw = new Raw(server.port);
  const crowd = new Crowd(server.wsUrl("/ws"), "room/soak");
  for (let count = 0; count < readers; count++) crowd.read();
  for (let count = 0; count < authors; count++) crowd.write(`author ${count}`, perSecond);
  const probe = crowd.open();
  await crowd.ready();
  const honest = readers + authors + 1;
  tell(`${server.manifest.id}: quiet`);
  const quiet = await pings(probe, Math.min(30_000, ms / 5));
  const before = holdingOf(server.pid);
  tell(`${server.manifest.id}: ${Object.keys(hostiles).join(", ")}`);
  const endAt = performance.now() + ms;
  const isOver = (): boolean => performance.now() >= endAt;
  const harm = Object.values(hostiles).flatMap((hostile) =>
    Array.from({ length: ofEachKind }, () => hostile(raw, isOver)),
  );
  const [samples, loaded] = await Promise.all([sample(server, isOver), pings(probe, ms)]);
  await Promise.all(harm);
  const leftOver = await settled(raw, honest);
  const after = holdingOf(server.pid);
  const verdict = await crowd.end();
  raw.end();
  const memory = samples.map((holding) => holding.memory);
  const peak = {
    memory: Math.max(...memory),
    descriptors: Math.max(...samples.map(({ descriptors }) => descriptors)),
  };
  const slope = slopeOf(memory.slice(memory.length / 2)) * (60_000 / sampleMs);
  return { verdict, before, peak, after, slope, quiet, loaded, leftOver };
}

async function sample(server: Server, isOver: () => boolean): Promise<Holding[]> {
  const samples: Holding[] = [];
  while (!isOver()) {
    if (server.exit) throw new Error(`${server.manifest.id} has ended; ${server.log()}`);
    samples.push(holdingOf(server.pid));
    await pause(sampleMs);
  }
  return samples;
}

async function pings(client: Client, ms: number): Promise<number[]> {
  const trips: number[] = [];
  const endAt = performance.now() + ms;
  while (performance.now() < endAt) {
    await client.ping().then(
      ({ rttMs }) => trips.push(rttMs),
      // The ping was lost with its connection, which counts as an endless wait.
      () => trips.push(Number.POSITIVE_INFINITY),
    );
    await pause(50);
  }
  return trips;
}

// The server gives slow readers and streams some time before it drops them, so the count takes a while to fall.
async function settled(raw: Raw, honest: number): Promise<number> {
  const endAt = performance.now() + 90_000;
  for (;;) {
    const leftOver = (await metric(raw, "connections")) - honest;
    if (leftOver <= 0 || performance.now() > endAt) return leftOver;
    await pause(500);
  }
}

/** Formats a percentile of round trips as `12.3 ms`. `share` is from 0 to 1. */
export function tripOf(samples: readonly number[], share: number): string {
  return `${percentile(samples, share).toFixed(1)} ms`;
}
