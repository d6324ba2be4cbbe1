import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { finished } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import type { Host } from "../port.ts";

export { Lines } from "./lines.ts";
export { cutOff, Sockets } from "./sockets.ts";
export { Traffic } from "./traffic.ts";

/** The host of a hub on Node, and on Bun, which has the same modules. */
export const host: Host = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, run) {
    // A listening server keeps the process alive. Once it has stopped, timers for what it remembers must not.
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  token: () => randomBytes(16).toString("hex"),
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
 * Calls `run` when it is this answer's turn on its connection. Until then Node gives the answer no socket. Started too
 * early, it would not notice the end of the connection, and a file that it has begun to send would stay open.
 */
export function inTurn(res: ServerResponse, run: () => void): void {
  if (res.socket) run();
  else res.once("socket", () => run());
}

/**
 * Calls `leave` once, when a long-lived answer has ended or its reader has left. It also covers two cases in which Node
 * emits no event on the answer: the reader left before this call, or the connection ended while the answer waited
 * behind another one. A reader that has sent FIN counts as gone, because nothing tells whether it still reads.
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
    // The answer has ended, even if not all of it is sent yet. Requests behind it are still answered.
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

/** Returns the bytes of memory that wait in an answer. Node keeps strings as they are: up to two bytes a character. */
export function queuedIn(res: ServerResponse): number {
  return 2 * res.writableLength;
}
