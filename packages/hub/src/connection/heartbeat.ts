import type { Limits } from "@rosetta/protocol";

/** The finding of a round of the heartbeat: a peer to ping, a peer that is gone, or a message that never ends. */
export type HeartbeatFinding = "silent" | "gone" | "late";

/**
 * Notices a peer that has vanished, and one that does not complete its message. A silent peer counts as gone only once
 * a ping has gone unanswered.
 */
export class Heartbeat {
  readonly #limits: Pick<Limits, "heartbeatMs" | "pongMs" | "messageMs">;
  /** In whole milliseconds: V8 keeps a number with a fraction as an object of 16 bytes. */
  #heardAt: number;
  #pingedAt: number | undefined;
  /** When the first part of an incomplete message was noticed. */
  #begunAt: number | undefined;

  /** @param now milliseconds, on the same clock as in all calls. */
  constructor(limits: Pick<Limits, "heartbeatMs" | "pongMs" | "messageMs">, now: number) {
    this.#limits = limits;
    this.#heardAt = Math.trunc(now);
  }

  /** Notes a sign of life, such as a pong. */
  heard(now: number): void {
    this.#heardAt = Math.trunc(now);
    this.#pingedAt = undefined;
  }

  /** Notes that a message is complete, which is a sign of life, too. */
  completed(now: number): void {
    this.heard(now);
    this.#begunAt = undefined;
  }

  // #region heartbeat
  /** Runs one round. `unfinished` is the number of bytes that have come of an incomplete message. */
  beat(now: number, unfinished: number): HeartbeatFinding | undefined {
    const { heartbeatMs, pongMs } = this.#limits;
    if (this.#isLate(now, unfinished)) return "late";
    if (this.#pingedAt !== undefined) return now - this.#pingedAt < pongMs ? undefined : "gone";
    if (now - this.#heardAt < heartbeatMs) return undefined;
    this.#pingedAt = now;
    return "silent";
  }
  // #endregion heartbeat

  // Pongs between fragments keep the connection alive, so a message that never ends needs its own deadline.
  #isLate(now: number, unfinished: number): boolean {
    if (unfinished === 0) this.#begunAt = undefined;
    else this.#begunAt ??= now;
    return this.#begunAt !== undefined && now - this.#begunAt >= this.#limits.messageMs;
  }
}
