import { wasJustSent } from "./just-sent.ts";

/**
 * Runs something once the next frame is on the screen, and in the order of the calls. Where nobody can see the page there
 * are no frames, and it runs at once.
 *
 * For what is sent after a click and is timed: between a click and the frame that shows its effect, Chromium holds back
 * everything else, also what has come in over a socket. A message that is sent from within the click seems to take up to
 * a frame, 16 ms, longer than it does.
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
