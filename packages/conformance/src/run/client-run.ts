// Runs the cases for clients with one client: starts a server for it and a process that drives it, and watches
// both.

import { type ChildProcess, spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { allCases } from "../cases/index.ts";
import { isForClients } from "../model/case.ts";
import type { Result } from "../model/result.ts";
import { EventQueue } from "./event-queue.ts";
import { type ServeOptions, serveConformance } from "./serve.ts";
import type { ServerCommand } from "./server-process.ts";

/** How to judge a client. */
export interface ClientRunOptions
  extends Pick<ServeOptions, "port" | "host" | "cases" | "seed" | "settleMs"> {
  /**
   * `node` or `bun`: the `WebSocket` of that runtime. Anything else is a command that drives a client and gets the
   * URL of the server's page as its last argument. A browser needs no more than that.
   */
  client: string | ServerCommand;
  /** The deadline for each thing that is awaited, in ms. Default: 20,000. */
  deadlineMs?: number;
  /** How long the client may take to connect for the next case, in ms, including a start. Default: 30,000. */
  hangMs?: number;
  signal?: AbortSignal;
}

/** The client does not connect, however often it is started. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

type Event =
  | { kind: "begun"; id: string }
  | { kind: "judged"; result: Result }
  | { kind: "gone"; how: string }
  | { kind: "aborted" };

/**
 * Runs the cases with a client, except those for servers, and yields each result when it is done. A client that
 * hangs or dies is started again for the remaining cases. Throws `ClientGone` if it never connects.
 */
export async function* runClient(options: ClientRunOptions): AsyncGenerator<Result> {
  options.signal?.throwIfAborted();
  const inbox = new EventQueue<Event>();
  const serving = await serveConformance({
    ...options,
    watch: {
      begun: (id) => inbox.put({ kind: "begun", id }),
      judged: (result) => inbox.put({ kind: "judged", result }),
    },
  });
  const abort = () => inbox.put({ kind: "aborted" });
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    yield* new ClientRun(options, inbox, `${serving.url}/?agent=client`).results();
  } finally {
    options.signal?.removeEventListener("abort", abort);
    await serving.close();
  }
}

class ClientRun {
  readonly #options: ClientRunOptions;
  readonly #inbox: EventQueue<Event>;
  readonly #url: string;
  #left: number;
  /** Judged, but the client has not yet shown that it survived. */
  #held: Result | undefined;

  constructor(options: ClientRunOptions, inbox: EventQueue<Event>, url: string) {
    this.#options = options;
    this.#inbox = inbox;
    this.#url = url;
    this.#left = (options.cases ?? allCases).filter(isForClients).length;
  }

  async *results(): AsyncGenerator<Result> {
    while (this.#left > 0) yield* this.#round();
  }

  // Runs until all cases are done or the client has to be started again.
  async *#round(): AsyncGenerator<Result> {
    const driver = new Driver(commandOf(this.#options.client), this.#url);
    driver.gone.then((how) => this.#inbox.put({ kind: "gone", how }));
    try {
      const fate = yield* this.#watch();
      const last = this.#held;
      this.#held = undefined;
      if (!last) throw new ClientGone(`${fate}${driver.lastWords}`);
      yield fate === undefined ? last : blamed(last, fate);
    } finally {
      await driver.stop();
      this.#inbox.clear();
    }
  }

  // Yields the results before the last one. Returns what became of the client if it will not be back.
  async *#watch(): AsyncGenerator<Result, string | undefined> {
    const { hangMs = 30_000, signal } = this.#options;
    let fate: string | undefined;
    let running = false;
    while (running || (this.#left > 0 && fate === undefined)) {
      // A running case ends by itself, because every wait in it has a deadline.
      const event = await this.#inbox.take(running ? Number.POSITIVE_INFINITY : hangMs);
      signal?.throwIfAborted();
      if (event?.kind === "begun" && this.#held) yield this.#held;
      if (event?.kind === "judged") this.#left--;
      if (event?.kind === "judged" || event?.kind === "begun") {
        running = event.kind === "begun";
        this.#held = event.kind === "judged" ? event.result : undefined;
      } else fate = fateOf(event);
    }
    return fate;
  }
}

const hung = "the client hung";

function fateOf(event: Event | undefined): string {
  if (event?.kind === "gone") return `the client died: ${event.how}`;
  return `${hung} and never asked for the next case`;
}

function blamed(result: Result, why: string): Result {
  const grave = why.startsWith(hung) ? "stall" : "death";
  return { ...result, verdict: "fail", grave, behaviour: { verdict: "fail", why } };
}

function commandOf(client: string | ServerCommand): ServerCommand {
  if (typeof client !== "string") return client;
  const runtime = client === "node" && !process.versions.bun ? process.execPath : client;
  return client === "node" || client === "bun" ? { run: [runtime, globalDriver()] } : { run: client };
}

/** Returns the program that drives the global `WebSocket` of the runtime that runs it. */
export function globalDriver(): string {
  // The source in the workspace, or the built file in the published package.
  return fileURLToPath(new URL(`./drivers/global${extname(import.meta.url)}`, import.meta.url));
}

const stopMs = 5_000;
const keptBytes = 2_000;

// The process that drives the client, in its own process group, because a browser consists of several processes.
class Driver {
  /** Resolves when the process has ended, with how it ended. */
  readonly gone: Promise<string>;
  readonly #child: ChildProcess;
  #output = "";

  constructor({ run, cwd, env }: ServerCommand, url: string) {
    const shell = typeof run === "string";
    const [program, ...args] = shell ? [`${run} "${url}"`] : [...run, url];
    this.#child = spawn(program ?? "", args, {
      shell,
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe"],
      ...(cwd !== undefined && { cwd }),
      ...(env && { env }),
    });
    const keep = (bytes: Uint8Array) => {
      this.#output = (this.#output + bytes).slice(-keptBytes);
    };
    this.#child.stdout?.on("data", keep);
    this.#child.stderr?.on("data", keep);
    this.gone = new Promise((resolve) => {
      this.#child.once("error", ({ message }) => resolve(message));
      this.#child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
  }

  /** Returns the end of its output. */
  get lastWords(): string {
    const lines = this.#output.trim();
    return lines ? `; its output ends:\n  ${lines.split("\n").slice(-12).join("\n  ")}` : "";
  }

  /** Asks it to end, and kills it if it does not. */
  async stop(): Promise<void> {
    this.#signal("SIGTERM");
    const kill = setTimeout(() => this.#signal("SIGKILL"), stopMs);
    await this.gone;
    clearTimeout(kill);
    this.#signal("SIGKILL");
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(process.platform === "win32" ? pid : -pid, signal);
    } catch {
      // No process of the group is left.
    }
  }
}
