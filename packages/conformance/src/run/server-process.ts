// A server in its own process group: starts it, waits for it, restarts it if it died, and ends it in any case.

import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { addressOf } from "../wire/handshake.ts";
import { dial } from "../wire/tcp.ts";

/** How to start a server. */
export interface ServerCommand {
  /** A line for the shell, or a program and its arguments. */
  run: string | readonly [program: string, ...args: string[]];
  cwd?: string;
  /** The whole environment. Default: our own. */
  env?: Record<string, string>;
}

/** How to wait for a server. */
export interface Patience {
  /** How long it may take until its port answers, in ms. Default: 60,000. */
  startMs?: number;
  /** How long it may take to end before it is killed, in ms. Default: 8,000. */
  stopMs?: number;
  /** Called now and then while it is waited for. */
  waiting?: (ms: number) => void;
  signal?: AbortSignal;
}

/** The server did not start. The message says why and shows the end of its output. */
export class ServerStartError extends Error {
  override readonly name = "ServerStartError";
}

/** How a process ended. */
export interface ServerExit {
  /** In words: its exit code or signal, and the end of its output. */
  how: string;
  /** True for exit code 0. */
  well: boolean;
}

const pollMs = 20;
// Room for a stack trace of ten lines and the error above it.
const keptLines = 24;
const alive = new Set<ServerProcess>();

// Also runs when an uncaught error ends this process.
process.on("exit", () => {
  for (const server of alive) server.kill();
});

/** A server that was started. */
export class ServerProcess {
  readonly #command: ServerCommand;
  readonly #url: string;
  readonly #patience: Patience;
  #child: ChildProcess | undefined;
  #exit: { words: string; well: boolean } | undefined;
  #output: string[] = [];

  private constructor(command: ServerCommand, url: string, patience: Patience) {
    this.#command = command;
    this.#url = url;
    this.#patience = patience;
  }

  /** Starts a server and waits until the port of the URL answers. Rejects with a `ServerStartError`. */
  static async start(command: ServerCommand, url: string, patience: Patience = {}): Promise<ServerProcess> {
    const server = new ServerProcess(command, url, patience);
    if (await server.#answers()) {
      const { host } = new URL(url);
      throw new ServerStartError(
        `something listens on ${host} already; stop it, or leave out --start to judge it`,
      );
    }
    await server.#start();
    return server;
  }

  /** How its process ended, or nothing while it runs. */
  get exit(): ServerExit | undefined {
    return this.#exit && { how: `${this.#exit.words}${this.#lastWords}`, well: this.#exit.well };
  }

  /** Replaces it at once with a fresh process, because it is dead or has nothing to lose. */
  async revive(): Promise<void> {
    this.kill();
    await this.#ends(8_000);
    await this.#start();
  }

  /** Ends it: asks it first, and kills it if it takes too long. */
  async stop(): Promise<void> {
    const { stopMs = 8_000 } = this.#patience;
    this.#signal("SIGTERM");
    const deadline = performance.now() + stopMs;
    while (!(await this.#gone()) && performance.now() < deadline) await sleep(pollMs);
    // Also when the first process is gone, because what it started may still be there.
    this.kill();
    await this.#ends(1_000);
  }

  async #ends(ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    while (!(await this.#gone()) && performance.now() < deadline) await sleep(pollMs);
  }

  /** Ends it at once, with everything that it has started. */
  kill(): void {
    this.#signal("SIGKILL");
    alive.delete(this);
  }

  async #start(): Promise<void> {
    const { startMs = 60_000, waiting, signal } = this.#patience;
    this.#spawn();
    const began = performance.now();
    for (let told = 0; !(await this.#answers()); ) {
      const ms = performance.now() - began;
      // A command that exits normally may have left a server running, as `docker compose up -d` does.
      if (signal?.aborted || this.#exit?.well === false || ms > startMs) {
        await this.stop();
        signal?.throwIfAborted();
        throw this.#failed(startMs);
      }
      if (ms - told > 500) waiting?.(ms);
      if (ms - told > 500) told = ms;
      await sleep(pollMs);
    }
    this.#exit = undefined;
  }

  #spawn(): void {
    const { run, cwd, env } = this.#command;
    const [program, args] = typeof run === "string" ? [run, []] : [run[0], run.slice(1)];
    const child = spawn(program, args, {
      shell: typeof run === "string",
      // In its own process group, because a shell or a package manager does not pass signals on.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      ...(cwd !== undefined && { cwd }),
      ...(env && { env }),
    });
    alive.add(this);
    this.#child = child;
    this.#exit = undefined;
    this.#output = [];
    child.stdout.on("data", (bytes) => this.#keep(bytes));
    child.stderr.on("data", (bytes) => this.#keep(bytes));
    child.once("error", ({ message }) => {
      this.#exit = { words: message, well: false };
    });
    child.once("exit", (code, signal) => {
      if (this.#child === child) this.#exit = { words: wordsOf(code, signal), well: code === 0 };
    });
  }

  #keep(bytes: Uint8Array): void {
    const lines = Buffer.from(bytes).toString().split("\n");
    const last = this.#output.pop() ?? "";
    this.#output = [...this.#output, (last + lines[0]).slice(-400), ...lines.slice(1)].slice(-keptLines);
  }

  #failed(startMs: number): ServerStartError {
    const { host } = new URL(this.#url);
    const failed = this.#exit?.well === false ? `it ended with ${this.#exit.words}` : undefined;
    const why = failed ?? `nothing listened on ${host} after ${startMs / 1000} s`;
    return new ServerStartError(`the server did not start: ${why}${this.#lastWords}`);
  }

  get #lastWords(): string {
    const output = this.#output.map((line) => line.trimEnd()).filter(Boolean);
    return output.length > 0 ? `; its output ends:\n  ${output.join("\n  ")}` : "";
  }

  async #answers(): Promise<boolean> {
    const { host, port } = addressOf(this.#url);
    const duplex = await dial({ host, port, secure: false, deadlineMs: 1_000 }).catch(() => undefined);
    duplex?.destroy();
    return duplex !== undefined;
  }

  // A process whose parent has ended may stay in the process table until it is reaped, but it holds no port.
  async #gone(): Promise<boolean> {
    if (!this.#signal(0)) return true;
    const child = this.#child;
    const ended = !child || child.exitCode !== null || child.signalCode !== null;
    return ended && !(await this.#answers());
  }

  // Returns false if no process is left.
  #signal(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.#child ?? {};
    if (pid === undefined) return false;
    try {
      // Windows has no process groups.
      return process.kill(process.platform === "win32" ? pid : -pid, signal);
    } catch {
      return false;
    }
  }
}

// A shell reports a signal as a code above 128.
function wordsOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal) return signal;
  const name = Object.entries(constants.signals).find(([, number]) => number === (code ?? 0) - 128)?.[0];
  return name ? `exit code ${code}, ${name}` : `exit code ${code}`;
}
