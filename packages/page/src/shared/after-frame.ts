import { wasJustSent } from "./just-sent.ts";

/**
 * Runs something once the next frame is on the screen, and in the order of the calls. A hidden page has no
 * frames, so there it runs at once.
 *
 * Use it for a timed message that a click sends. Between a click and the frame that shows its effect, Chromium holds
 * back everything else, including data from a socket. A message sent from within the click would seem to take up to a
 * frame, 16 ms, longer than it does.
 */
export function afterFrame(act: () => void): void {
  if (document.visibilityState === "hidden") return act();
  requestAnimationFrame(() => setTimeout(act));
}

/** Resolves when it is time to draw: with the next frame, or the one after it if a message has only just been sent. */
export async function frameToDraw(): Promise<void> {
  await new Promise(requestAnimationFrame);
  if (wasJustSent()) await new Promise(requestAnimationFrame);
}
