/** Drawing within this time (ms) after a message was sent would come between it and its answer. */
const graceMs = 10;

let sentAt = Number.NEGATIVE_INFINITY;

/** Notes that a message was sent just now, and an answer may come. */
export function noteSent(): void {
  sentAt = performance.now();
}

/** Returns whether an answer may come at any moment. */
export function wasJustSent(): boolean {
  return performance.now() - sentAt < graceMs;
}
