import type { Manifest } from "@rosetta/manifest";
import { startBehindNetwork } from "./chaos.ts";
import { Crowd } from "./crowd.ts";

/** How a crowd came back after its server restarted. */
export interface StormReport {
  clients: number;
  /** Connections attempted within the busiest 100 ms. */
  peak: number;
  attempts: number;
  /** From SIGTERM until every client was open again, in ms. */
  backMs: number;
}

/** Restarts a server under so many clients and records when they reconnect. */
export async function storm(manifest: Manifest, clients: number): Promise<StormReport> {
  const many = String(2 * clients);
  const { server, network } = await startBehindNetwork(manifest, {
    MAX_CONNECTIONS: many,
    MAX_CONNECTIONS_PER_ADDRESS: many,
    MAX_REQUEST_BURST: many,
    MAX_REQUESTS_PER_SECOND: many,
  });
  try {
    const crowd = new Crowd(`ws://127.0.0.1:${network.port}/ws`, "room/storm");
    for (let count = 0; count < clients; count++) crowd.open();
    await crowd.ready(120_000);
    network.attempts.length = 0;
    const beganAt = performance.now();
    await server.restart("SIGTERM");
    await crowd.ready(120_000);
    const backMs = performance.now() - beganAt;
    await crowd.end(0);
    return { clients, peak: peakOf(network.attempts, 100), attempts: network.attempts.length, backMs };
  } finally {
    network.stop();
    await server.kill();
  }
}

/** Returns the most of `times` that lie within `width` of each other. */
export function peakOf(times: readonly number[], width: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  let first = 0;
  let peak = 0;
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[first] ?? 0) >= width) first += 1;
    peak = Math.max(peak, index - first + 1);
  }
  return peak;
}
