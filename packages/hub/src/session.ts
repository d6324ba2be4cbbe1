import type { Limits } from "@rosetta/protocol";

/**
 * One socket, as an app sees it. The app reports what arrives; the session decides what to do and sends through the
 * port. Sockets on `/echo` have a session too: they are counted, kept alive and ended like all others.
 */
export interface Session {
  /** The limits of this server, among them `queueBytes` for a socket's queue. */
  readonly limits: Limits;
  /** Handles a text message on `/ws`. Throws only if a handler does, so the app must catch. */
  text(data: string): void;
  /** Refuses a binary message of `bytes` bytes on `/ws`, where only text is allowed. */
  binary(bytes: number): void;
  /** Notes that the peer is alive: a message of `bytes` bytes arrived or, without it, a ping or pong. */
  heard(bytes?: number): void;
  /** Notes that an echo of `bytes` bytes was handed to the stack. What the port sends is counted without this. */
  sent(bytes: number): void;
  /** To be called when the kernel has taken bytes. If none wait any more, sends what was skipped meanwhile. */
  drained(): void;
  /** Closes the session, because the stack found more than `limits.queueBytes` waiting and did not send. */
  slow(): void;
  /** Ends this socket, and only this one, because a handler threw. */
  failed(error: unknown): void;
  /** Starts to close. A peer that does not answer within `limits.lingerMs` is cut off. */
  close(code: number, reason: string): void;
  /** Notes that the socket is gone. `code` is the close code that the stack reports. */
  closed(code: number): void;
}
