/**
 * One socket, as an app sees it. The app reports what arrives; the session decides what to do and sends through the
 * port. Sockets on `/echo` have a session too: they are counted, kept alive and ended like all others.
 */
export interface Session {
  /**
   * Handles a text message on `/ws`. Throws only if a handler does, so the app must catch. `bytes` are those of its UTF-8,
   * which a stack that has received them need not count again. Default: they are counted.
   */
  text(data: string, bytes?: number): void;
  /** Refuses a binary message of `bytes` bytes on `/ws`, where only text is allowed. */
  binary(bytes: number): void;
  /** Handles a message on `/echo`: closes with 1000 if it is the bare text `stop`. Returns whether to send it back. */
  echo(isStop: boolean): boolean;
  /**
   * Counts a message of `bytes` bytes on `/echo`, and if `isSent`, also the one that the stack took to send it back. Call
   * it after each `echo()` that returned true.
   */
  echoed(bytes: number, isSent: boolean): void;
  /** Notes that the peer is alive, because a ping or a pong arrived. */
  heard(): void;
  /** Returns whether another message may be sent. If over `limits.queueBytes` wait, starts to close with 4002 instead. */
  hasRoom(): boolean;
  /** Sends what was skipped meanwhile if no bytes wait any more. Call it when the kernel has taken bytes. */
  drained(): void;
  /** Ends this socket, and only this one, because a handler threw. */
  failed(error: unknown): void;
  /** Notes that the socket is gone. `code` is the close code that the stack reports. */
  closed(code: number): void;
}
