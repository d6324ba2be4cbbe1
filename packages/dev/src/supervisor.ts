import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { Process, type ProcessExit } from "@rosetta/testkit/process";

/** A server to keep running. */
export interface Program {
  /** Its name in what the supervisor tells. */
  id: string;
  command: readonly string[];
  /** The folder in which it runs. */
  cwd: string;
  /** Its whole environment. */
  env: NodeJS.ProcessEnv;
}

/** What the supervisor tells of a server. */
export type News = { id: string } & (
  | {
      name: "up";
      url: string;
      /** Milliseconds since it was asked to start, or to end so that it can start again. */
      ms: number;
      /** Why it was restarted. Left out at the first start. */
      reason?: string;
    }
  | {
      /** It ended before it was ready. */
      name: "broken";
      /** All that it wrote. */
      output: string;
    }
  /** It had been ready, and ended although nobody here asked it to. */
  | { name: "ended"; exit: ProcessExit }
  /** It was killed on purpose, and starts again after some ms. */
  | { name: "killed"; downMs: number }
  /** It was frozen on purpose, and continues after some ms. */
  | { name: "frozen"; ms: number }
  /** A line that it wrote. */
  | { name: "said"; line: string }
);

/** Milliseconds that a server may take to end. Draining takes 5 s at most, unless its environment allows more. */
const patienceMs = 10_000;

/**
 * Runs servers, each in a process of its own that ends with this one. A server counts as up when it prints its one line
 * of JSON with `ready` and `url`.
 */
export class Supervisor {
  readonly #keepers: ReadonlyMap<string, Keeper>;

  constructor(programs: readonly Program[], tell: (news: News) => void) {
    this.#keepers = new Map(programs.map((program) => [program.id, new Keeper(program, tell)]));
  }

  /** Starts all servers. Resolves when each of them is up or has ended. */
  async start(): Promise<void> {
    await Promise.all([...this.#keepers.values()].map((keeper) => keeper.restart(undefined)));
  }

  /**
   * Asks a server to end with SIGTERM, as in production, and starts it again; one that is broken is only started.
   * Resolves when it is up or has ended. If it is restarted again meanwhile, the newest call counts for all of them.
   */
  async restart(id: string, reason: string): Promise<void> {
    await this.#keepers.get(id)?.restart(reason);
  }

  /**
   * Kills a server, as a crash does, and starts it again after some ms. Resolves when it is up or has ended. Nothing
   * happens if it does not run.
   */
  async kill(id: string, downMs: number): Promise<void> {
    await this.#keepers.get(id)?.kill(downMs);
  }

  /**
   * Freezes the process of a server for some ms: it keeps its connections and answers nothing. Does nothing if the
   * server does not run, or on Windows.
   */
  freeze(id: string, ms: number): void {
    this.#keepers.get(id)?.freeze(ms);
  }

  /** Asks all servers to end, and resolves when they have. Nothing starts after this. */
  async stop(): Promise<void> {
    await Promise.all([...this.#keepers.values()].map((keeper) => keeper.stop()));
  }
}

/** One server: at most one process at a time, and one start or end under way. */
class Keeper {
  readonly #program: Program;
  readonly #tell: (news: News) => void;
  #process: Process | undefined;
  /** Processes that were asked to end: their end is no news. */
  readonly #asked = new WeakSet<Process>();
  /** Why to start once more, when what is under way is over. */
  #next: { reason: string | undefined } | undefined;
  #work: Promise<void> | undefined;
  #isStopping = false;
  /** Lets a frozen process continue. */
  #thaw: NodeJS.Timeout | undefined;

  constructor(program: Program, tell: (news: News) => void) {
    this.#program = program;
    this.#tell = tell;
  }

  restart(reason: string | undefined): Promise<void> {
    this.#next = { reason };
    // The process that is starting now runs out-of-date code.
    if (this.#work) this.#ask();
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
    });
    return this.#work;
  }

  async kill(downMs: number): Promise<void> {
    const child = this.#process;
    // A process that is about to end need not be killed.
    if (!child || this.#asked.has(child)) return;
    this.#asked.add(child);
    child.kill();
    this.#tell({ id: this.#program.id, name: "killed", downMs });
    await pause(downMs, undefined, { ref: false });
    // A saved file may have started it already.
    if (!this.#process && !this.#isStopping) await this.restart("it was killed");
  }

  freeze(ms: number): void {
    const child = this.#process;
    if (!child || process.platform === "win32") return;
    child.kill("SIGSTOP");
    this.#tell({ id: this.#program.id, name: "frozen", ms });
    // The newest order counts.
    clearTimeout(this.#thaw);
    this.#thaw = setTimeout(() => child.kill("SIGCONT"), ms).unref();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#ask();
    await this.#work;
    await this.#end();
  }

  async #run(): Promise<void> {
    let began = performance.now();
    while (this.#next) {
      const { reason } = this.#next;
      this.#next = undefined;
      await this.#end();
      if (this.#next || this.#isStopping) continue;
      await this.#begin(reason, began);
      began = performance.now();
    }
  }

  // Only once: a server takes a second signal for an order to end at once.
  #ask(): void {
    if (!this.#process || this.#asked.has(this.#process)) return;
    this.#asked.add(this.#process);
    this.#process.kill("SIGTERM");
    // A frozen process would not receive the signal until it continues.
    if (process.platform !== "win32") this.#process.kill("SIGCONT");
  }

  async #end(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#ask();
    const late = setTimeout(() => child.kill(), patienceMs);
    await child.closed;
    clearTimeout(late);
  }

  /** Resolves when the server is up or has ended. */
  #begin(reason: string | undefined, began: number): Promise<void> {
    const { id, command, cwd, env } = this.#program;
    // On Windows Ctrl-C reaches the servers, too, and a restart ends them at once: there is no SIGTERM.
    const child = new Process(command, { cwd, env, ownGroup: true });
    this.#process = child;
    const { promise, resolve } = Promise.withResolvers<void>();
    const written: string[] = [];
    let isUp = false;

    const hear = (line: string): void => {
      const url = isUp ? undefined : readReady(line);
      if (url !== undefined) {
        isUp = true;
        const ms = performance.now() - began;
        if (!this.#asked.has(child)) this.#tell({ id, name: "up", url, ms, ...(reason && { reason }) });
        return resolve();
      }
      // Until it is up, it may be telling why it cannot be.
      if (isUp) this.#tell({ id, name: "said", line });
      else written.push(line);
    };
    listen(child.stdout, hear);
    if (child.stderr) listen(child.stderr, hear);
    void child.closed.then((exit) => {
      if (this.#process === child) this.#process = undefined;
      if (child.error) written.push(child.error.message);
      if (this.#asked.has(child)) return resolve();
      if (isUp) this.#tell({ id, name: "ended", exit });
      else this.#tell({ id, name: "broken", output: written.join("\n") });
      resolve();
    });
    return promise;
  }
}

function listen(stream: Readable, hear: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", hear);
}

/** Returns the URL of a line in which a server says that it is ready. */
function readReady(line: string): string | undefined {
  if (!line.startsWith('{"ready":true')) return undefined;
  try {
    const { url } = JSON.parse(line);
    return typeof url === "string" ? url : undefined;
  } catch {
    return undefined;
  }
}
