// Watches whether the server that is judged lives, and brings it back if it does not.

import { setTimeout as sleep } from "node:timers/promises";
import type { Timing } from "../play/perform.ts";
import { type Address, HandshakeError } from "../wire/handshake.ts";
import { ConnectError } from "../wire/tcp.ts";
import { Lifeline } from "./lifeline.ts";
import type { ServerExit } from "./server-process.ts";

/** The server died or stopped answering, and did not come back. */
export class ServerGone extends Error {
  override readonly name = "ServerGone";
}

/** How to watch a server. */
export interface WatchOptions {
  /** Brings back a server that died, as a fresh process. Default: waits until it is back. */
  revive?: (() => Promise<void>) | undefined;
  /** Returns how the server's process ended, if it did. Default: no process is known. */
  exited?: (() => ServerExit | undefined) | undefined;
  /** How long a server may stay away after it died, in ms. Default: 30,000. */
  reviveMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** How a server was lost: the process or its connections are gone, or it no longer answers. */
export interface Loss {
  kind: "death" | "stall";
  how: string;
}

// How old the latest proof may be, in multiples of the settling time. A new proof is already one of them old.
const proofs = 1.25;

// How long a process that has dropped its connections may take to end.
const exitMs = 10_000;

/** Watches one server while it is judged. */
export class ServerWatch {
  readonly #address: Address;
  readonly #timing: Timing;
  readonly #options: WatchOptions;
  readonly #lost: () => void;
  #lifeline: Lifeline | undefined;
  // True for a server whose own frames are wrong. It is asked by handshakes instead.
  #isMute = false;
  // True if the last connection was refused, so that nothing listens any more.
  #isRefused = false;
  #proving: Promise<void> | undefined;
  #back: Promise<void> | undefined;
  /** How often the server was lost. */
  losses = 0;
  /** The time until which no case is known to have done any harm, as `performance.now()`. */
  provenUntil = Number.NEGATIVE_INFINITY;

  /** `lost` is called when the server was lost, before it is brought back. */
  constructor(address: Address, timing: Timing, options: WatchOptions, lost: () => void) {
    this.#address = address;
    this.#timing = timing;
    this.#options = options;
    this.#lost = lost;
  }

  /**
   * Opens the lifeline and checks that the endpoint echoes, so that a problem which fails every case is reported
   * once. Throws a `ConnectError`, a `HandshakeError` or a `NoEcho`.
   */
  async begin(): Promise<void> {
    try {
      this.#lifeline = await Lifeline.open(this.#address, this.#timing.deadlineMs);
    } catch (error) {
      // A server that answers the handshake wrongly is still there. The cases say what is wrong.
      if (error instanceof HandshakeError && error.fault === "wrong") return;
      throw error;
    }
    await this.#lifeline.mustEcho(this.#timing);
  }

  /** Drops the lifeline. */
  end(): void {
    this.#lifeline?.drop();
  }

  /** Resolves when the server is not being brought back. Rejects with a `ServerGone`. */
  async ready(): Promise<void> {
    await this.#back;
  }

  /** Records what a case may have done, and checks for a sign of life now and then. Never waits. */
  look(): void {
    if (this.#back) return;
    if (this.isLost) return void this.#recover();
    const due = this.provenUntil + proofs * this.#timing.settleMs < performance.now();
    if (due) this.#proving ??= this.#prove();
  }

  /** Resolves when everything that ended before now is proven harmless, or the server is known to be lost. */
  async proof(): Promise<void> {
    await this.#proving;
    if (this.#back) return this.#back;
    const now = performance.now();
    await sleep(this.#timing.settleMs);
    await this.#prove(now);
    await this.#back;
  }

  /** Gives the server time to die of what it got. Returns how it was lost, if it was. */
  async loss(): Promise<Loss | undefined> {
    await sleep(this.#timing.settleMs);
    if (!this.isLost && (await this.#lives())) return undefined;
    const isGone = this.isLost || this.#isRefused;
    const exit = isGone ? await this.#exit() : undefined;
    if (exit) return { kind: "death", how: exit.how };
    if (this.#lifeline?.cut) {
      return { kind: "death", how: "a connection that was not part of the case was cut as well" };
    }
    if (isGone) return { kind: "death", how: "nothing listens on its port any more" };
    return { kind: "stall", how: "it no longer answers anybody" };
  }

  /** Starts a fresh process if possible, and waits for a server that answers. Throws a `ServerGone`. */
  async fresh(): Promise<void> {
    // One at a time: two that bring the server back would each end the other's process.
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
        const { authority } = this.#address;
        throw new ServerGone(`the server at ${authority} has not answered anybody for ${reviveMs} ms`);
      }
      await sleep(100);
    }
  }

  /** Returns whether a flawless handshake is answered in time, even if with a refusal. */
  async answers(): Promise<boolean> {
    return this.#opens((line) => line.drop());
  }

  // The end of a process is noticed a little later than that of its connections, and the end of its output even
  // later.
  async #exit(): Promise<ServerExit | undefined> {
    const { exited } = this.#options;
    for (let waited = 0; exited && !exited() && waited < exitMs; waited += 20) await sleep(20);
    return exited?.();
  }

  /** Whether the server is known to be lost. */
  get isLost(): boolean {
    const exit = this.#options.exited?.();
    // A command that exits normally may have left a server running, as `docker compose up -d` does.
    return (exit !== undefined && !exit.well) || this.#lifeline?.cut === true;
  }

  // However many cases see the loss, it counts once, and all of them wait for the same recovery.
  #recover(): void {
    this.losses++;
    this.#lost();
    const back = this.#renew();
    this.#back = back;
    back.then(
      () => {
        this.#back = undefined;
      },
      // Callers that wait for it get the error.
      () => {},
    );
  }

  // `until`: what ended before this time has had time to do harm.
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
    // A short wait is enough here: a busy server has the whole deadline to answer a handshake.
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
      use(await Lifeline.open(this.#address, this.#timing.deadlineMs));
      return true;
    } catch (error) {
      this.#isRefused = error instanceof ConnectError && !error.late;
      return isAnswer(error);
    }
  }
}

// A server that refuses is alive. A connection that ends silently may come from the kernel on behalf of a dying
// process.
function isAnswer(error: unknown): boolean {
  if (error instanceof HandshakeError) return error.fault !== "silent" && error.fault !== "ended";
  if (error instanceof ConnectError) return false;
  throw error;
}
