import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { commandOfRung, folderOf, type Manifest } from "@rosetta/manifest";
import { commandOf, inheritedEnvironment } from "@rosetta/manifest/start";
import { errorAt } from "./failure.ts";
import { within } from "./inbox.ts";
import { Ports } from "./ports.ts";
import { Process, type ProcessExit } from "./process/index.ts";

/** The one line that a server prints when it listens. */
export interface Ready {
  ready: true;
  server: string;
  url: string;
  runtime: string;
}

/** How to start a server. */
export interface ServerPlan {
  manifest: Manifest;
  /** The rung of its ladder to start, such as `3-heartbeat`. Default: the app itself. */
  rung?: string | undefined;
  ports: Ports;
  /** The port to listen on. Default: any free one. */
  port?: number;
  /**
   * The folder of its code. Default: APP_FOLDER, which is a copy of the app that the run is about, or the app
   * itself.
   */
  folder?: string;
  /** Variables to add to the server's environment. */
  env?: Record<string, string>;
  /**
   * What happens to its log: we read it, nobody reads it, the disk is full, or the reader has gone. Default:
   * `read`.
   */
  log?: "read" | "stalled" | "full" | "gone";
  /**
   * Whether a start ends only when the server is healthy: one that shares an engine listens before it has reached it.
   * Default: false, so it ends when the server listens.
   */
  untilHealthy?: boolean;
}

/** A server could not be started or has died, which never counts as a declared deviation. */
export class ServerError extends Error {
  override readonly name = "ServerError";

  constructor(message: string) {
    super(message);
    errorAt(this, this);
  }
}

const readyMs = 15_000;
const stopMs = 10_000;

// The folder in which Node keeps compiled code, which halves the time that a server takes to start. It is not used
// with a coverage report, which it would distort (https://nodejs.org/api/module.html#module-compile-cache).
const compiled = join(import.meta.dirname, "../node_modules/.cache/servers");
const cache: Record<string, string> = process.env.NODE_V8_COVERAGE ? {} : { NODE_COMPILE_CACHE: compiled };

/** A server in its own process. */
export class Server {
  readonly manifest: Manifest;
  readonly port: number;
  /** The lines of its log. */
  readonly stderr: string[] = [];
  readonly stdout: string[] = [];
  /** The line that it printed when it was ready. A rung prints only its URL. */
  ready: Ready | undefined;
  readonly #plan: ServerPlan;
  #process: Process | undefined;
  #exit: Promise<ProcessExit> = Promise.resolve({ code: null, signal: null });
  #end: ProcessExit | undefined;

  private constructor(plan: ServerPlan, port: number) {
    this.#plan = plan;
    this.manifest = plan.manifest;
    this.port = port;
  }

  /** Starts a server on a free port and waits until it listens. */
  static async start(plan: ServerPlan): Promise<Server> {
    for (;;) {
      const server = new Server(plan, plan.port ?? (await plan.ports.next()));
      try {
        await server.#start();
        return server;
      } catch (error) {
        // Another process took the port between the check and the start.
        if (!server.stderr.some((line) => line.includes("EADDRINUSE")) || plan.port) throw error;
      }
    }
  }

