import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { findRedis } from "@rosetta/cluster/testing";
import { shownRedisUrl } from "@rosetta/protocol";
import { Process, type ProcessExit } from "@rosetta/testkit/process";

/** One line that says what to do if no Redis is installed. */
export const noEngine =
  "--cluster needs a Redis, and neither redis-server nor valkey-server is on the PATH. Debian and Ubuntu: sudo apt install " +
  "redis-server; macOS: brew install valkey; Windows: either of them in WSL; Docker: docker run -p 127.0.0.1:6379:6379 " +
  "valkey/valkey, then REDIS_URL=redis://127.0.0.1:6379 pnpm dev --cluster";

/** Milliseconds that a Redis may take to end. It has nothing to save. */
const patienceMs = 2_000;

/** The engine through which the servers of a run are one application. */
export class DevEngine {
  /** For `REDIS_URL`. */
  readonly url: string;
  /** Names the program and its port, or the URL without its password. */
  readonly title: string;
  /** The command that starts it. Undefined if `REDIS_URL` names one that already runs. */
  readonly #command: ((folder: string) => string[]) | undefined;
  #process: Process | undefined;
  #folder: string | undefined;
  readonly #remove = (): void => {
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
  };

  private constructor(url: string, title: string, command?: (folder: string) => string[]) {
    this.url = url;
    this.title = title;
    this.#command = command;
  }

  /**
   * Returns the Redis that `REDIS_URL` names, or one that can be started on a port of this machine and keeps nothing on
   * disk. Returns `undefined` if none is installed.
   */
  static find(env: NodeJS.ProcessEnv, port: number): DevEngine | undefined {
    if (env.REDIS_URL) return new DevEngine(env.REDIS_URL, shownRedisUrl(env.REDIS_URL));
    const program = findRedis();
    if (!program) return undefined;
    const title = `${basename(program)} on port ${port}`;
    return new DevEngine(`redis://127.0.0.1:${port}`, title, (folder) => [
      program,
      ...optionsOf(port, folder),
    ]);
  }

  /**
   * Starts it, unless `REDIS_URL` names one that already runs. Calls `failed` if it ends later without being asked to.
   * Rejects with its output if it does not start.
   */
  async start(failed: (exit: ProcessExit) => void): Promise<void> {
    if (!this.#command) return;
    const folder = mkdtempSync(join(tmpdir(), "rosetta-engine-"));
    this.#folder = folder;
    // Runs however this process ends.
    process.on("exit", this.#remove);
    const child = new Process(this.#command(folder), { cwd: folder, env: process.env, ownGroup: true });
    this.#process = child;
    const trouble = await whyNotReady(child);
    if (trouble !== undefined) throw new Error(`${this.title} does not start: ${trouble}`);
    void child.closed.then((exit) => {
      if (this.#process) failed(exit);
    });
  }

  /** Ends the Redis that `start()` started, and removes its files. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    await child?.stop(patienceMs);
    this.#remove();
    process.off("exit", this.#remove);
  }
}

function optionsOf(port: number, folder: string): string[] {
  const options = {
    port: String(port),
    bind: "127.0.0.1",
    dir: folder,
    // No snapshots and no log of its commands.
    save: "",
    appendonly: "no",
    "maxmemory-policy": "noeviction",
    daemonize: "no",
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Reads the output of a Redis until it is ready. If it ends before that, returns the last line. */
function whyNotReady(child: Process): Promise<string | undefined> {
  return new Promise((resolve) => {
    let last = "it wrote nothing";
    const hear = (line: string): void => {
      if (line.trim() !== "") last = line;
      if (line.includes("Ready to accept connections")) resolve(undefined);
    };
    // Everything is read for as long as it runs: a full pipe would stop it.
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", hear);
    }
    void child.closed.then(() => resolve(child.error?.message ?? last));
  });
}
