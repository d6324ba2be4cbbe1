import { Close } from "@rosetta/protocol";

/** How long to wait before the next attempt. Milliseconds. */
export interface Backoff {
  /** No retry comes sooner. */
  floorMs: number;
  /** Width of the first retry's window; each further one doubles it. */
  baseMs: number;
  /** Greatest width of the window. */
  capMs: number;
  /** A connection that lived this long starts the count anew. A shorter one is no success: it may be refused. */
  stableMs: number;
}

/**
 * The first retry comes after 0.25 s to 0.75 s. Each further one may wait about twice as long as the one before, up to
 * 10.25 s. A connection that lived 5 s was a success.
 */
export const defaultBackoff: Backoff = { floorMs: 250, baseMs: 500, capMs: 10_000, stableMs: 5_000 };

/** A restarting server is given this long before the first client comes back. */
const restartFloorMs = 1_000;
/** Clients of a restarting server come back over this time, unless its `bye` names another. */
const restartSpreadMs = 5_000;
/** The longest window that a server can ask for, because people wait. */
const longestSpreadMs = 300_000;
/** How many times longer to wait when the server is overloaded, or the runtime says that the network is down. */
const longWait = 4;
/** The longest that any attempt waits for an answer (ms). */
const longestPatienceMs = 30_000;

// #region backoff
/**
 * Returns the window from which the delay of retry number `attempt` (1, 2, …) is drawn evenly: full jitter, so that
 * clients who lost a server together do not come back together.
 * @param spreadMs `retryAfterMs` of the server's `bye`: the time over which it wants its clients back.
 * @param isOffline The runtime says that the network is down. Only a hint: loopback still works. Default: false.
 */
export function retryWindow(
  backoff: Backoff,
  attempt: number,
  code: number,
  spreadMs?: number,
  isOffline = false,
): [low: number, high: number] {
  const width = Math.min(backoff.capMs, backoff.baseMs * 2 ** (attempt - 1));
  if (code === Close.Restart || spreadMs !== undefined) {
    const spread = Math.min(spreadMs ?? restartSpreadMs, longestSpreadMs);
    return [restartFloorMs, restartFloorMs + Math.max(spread, width)];
  }
  const factor = isOffline || code === Close.TryAgainLater ? longWait : 1;
  return [factor * backoff.floorMs, factor * (backoff.floorMs + width)];
}
// #endregion backoff

/**
 * Returns how long attempt number `attempt` (0, 1, …) waits for an answer: twice as long each time. With a fixed
 * deadline, a network that is one second slower than the deadline would never connect.
 */
export function patienceMs(usualMs: number, attempt: number): number {
  return Math.min(usualMs * 2 ** attempt, Math.max(usualMs, longestPatienceMs));
}
