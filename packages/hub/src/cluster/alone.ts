import type { Log } from "../delivery/log.ts";
import type { Cluster } from "./cluster.ts";

/** Returns the cluster of a server that has no others: everything it knows is all there is to know. */
export function alone(log: Log): Cluster {
  return {
    log,
    isServing: true,
    join: () => {},
    leave: () => Promise.resolve(),
    // It stays in this process, so the secret itself will do.
    identify: (secret) => secret,
    claim: () => undefined,
    released: () => {},
    roster: () => undefined,
    jobStarts: () => undefined,
    jobEnded: () => {},
    cancel: () => "not_found",
    exists: () => false,
  };
}
