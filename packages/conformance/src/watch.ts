// Whether the server that is judged lives, and how it is brought back when it does not.

import { setTimeout as sleep } from "node:timers/promises";
import { HandshakeError, type Target } from "./http1.ts";
import { Lifeline } from "./lifeline.ts";
import type { Timing } from "./perform.ts";
import type { Exit } from "./server.ts";
import { ConnectError } from "./tcp.ts";

/** The server died, or answers nobody any more, and did not come back. */
export class ServerGone extends Error {
  override readonly name = "ServerGone";
}

/** How a server is watched. */
export interface WatchOptions {
  /** Brings a server back that died, as a fresh process. Default: waits until it is back. */
  revive?: (() => Promise<void>) | undefined;
  /** How the server's process ended, if it did. Default: nobody knows of a process. */
  exited?: (() => Exit | undefined) | undefined;
  /** How long a server may stay away after it died, in ms. Default: 30,000. */
  reviveMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** How a server was lost: the process or its connections are gone, or it answers nobody any more. */
export interface Loss {
  kind: "death" | "stall";
  how: string;
}

// How old the last proof may be, in times of settling; a proof that is new is as old as one of them.
const proofs = 1.25;

// For how long a process that has dropped its connections may take to end.
const exitMs = 10_000;

/** Watches one server while it is judged. */
export class Watch {
  readonly #target: Target;
  readonly #timing: Timing;
  readonly #options: WatchOptions;
  readonly #lost: () => void;
  #lifeline: Lifeline | undefined;
  // A server that gets its own frames wrong is asked by handshakes.
  #isMute = false;
  // The last connection was refused: nothing listens any more.
  #isRefused = false;
  #proving: Promise<void> | undefined;
  #back: Promise<void> | undefined;
  /** How often the server was lost. */
  losses = 0;
  /** Until when it is known that no case has done it any harm; as `performance.now()`. */
  provenUntil = Number.NEGATIVE_INFINITY;

  /** `lost` is told when the server was lost, before it is brought back. */
  constructor(target: Target, timing: Timing, options: WatchOptions, lost: () => void) {
    this.#target = target;
    this.#timing = timing;
    this.#options = options;
    this.#lost = lost;
  }

  /**
   * Opens the lifeline, and asks whether the endpoint echoes, so that what makes every case fail is said once.
   * Throws a `ConnectError`, a `HandshakeError` or a `NoEcho`.
   */
  async begin(): Promise<void> {
    try {
      this.#lifeline = await Lifeline.open(this.#target, this.#timing.deadlineMs);
    } catch (error) {
      // A server that takes the handshake and gets its answer wrong is there; what is wrong is for the cases to say.
      if (error instanceof HandshakeError && error.fault === "wrong") return;
      throw error;
    }
    await this.#lifeline.mustEcho(this.#timing);
  }

  /** Drops the lifeline. */
  end(): void {
    this.#lifeline?.drop();
  }

  /** Resolves when nobody is about to bring the server back; rejects with a `ServerGone`. */
  async ready(): Promise<void> {
    await this.#back;
  }

