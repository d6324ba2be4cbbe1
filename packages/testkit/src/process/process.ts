import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** How a process ended. Both are `null` if it could not be started. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** How to start a process. */
export interface ProcessOptions {
  cwd: string;
  /** The whole environment. */
  env: NodeJS.ProcessEnv;
  /** Where its stderr goes: to us, or to an open file. Default: to us. */
  stderr?: "pipe" | number;
  /**
   * Puts it into a process group of its own. Ctrl-C in the terminal then reaches only us, so that we can end it in
   * order, and a signal reaches everything it has started. Windows has no such groups. Default: false.
   */
  ownGroup?: boolean;
  /** The signal for it if it still runs when this process ends. Default: SIGKILL. */
  lastSignal?: NodeJS.Signals;
}

const alive = new Set<Process>();
// Also runs when an error or a signal handler ends this process halfway.
process.on("exit", () => {
  for (const each of alive) each.kill(each.lastSignal);
});

/** A process that does not outlive this one. */
export class Process {
  /** Resolves when it has ended. What it had started may still run. */
  readonly exited: Promise<ProcessExit>;
  /** Resolves when it has ended and everything it said has been read. Never, if nobody reads it. */
  readonly closed: Promise<ProcessExit>;
  readonly #child: ChildProcess & { stdout: Readable };
  readonly #ownGroup: boolean;
  /** The signal for it if it still runs when this process ends. */
  readonly lastSignal: NodeJS.Signals;
  #error: Error | undefined;

  constructor([program = "", ...args]: readonly string[], options: ProcessOptions) {
    const { cwd, env, stderr = "pipe", lastSignal = "SIGKILL" } = options;
    this.lastSignal = lastSignal;
    // On Windows `detached` would open a window.
    const detached = options.ownGroup === true && process.platform !== "win32";
    const started = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", stderr], detached });
    this.#child = started as ChildProcess & { stdout: Readable };
    this.#ownGroup = detached;
    alive.add(this);
    this.exited = this.#ends("exit");
    this.closed = this.#ends("close");
    void this.exited.then(() => alive.delete(this));
  }

  /** 0 if it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Why it could not be started. */
  get error(): Error | undefined {
    return this.#error;
  }

  get stdout(): Readable {
    return this.#child.stdout;
  }

  /** Nothing if it goes to a file. */
  get stderr(): Readable | null {
    return this.#child.stderr;
  }

  /** Sends a signal, by default the one that ends it at once. It may have ended already. */
  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    if (!this.#ownGroup || this.pid === 0) return void this.#child.kill(signal);
    try {
      process.kill(-this.pid, signal);
    } catch {
      // No process of the group is left.
    }
  }

  /** Interrupts it as Ctrl-C does, but not what it has started. */
  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  /** Asks it to end, and kills it if it has not done so after some ms. Everything it says must be read. */
  async stop(patienceMs: number): Promise<ProcessExit> {
    this.kill("SIGTERM");
    const late = setTimeout(() => this.kill(), patienceMs);
    return this.closed.finally(() => clearTimeout(late));
  }

  #ends(event: "exit" | "close"): Promise<ProcessExit> {
    return new Promise((resolve) => {
      this.#child.once(event, (code, signal) => resolve({ code, signal }));
      this.#child.once("error", (error) => {
        this.#error = error;
        resolve({ code: null, signal: null });
      });
    });
  }
}
