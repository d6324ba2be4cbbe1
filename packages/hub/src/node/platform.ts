import { createHash, randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { setImmediate as turn } from "node:timers/promises";
import type { Platform } from "../port.ts";

const tokenBytes = 16;
/** Tokens per batch of random bytes: the system call for one takes longer than everything else about a token. */
const tokensAtOnce = 256;
let random = Buffer.alloc(0);
let spent = 0;

/** The platform of a hub on Node, and on Bun, which has the same modules. */
export const platform: Platform = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, run) {
    // A listening server keeps the process alive. Once it has stopped, timers for what it remembers must not.
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  token() {
    if (spent === random.length) [random, spent] = [randomBytes(tokenBytes * tokensAtOnce), 0];
    spent += tokenBytes;
    return random.toString("hex", spent - tokenBytes, spent);
  },
  async hash(mebibytes, step) {
    // Even the first MiB waits for its turn, so handling the message that starts a job includes no hashing.
    const hash = createHash("sha256");
    const chunk = new Uint8Array(1024 * 1024);
    for (let done = 1; done <= mebibytes; done++) {
      await nextTurn();
      hash.update(chunk);
      if (!step(done)) throw new Error("abandoned");
    }
    return hash.digest("hex");
  },
};

let turns: Promise<unknown> = Promise.resolve();

// Resolves in a turn of the event loop in which no other job hashes. A MiB takes about a millisecond, so 32 jobs in the
// same turn would block everybody for 32 ms.
function nextTurn(): Promise<unknown> {
  turns = turns.then(() => turn());
  return turns;
}

/** Waits for a stack's own stop, but at most `ms` milliseconds: each stack has a case in which it would never stop. */
export async function atMost(ms: number, stopped: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([stopped, late]).finally(() => clearTimeout(timer));
}

/**
 * Resolves a name to its first address. Text that does not resolve is returned as it is: listening on it will fail with
 * a better message.
 */
export async function resolveHost(name: string): Promise<string> {
  return lookup(name).then(
    ({ address }) => address,
    () => name,
  );
}
