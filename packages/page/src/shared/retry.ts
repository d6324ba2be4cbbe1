import { defaultBackoff, retryWindow } from "@rosetta/client";
import { Close } from "@rosetta/protocol";

/** The waits between failed requests. They follow the client's backoff, so that many pages do not ask at once. */
export class Retry {
  #attempt = 0;

  /** Returns the milliseconds until the next request. `askedMs`, what the server asked for, is added to the backoff. */
  next(askedMs = 0, random = Math.random): number {
    this.#attempt += 1;
    const [low, high] = retryWindow(defaultBackoff, this.#attempt, Close.Abnormal);
    return askedMs + low + random() * (high - low);
  }

  /** Notes that a request was answered: the next failure counts as the first. */
  succeeded(): void {
    this.#attempt = 0;
  }
}

/** Waits `ms` milliseconds, or until `signal` is aborted. Never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener("abort", over);
  });
}
