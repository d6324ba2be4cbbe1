import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { Process, type ProcessExit } from "@rosetta/testkit/process";

const command = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Milliseconds that a run may take to end: its servers drain. */
const patienceMs = 20_000;
/** Milliseconds that a run may take to build the page and to start its servers. */
const startMs = 120_000;

/** `pnpm dev` as a user runs it. */
export class DevRun {
  /** Every line so far, without colours. */
  readonly lines: string[] = [];
  readonly #process: Process;

  private constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    const cwd = fileURLToPath(new URL("../../../..", import.meta.url));
    // SIGKILL would leave its servers behind: each of them has a process group of its own.
    const options = { cwd, env, ownGroup: true, lastSignal: "SIGTERM" } as const;
    this.#process = new Process([process.execPath, command, ...args], options);
  }

  /**
   * Starts it, and waits until it has printed where its servers are. Rejects with its output if it ends before, or if
   * it takes longer than two minutes.
   */
  static async start(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<DevRun> {
    const run = new DevRun(args, env);
    const ready = Promise.withResolvers<void>();
    for (const stream of [run.#process.stdout, run.#process.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on("line", (line) => {
        run.lines.push(stripVTControlCharacters(line));
        if (run.lines.at(-1) === "Ctrl-C stops all") ready.resolve();
      });
    }
    const fail = (what: string) => ready.reject(new Error(`${what}:\n${run.lines.join("\n")}`));
    void run.#process.closed.then(() => fail("pnpm dev has ended"));
    const late = setTimeout(() => fail(`pnpm dev is not ready after ${startMs / 1000} s`), startMs);
    try {
      await ready.promise;
      return run;
    } catch (error) {
      await run.stop();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** Returns the address of a server, from the board. */
  urlOf(id: string): string {
    return this.#find(new RegExp(`(http://\\S+) .* apps/${id}/src$`, "m"));
  }

  /** The one address of all servers. */
  get balancerUrl(): string {
    return this.#find(/^One application on all of them: (\S+)$/m);
  }

  /** The port of the Redis that it has started. */
  get enginePort(): number {
    return Number(this.#find(/they share \S+-server on port (\d+)$/m));
  }

  /** Ends it as production does. */
  async stop(): Promise<ProcessExit> {
    return this.#process.stop(patienceMs);
  }

  #find(pattern: RegExp): string {
    const [, found] = pattern.exec(this.lines.join("\n")) ?? [];
    if (found === undefined) throw new Error(`no line ${pattern} in:\n${this.lines.join("\n")}`);
    return found;
  }
}
