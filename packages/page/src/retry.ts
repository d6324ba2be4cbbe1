import { defaultBackoff, retryWindow } from "@rosetta/client";
import { Close } from "@rosetta/protocol";

/** Waits between requests that fail: by the client's rule for connections, so that many pages do not ask together. */
export class Retry {
  #attempt = 0;

  /** Milliseconds until the next request; `askedMs`, which the server asked for, come before. */
  next(askedMs = 0, random = Math.random): number {
    this.#attempt += 1;
    const [low, high] = retryWindow(defaultBackoff, this.#attempt, Close.Abnormal);
    return askedMs + low + random() * (high - low);
  }

  /** A request was answered: the next failure is a first one. */
  succeeded(): void {
    this.#attempt = 0;
  }
}

/** Waits so many milliseconds, or until `signal` is aborted. Never rejects. */
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
