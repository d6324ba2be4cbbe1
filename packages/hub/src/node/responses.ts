import type { IncomingMessage, ServerResponse } from "node:http";
import { finished } from "node:stream";

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
