import { isFree } from "@rosetta/manifest/start";

/** How many ports each range has. */
const perRange = 200;

/**
 * Returns a function that finds free ports on loopback, each time another one. Tests that may run at once have ranges of their
 * own, from `PORT_BASE` on: below those that Linux uses for outgoing connections (32768–60999), so that a Redis that starts
 * again finds its port free.
 */
export function freePorts(range: number): () => Promise<number> {
  let next = Number(process.env.PORT_BASE ?? 20_000) + perRange * range;
  return async () => {
    while (!(await isFree(next))) next += 1;
    next += 1;
    return next - 1;
  };
}
