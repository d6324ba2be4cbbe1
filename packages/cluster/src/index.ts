// Several servers as one application: through Redis or Valkey.
import { createHash } from "node:crypto";
import type { Platform } from "@rosetta/hub";
import { type Cluster, MemoryLog } from "@rosetta/hub/cluster";
import type { Settings } from "@rosetta/protocol";
import { EngineCluster } from "./engine-cluster.ts";
import { RedisEngine } from "./redis/redis-engine.ts";

/**
 * Returns the cluster of the servers that share the Redis of the settings, or `undefined` if they name none: then the
 * server is alone, and keeps everything in memory. `report` gets one line when Redis cannot be used, or can again.
 */
export function clusterOf(
  { engine: address, limits }: Settings,
  platform: Platform,
  report: (line: string) => void,
): Cluster | undefined {
  if (address === undefined) return undefined;
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
