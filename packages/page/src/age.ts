import { ask, isTemporary } from "./http.ts";

/**
 * Why a part of this page could not be loaded.
 *
 *     away     its server does not answer, or only that it cannot now
 *     older    its server has another build of the page by now, and the parts of this one no longer
 *     missing  neither: the server has this very page, and not its part
 */
export type Cause = "away" | "older" | "missing";

/** What to tell of it. */
export const causes: Record<Cause, string> = {
  away: "A part of this page could not be loaded: its server does not answer. The page goes on asking.",
  older: "This page is older than its server: there is a newer build, and a part of this one is gone.",
  missing: "A part of this page could not be loaded, though its server answers. The page goes on asking.",
};

/**
 * Finds out why. `base` is where the page came from; `script` is the name of the file it began with, which is made of the
 * content of all of them.
 */
export async function causeOf(base: string, script: string): Promise<Cause> {
  const answer = await ask(`${base}/`).catch(() => undefined);
  if (!answer || isTemporary(answer.status)) return "away";
  return answer.status === 200 && !answer.text.includes(script) ? "older" : "missing";
}
