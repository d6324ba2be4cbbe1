import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { finished } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import type { Host } from "./port.ts";

export { Lines } from "./node-lines.ts";
export { cutOff, Sockets } from "./node-sockets.ts";
export { Traffic } from "./node-traffic.ts";

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
    // In line from the first MiB: a message that starts a job costs its own turn nothing.
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

// A turn of the event loop that nobody else hashes in. A MiB takes about a millisecond, and 32 jobs that took each turn
// together would take 32 from everybody.
function nextTurn(): Promise<unknown> {
  turns = turns.then(() => turn());
  return turns;
}

/** Waits for a stack's own stop, but not for ever: each has something that it would wait for without end. */
export async function atMost(ms: number, stopped: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([stopped, late]).finally(() => clearTimeout(timer));
}

/**
 * Calls `leave` once when an answer that may wait for long is given, or nobody waits for it any more: also if that was so
 * before, where no event comes any more, and if the answer stood behind another one when its connection ended, of which
 * Node tells it nothing. A reader that has sent FIN is taken to have left: whether it still reads, nothing tells.
 */
export function whenOver({ socket }: IncomingMessage, res: ServerResponse, leave: () => void): void {
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    socket.off("close", end).off("end", hangUp);
    leave();
  };
  const hangUp = (): void => {
    // Given, though not all of it may be sent yet: what was asked behind it is answered, too.
    if (res.writableEnded) return;
    end();
    socket.destroy();
  };
  finished(res, end);
  if (socket.destroyed) return end();
  socket.once("close", end);
  if (socket.readableEnded) return hangUp();
  socket.once("end", hangUp);
}

/** Memory in bytes that waits in an answer for the kernel: its texts are kept as they are, with up to two bytes a letter. */
export function queuedIn(res: ServerResponse): number {
  return 2 * res.writableLength;
}
