import type { Manifest } from "@rosetta/manifest";
import { Ports, Server } from "@rosetta/testkit";
import { Crowd, pause } from "./crowd.ts";
import { type Fault, faults } from "./faults.ts";
import { type HistoryVerdict, isKept } from "./history.ts";
import { BadNetwork } from "./network.ts";
import { percentile } from "./samples.ts";

const authors = 3;
const readers = 6;
const perSecond = 20;

/** The effects of one kind of fault on a server and its clients. */
export interface FaultReport {
  fault: string;
  rounds: number;
  verdict: HistoryVerdict;
  /** The longest time for which a reader saw no event, in ms: of the median and of the worst reader. */
  silence: { median: number; worst: number };
}

/** Strikes a server with each fault, `rounds` times each, while authors publish and readers follow through a network. */
export async function chaos(
  manifest: Manifest,
  rounds: number,
  tell: (line: string) => void,
  chosen: readonly Fault[] = faults,
): Promise<FaultReport[]> {
  const reports: FaultReport[] = [];
  for (const fault of chosen) {
    tell(`${manifest.id}: ${fault.name}`);
    reports.push(await strikeWith(manifest, fault, rounds));
  }
  return reports;
}

/** Returns whether no fault broke a promise. */
export function isWithoutFault(reports: readonly FaultReport[]): boolean {
  return reports.every(({ verdict }) => isKept(verdict));
}

async function strikeWith(manifest: Manifest, fault: Fault, rounds: number): Promise<FaultReport> {
  const { server, network } = await startBehindNetwork(manifest);
  try {
    const crowd = new Crowd(`ws://127.0.0.1:${network.port}/ws`, "room/chaos");
    for (let count = 0; count < readers; count++) crowd.read();
    for (let count = 0; count < authors; count++) crowd.write(`author ${count}`, perSecond);
    await crowd.ready();
    for (let round = 0; round < rounds; round++) {
      await pause(1_000);
      await fault.strike(server, network);
      await crowd.ready(120_000);
    }
    await pause(1_000);
    const silences = crowd.takeSilences();
    const verdict = await crowd.end(60_000);
    const silence = { median: percentile(silences, 0.5), worst: Math.max(...silences) };
    return { fault: fault.name, rounds, verdict, silence };
  } finally {
    network.stop();
    await server.kill();
  }
}

/** Starts a server behind a bad network. The network is listed in `SERVERS`, so that the server accepts its Host. */
export async function startBehindNetwork(
  manifest: Manifest,
  env: Record<string, string> = {},
): Promise<{ server: Server; network: BadNetwork }> {
  const network = await BadNetwork.start();
  const SERVERS = `network=http://127.0.0.1:${network.port}`;
  const server = await Server.start({
    ...{ manifest, ports: new Ports(0) },
    env: { SERVERS, CHAOS: "0", ...env },
  });
  network.targets = [server.port];
  return { server, network };
}