  /** Starts a server that is expected to fail, and waits until it has ended. */
  static async attempt(plan: ServerPlan): Promise<Server> {
    const server = new Server(plan, await plan.ports.next());
    collect(server.#spawn().stdout, server.stdout);
    await server.exited().finally(() => server.kill());
    return server;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  wsUrl(path: string): string {
    return `ws://127.0.0.1:${this.port}${path}`;
  }

  /** How it ended, if it has. */
  get exit(): ProcessExit | undefined {
    return this.#end;
  }

  /** Asks it to stop and waits until it has. */
  async stop(signal: NodeJS.Signals = "SIGTERM", deadline = stopMs): Promise<ProcessExit> {
    this.#process?.kill(signal);
    return this.exited(deadline);
  }

  /** Kills it at once. */
  async kill(): Promise<ProcessExit> {
    return this.stop("SIGKILL");
  }

  /** Resolves with how it ended, once it has. */
  exited(deadline = stopMs): Promise<ProcessExit> {
    return within(this.#exit, `the end of ${this.#name()}`, { deadline }, () => this.log());
  }

  /** Restarts it on the same port. If it still runs, it is first asked to stop. */
  async restart(signal?: NodeJS.Signals): Promise<void> {
    if (!this.#end) await this.stop(signal);
    await this.#start();
  }

  /** Resolves when the server reports that it is healthy. Otherwise never. */
  async healthy(): Promise<void> {
    while (!this.#end) {
      const answer = await fetch(`${this.url}/healthz`).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Freezes it with its sockets open, so that to its peers it looks like a dead network. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Returns the end of its log, from a line on. */
  log(from = 0): string {
    const lines = this.stderr.slice(from).slice(-20);
    return lines.length ? `its log ends:\n  ${lines.join("\n  ")}` : "it logged nothing";
  }

  async #start(): Promise<void> {
    const { stdout } = this.#spawn();
    const ready = this.#plan.rung === undefined ? this.#readyLine(stdout) : this.#urlLine(stdout);
    const died = this.#exit.then((exit) =>
      Promise.reject(new Error(`the process ended (${describeExit(exit)})`)),
    );
    try {
      await within(Promise.race([ready, died]), "it to listen", { deadline: readyMs });
      if (this.#plan.untilHealthy) await within(this.healthy(), "it to be healthy", { deadline: readyMs });
    } catch (error) {
      await this.kill();
      const { message } = error as Error;
      throw new ServerError(`${this.#name()} did not start: ${message}; ${this.log()}`);
    }
  }

  #spawn(): Process {
    const { manifest, rung, folder, log = "read" } = this.#plan;
    const full = log === "full" ? openSync("/dev/full", "w") : undefined;
    const command = rung === undefined ? manifest.start : commandOfRung(manifest, rung);
    const child = new Process(commandOf(manifest, command), {
      cwd: folder ?? process.env.APP_FOLDER ?? folderOf(manifest.id),
      env: this.#environment(),
      stderr: full ?? "pipe",
    });
    if (full !== undefined) closeSync(full);
    this.#process = child;
    this.#end = undefined;
    this.#exit = this.#ends(child);
    if (log === "read" && child.stderr) collect(child.stderr, this.stderr);
    if (log === "stalled") child.stderr?.pause();
    if (log === "gone") child.stderr?.destroy();
    return child;
  }

  #environment(): Record<string, string> {
    // All clients of the suite share one address, so the limit per address must not get in their way.
    const hurried = { MAX_REQUESTS_PER_SECOND: "1000000", MAX_REQUEST_BURST: "1000000" };
    const own = { PORT: String(this.port), HOST: "127.0.0.1", CHAOS: "1", NO_COLOR: "1", ...hurried };
    return { ...cache, ...inheritedEnvironment(), ...own, ...this.#plan.env };
  }

  async #ends(child: Process): Promise<ProcessExit> {
    // If we read the log, wait for its end, because at `exited` there can be lines that we have not read yet.
    this.#end = await ((this.#plan.log ?? "read") === "read" ? child.closed : child.exited);
    if (child.error) this.stderr.push(child.error.message);
    return this.#end;
  }

  async #readyLine(stdout: Readable): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const first = this.stdout.length;
    collect(stdout, this.stdout, () => {
      this.ready = parseReady(this.stdout[first] ?? "");
      if (this.ready) resolve();
      else reject(new Error(`its first line on stdout is not the ready line: ${this.stdout[first]}`));
    });
    return promise;
  }

  async #urlLine(stdout: Readable): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const first = this.stdout.length;
    collect(stdout, this.stdout, () => {
      if (this.stdout[first] === this.url) resolve();
      else reject(new Error(`its first line on stdout is not its URL: ${this.stdout[first]}`));
    });
    return promise;
  }

  #name(): string {
    const { manifest, rung } = this.#plan;
    return `${manifest.id}${rung === undefined ? "" : ` (${rung})`} on port ${this.port}`;
  }
}

/**
 * Starts servers for the first time on this machine and ends them in order, because only then does Node keep what
 * it has compiled. Tests kill most of their servers. A server that does not start is left for the tests to report.
 */
export async function warm(manifests: readonly Manifest[]): Promise<void> {
  if (existsSync(compiled)) return;
  const ports = new Ports(0);
  const once = async (manifest: Manifest): Promise<void> => {
    await (await Server.start({ manifest, ports })).stop();
  };
  await Promise.allSettled(manifests.map(once));
}

/** Describes an exit. */
export function describeExit({ code, signal }: ProcessExit): string {
  return signal ? `ended by ${signal}` : `exit code ${code}`;
}

function parseReady(line: string): Ready | undefined {
  try {
    const ready = JSON.parse(line) as Ready;
    return ready.ready === true ? ready : undefined;
  } catch {
    return undefined;
  }
}

function collect(stream: Readable, lines: string[], added: () => void = () => undefined): void {
  createInterface({ input: stream }).on("line", (line) => {
    lines.push(line);
    added();
  });
}
