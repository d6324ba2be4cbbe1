import { ask, isTemporary } from "./http.ts";

/**
 * Why a part of this page could not be loaded.
 *
 *     away     the server does not answer, or says that it cannot right now
 *     older    the server has a newer build of the page, and no longer the parts of this one
 *     missing  the server has this very build, but not the part
 */
export type Cause = "away" | "older" | "missing";

/** The sentences that tell the reader. */
export const causes: Record<Cause, string> = {
  away: "A part of this page could not be loaded, because its server does not answer. The page keeps trying.",
  older: "This page is older than its server. There is a newer build, and a part of this one is gone.",
  missing: "A part of this page could not be loaded, although its server answers.",
};

/**
 * Finds out why. `base` is where the page came from. `script` is the name of its first file, which contains a hash of
 * all files.
 */
export async function causeOf(base: string, script: string): Promise<Cause> {
  const answer = await ask(`${base}/`).catch(() => undefined);
  if (!answer || isTemporary(answer.status)) return "away";
  return answer.status === 200 && !answer.text.includes(script) ? "older" : "missing";
}
