import type { Host } from "./host.ts";

/** Scripts cannot see a WebSocket's own pings (whatwg/websockets#10), so the client asks. Milliseconds. */
export interface HeartbeatTimes {
  /** After so long a silence, ask. Less than what a proxy grants an idle connection (often 60 s). */
  idleMs: number;
  /** How long the answer may take. */
  deadlineMs: number;
  /** How long it may take when there is reason to doubt: after sleep, after another network, in a page just shown. */
  probeMs: number;
}

export const defaultHeartbeat: HeartbeatTimes = { idleMs: 25_000, deadlineMs: 10_000, probeMs: 3_000 };

export interface ClientHeartbeat {
  /** Notes a sign of life. Call it for every message, from within its handler. */
  heard(): void;
  stop(): void;
}

/** A deadline that is noticed this much too late (ms) says that the machine slept, not that the server is silent. */
const lateMs = 2_000;

/** Watches over one connection: calls `ping` when it is silent, and `dead` when it stays so. */
export function startHeartbeat(
  host: Host,
  times: HeartbeatTimes,
  { ping, dead }: { ping: () => void; dead: () => void },
): ClientHeartbeat {
  let cancel = () => {};

  function arm(ms: number, run: () => void): void {
    cancel();
    cancel = host.after(ms, run);
  }

  // #region heartbeat
  // Armed anew in the message handler: in a hidden tab Chrome runs a timer set by a timer once a minute only.
  function heard(): void {
    arm(times.idleMs, () => ask(times.deadlineMs));
  }

  function ask(withinMs: number): void {
    const dueAt = host.now() + withinMs;
    arm(withinMs, () => judge(dueAt));
    ping();
  }

  function judge(dueAt: number): void {
    // A hidden page's timers run when the browser likes: judged when it is visible again.
    if (host.isHidden?.()) return;
    if (host.now() - dueAt > lateMs) return ask(times.probeMs);
    dead();
  }
  // #endregion heartbeat

  // Visible, online or pageshow: much may have happened. Offline and pagehide end the connection, and us with it.
  const unwatch = host.watch?.((event) => {
    if (event !== "hidden") ask(times.probeMs);
  });
  heard();
  return {
    heard,
    stop() {
      cancel();
      unwatch?.();
    },
  };
}
