// Several servers as one application: through Redis or Valkey.
import { createHash } from "node:crypto";
import type { Platform } from "@rosetta/hub";
import { type Cluster, MemoryLog } from "@rosetta/hub/cluster";
import type { Settings } from "@rosetta/protocol";

/**
 * Resolves with the cluster of the servers that share the Redis of the settings, or with `undefined` if they name none:
 * then the server is alone, and keeps everything in memory. `report` gets one line when Redis cannot be used, or can
 * again.
 */
export async function clusterOf(
  { engine: address, limits }: Settings,
  platform: Platform,
  report: (line: string) => void,
): Promise<Cluster | undefined> {
  if (address === undefined) return undefined;
  // Loaded only where they are used: the client of Redis takes a quarter of a server's heap.
  const { EngineCluster } = await import("./engine-cluster.ts");
  const { RedisEngine } = await import("./redis/redis-engine.ts");
  const engine = new RedisEngine({ address, server: platform.token().slice(0, 16), report });
  return new EngineCluster({
    engine,
    platform,
    own: new MemoryLog(() => platform.token(), limits.logBytes),
    logBytes: limits.logBytes,
    timeoutMs: limits.engineTimeoutMs,
    graceMs: limits.engineGraceMs,
    digest: (secret) => createHash("sha256").update(secret).digest("hex"),
  });
}
