import type { Platform } from "@rosetta/hub";
import { Refused } from "@rosetta/hub/cluster";
import { ConnectionLost, EngineError } from "./engine.ts";

/** Milliseconds after which a client may try again what the engine did not take. */
const retryAfterMs = 1_000;

/** How long to wait for the engine. */
export interface EnginePatience {
  /** Milliseconds that a command may take. */
  timeoutMs: number;
  /** Milliseconds without an answer after which this server stops serving. */
  graceMs: number;
}

interface ReachOptions extends EnginePatience {
  platform: Pick<Platform, "now" | "after">;
  /** Called once for each time that the engine has been away for too long. */
  cutOff(): void;
  /** Called for each command that was not carried out. */
  refused(why: "away" | "late" | "error"): void;
}

/**
 * Whether the engine answers, and what to do while it does not: commands wait for it, up to their deadline, and are
 * repeated if the connection was lost under them. A command that must not run twice is refused instead.
 */
export class Reach {
  readonly #options: ReachOptions;
  /** Since when it does not answer. Undefined while it does. */
  #awaySince: number | undefined;
  #wasThere = false;
  #isCutOff = false;
  #back = Promise.withResolvers<void>();
  #cancelGrace = (): void => {};

  constructor(options: ReachOptions) {
    this.#options = options;
    this.#awaySince = options.platform.now();
  }

  /** True while the engine answers. */
  get isThere(): boolean {
    return this.#awaySince === undefined;
  }

  /** False before the engine has answered for the first time, and when it has been away for too long. */
  get isServing(): boolean {
    return this.#wasThere && !this.#isCutOff;
  }

  /** Notes that the engine answers. */
  there(): void {
    this.#cancelGrace();
    this.#awaySince = undefined;
    this.#wasThere = true;
    this.#isCutOff = false;
    this.#back.resolve();
  }

  /** Notes that the engine does not answer, or cannot be asked. `since` is in the time of the platform. Default: now. */
  away(since: number = this.#options.platform.now()): void {
    if (this.#awaySince !== undefined) return;
    const { platform, graceMs, cutOff } = this.#options;
    this.#awaySince = since;
    this.#back = Promise.withResolvers();
    this.#cancelGrace = platform.after(since + graceMs - platform.now(), () => {
      this.#isCutOff = true;
      cutOff();
    });
  }

  /** Ends all waiting. */
  stop(): void {
    this.#cancelGrace();
  }

  /**
   * Asks the engine. Rejects with a `Refused` if there is no answer in time. `late` gets an answer that comes after that.
   * If `repeats` is false, a command that may have taken effect is not sent again.
   */
  async ask<T>(run: () => Promise<T>, repeats = true, late: (answer: T) => void = () => {}): Promise<T> {
    const { platform, timeoutMs, refused } = this.#options;
    const deadline = platform.now() + timeoutMs;
    for (;;) {
      await this.#whenThere(deadline);
      const answer = run();
      try {
        return await this.#within(answer, deadline);
      } catch (error) {
        if (error instanceof Refused) answer.then(late, () => {});
        if (error instanceof EngineError) {
          refused("error");
          throw unavailable("the engine cannot do this now");
        }
        if (!(error instanceof ConnectionLost)) throw error;
        if (!repeats) {
          refused("away");
          throw unavailable();
        }
        // The listener hears of the loss, too, but perhaps later.
        this.away();
      }
    }
  }

  async #whenThere(deadline: number): Promise<void> {
    const { platform, timeoutMs, refused } = this.#options;
    if (this.#awaySince === undefined) return;
    const isLong = platform.now() - this.#awaySince >= timeoutMs || !this.#wasThere;
    if (!isLong) return this.#within(this.#back.promise, deadline);
    refused("away");
    throw unavailable();
  }

  #within<T>(promise: Promise<T>, deadline: number): Promise<T> {
    const { platform, refused } = this.#options;
    return new Promise((resolve, reject) => {
      const cancel = platform.after(Math.max(0, deadline - platform.now()), () => {
        refused("late");
        reject(unavailable());
      });
      promise.then(resolve, reject).finally(cancel);
    });
  }
}

function unavailable(why = "the engine does not answer"): Refused {
  return new Refused("unavailable", why, retryAfterMs);
}
