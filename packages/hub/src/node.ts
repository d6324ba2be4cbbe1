import { createHash, randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { Host } from "./port.ts";

/** The world of a hub on Node and on Bun, which has the same modules. */
export const host: Host = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, run) {
    // Listening keeps a process alive. What it remembers for two minutes must not, once it has stopped.
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  token: () => randomBytes(16).toString("hex"),
  async hash(mebibytes, step) {
    const hash = createHash("sha256");
    const chunk = new Uint8Array(1024 * 1024);
    for (let done = 1; done <= mebibytes; done++) {
      hash.update(chunk);
      if (!step(done)) throw new Error("abandoned");
      // A MiB takes about a millisecond; then whoever waits has their turn.
      await turn();
    }
    return hash.digest("hex");
  },
};

/** Waits for a stack's own stop, but not for ever: each has something that it would wait for without end. */
export async function atMost(ms: number, stopped: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([stopped, late]).finally(() => clearTimeout(timer));
}
