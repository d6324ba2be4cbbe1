import { defaultBackoff, retryWindow } from "@rosetta/client";

/** Many clients that lose the same server at the same moment. */
export interface Herd {
  clients: number;
  /** How their connection ended. */
  code: number;
  /** How long nobody answers. Whoever comes earlier waits again. */
  awayMs: number;
  /** False: everyone waits for the whole window, as long as everyone else. */
  jitter: boolean;
  /** At least 0, less than 1. */
  random: () => number;
}

/** How many knocked at the door, by the time since the loss. */
export interface Arrivals {
  counts: number[];
  binMs: number;
  /** The most in one bin. */
  peak: number;
  /** When the last client was back. */
  lastMs: number;
}

/** Milliseconds that one bar stands for. */
const binMs = 200;
/** More attempts than a client makes in any outage that is simulated here. */
const mostAttempts = 50;

/** Has each client of the herd draw its waits by the client's own rule, until it gets through. */
export function stampede(herd: Herd): Arrivals {
  const counts: number[] = [];
  let lastMs = 0;
  for (let client = 0; client < herd.clients; client++) {
    for (const at of knocks(herd)) {
      const bin = Math.floor(at / binMs);
      counts[bin] = (counts[bin] ?? 0) + 1;
      lastMs = Math.max(lastMs, at);
    }
  }
  const filled = Array.from(counts, (count) => count ?? 0);
  return { counts: filled, binMs, peak: Math.max(0, ...filled), lastMs };
}

/** Returns the moments at which one client tries, the last one with success. */
function knocks({ code, awayMs, jitter, random }: Herd): number[] {
  const moments: number[] = [];
  let at = 0;
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    // Only the end of the connection has a code; attempts that fail end with 1006.
    const [low, high] = retryWindow(defaultBackoff, attempt, attempt === 1 ? code : 1006);
    at += jitter ? low + random() * (high - low) : high;
    moments.push(at);
    if (at >= awayMs) break;
  }
  return moments;
}
