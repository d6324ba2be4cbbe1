// Servers and engines to measure, each in its own process.

import { type RunningRedis, startRedis } from "@rosetta/cluster/testing";
import { Ports } from "@rosetta/testkit";
import type { Candidate } from "../candidates.ts";
import type { PeerAddress } from "../generator-job.ts";
import { MeasuredServer } from "../measured-server.ts";
import { type ProcessorTime, processorTime, runningTime } from "../processor.ts";

const ports = new Ports(0);

/** Servers that are one application, because they share an engine, or one that is alone. */
export interface MeasuredCluster {
  servers: readonly MeasuredServer[];
  /** Where each server takes clients that speak `rosetta.v1.json`. */
  peers: readonly PeerAddress[];
  /** Undefined for a server that is alone. */
  engine: RunningRedis | undefined;
  stop(): Promise<void>;
}

/** Starts so many servers with an engine of their own, or one server that is alone if `count` is `alone`. */
export async function startCluster(candidate: Candidate, count: number | "alone"): Promise<MeasuredCluster> {
  const engine = count === "alone" ? undefined : await startRedis(await ports.next());
  const servers: MeasuredServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
    await engine?.stop();
  };
  try {
    for (let index = 0; index < (count === "alone" ? 1 : count); index++) {
      const env = { ...roomy, ...(engine && { REDIS_URL: engine.url }) };
      servers.push(await MeasuredServer.start(candidate, undefined, env));
    }
    const peers = servers.map(({ peer }) => ({ ...peer, path: "/ws", subprotocol: "rosetta.v1.json" }));
    for (const { host, port } of peers) await healthy(`http://${host}:${port}/healthz`);
    return { servers, peers, engine, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

// A server listens before it has reached its engine.
async function healthy(url: string): Promise<void> {
  const endAt = performance.now() + 60_000;
  for (;;) {
    const response = await fetch(url);
    await response.body?.cancel();
    if (response.ok) return;
    if (performance.now() > endAt) throw new Error(`${url} answers ${response.status} after 60 s`);
    await pause(50);
  }
}

/** As many rooms as are measured here, and one address may have a quarter of them. */
const roomy = { MAX_ROOMS: "100000", MAX_TOPICS: "100000" };

/** Returns the processor time of a cluster's processes since `before`, in ms. */
export class Usage {
  readonly #cluster: MeasuredCluster;
  readonly #servers: ProcessorTime[];
  readonly #engine: ProcessorTime | undefined;

  /** Counts from now on. */
  constructor(cluster: MeasuredCluster) {
    this.#cluster = cluster;
    this.#servers = cluster.servers.map(({ peer }) => processorTime(peer.pid));
    this.#engine = cluster.engine && processorTime(cluster.engine.pid);
  }

  /** Milliseconds of processor time of all servers together. */
  get serversMs(): number {
    const { servers } = this.#cluster;
    return this.#servers.reduce((sum, before, index) => {
      const pid = servers[index]?.peer.pid ?? 0;
      return sum + runningTime(before, processorTime(pid));
    }, 0);
  }

  /** Milliseconds of processor time of the engine. 0 if there is none. */
  get engineMs(): number {
    const { engine } = this.#cluster;
    return engine && this.#engine ? runningTime(this.#engine, processorTime(engine.pid)) : 0;
  }
}

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