  /** Notes what a case may have done, and asks for a sign of life now and then. Never waits. */
  look(): void {
    if (this.#back) return;
    if (this.isLost) return void this.#recover();
    const due = this.provenUntil + proofs * this.#timing.settleMs < performance.now();
    if (due) this.#proving ??= this.#prove();
  }

  /** Resolves when all that ended before now is proven harmless, or the server is known to be lost. */
  async proof(): Promise<void> {
    await this.#proving;
    if (this.#back) return this.#back;
    const now = performance.now();
    await sleep(this.#timing.settleMs);
    await this.#prove(now);
    await this.#back;
  }

  /** Gives the server the time to die of what it was given; returns how it was lost, if it was. */
  async loss(): Promise<Loss | undefined> {
    await sleep(this.#timing.settleMs);
    if (!this.isLost && (await this.#lives())) return undefined;
    const isGone = this.isLost || this.#isRefused;
    const exit = isGone ? await this.#exit() : undefined;
    if (exit) return { kind: "death", how: exit.how };
    if (this.#lifeline?.cut) {
      return { kind: "death", how: "a connection that had nothing to do with the case was cut as well" };
    }
    if (isGone) return { kind: "death", how: "nothing listens there any more" };
    return { kind: "stall", how: "it answers nobody any more" };
  }

  /** A fresh process, if it can be had; in any case a server that answers. Throws a `ServerGone`. */
  async fresh(): Promise<void> {
    // One after the other: two who bring it back would each end the other's.
    await this.#back;
    await this.#renew();
  }

  async #renew(): Promise<void> {
    const { revive, reviveMs = 30_000, signal } = this.#options;
    await this.#proving;
    this.#lifeline?.drop();
    await revive?.();
    const deadline = performance.now() + reviveMs;
    while (!(await this.#reopens())) {
      signal?.throwIfAborted();
      if (performance.now() > deadline) {
        const { authority } = this.#target;
        throw new ServerGone(`the server at ${authority} answers nobody any more, for ${reviveMs} ms now`);
      }
      await sleep(100);
    }
  }

  /** Whether a handshake without a fault is answered in time, be it with a refusal. */
  async answers(): Promise<boolean> {
    return this.#opens((line) => line.drop());
  }

  // The end of a process is told a little later than that of its connections, and what it said even later.
  async #exit(): Promise<Exit | undefined> {
    const { exited } = this.#options;
    for (let waited = 0; exited && !exited() && waited < exitMs; waited += 20) await sleep(20);
    return exited?.();
  }

  /** Whether it is known that the server is lost. */
  get isLost(): boolean {
    const exit = this.#options.exited?.();
    // A command that ends well may have left a server behind: `docker compose up -d`.
    return (exit !== undefined && !exit.well) || this.#lifeline?.cut === true;
  }

  // However many cases see the loss, it is one, and all of them wait for the same return.
  #recover(): void {
    this.losses++;
    this.#lost();
    const back = this.#renew();
    this.#back = back;
    back.then(
      () => {
        this.#back = undefined;
      },
      // Whoever waits for it is told.
      () => {},
    );
  }

  // `until`: what ended before has had the time to do harm.
  async #prove(until = performance.now() - this.#timing.settleMs): Promise<void> {
    const { losses } = this;
    const lives = await this.#lives();
    this.#proving = undefined;
    if (losses !== this.losses || this.#back) return;
    if (!lives) return this.#recover();
    this.provenUntil = until;
  }

  async #lives(): Promise<boolean> {
    const { deadlineMs, settleMs } = this.#timing;
    const line = this.#lifeline;
    if (!line || line.over) return this.#reopens();
    // It need not be long: a server that is busy has the whole deadline to answer a handshake.
    if (!this.#isMute && (await line.answers(Math.min(deadlineMs, 2 * settleMs)))) return true;
    if (this.isLost) return false;
    this.#isMute = !line.hasAnswered;
    return this.answers();
  }

  async #reopens(): Promise<boolean> {
    this.#lifeline = undefined;
    return this.#opens((line) => {
      this.#lifeline = line;
    });
  }

  async #opens(use: (line: Lifeline) => void): Promise<boolean> {
    this.#isRefused = false;
    try {
      use(await Lifeline.open(this.#target, this.#timing.deadlineMs));
      return true;
    } catch (error) {
      this.#isRefused = error instanceof ConnectError && !error.late;
      return isAnswer(error);
    }
  }
}

// Whoever refuses lives. A connection that ends without a word may come from the kernel, in a dying process's name.
function isAnswer(error: unknown): boolean {
  if (error instanceof HandshakeError) return error.fault !== "silent" && error.fault !== "ended";
  if (error instanceof ConnectError) return false;
  throw error;
}
