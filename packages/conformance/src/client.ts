// Runs the cases for clients with one client: a server for it, a process that drives it, and an eye on both.

import { type ChildProcess, spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { allCases } from "./cases/index.ts";
import { Inbox } from "./inbox.ts";
import type { Result } from "./run.ts";
import { isForClients, type ServeOptions, serveConformance } from "./serve.ts";
import type { Command } from "./server.ts";

/** How a client is judged. */
export interface ClientOptions extends Pick<ServeOptions, "port" | "host" | "cases" | "seed" | "settleMs"> {
  /**
   * `node` or `bun`: the `WebSocket` of that runtime. Otherwise a command that drives a client, which gets the URL
   * of the server's page as its last argument: a browser does with no more.
   */
  client: string | Command;
  /** For each thing that is awaited, in ms. Default: 20,000. */
  deadlineMs?: number;
  /** How long the client may take to come to the next case, in ms, a start included. Default: 30,000. */
  hangMs?: number;
  signal?: AbortSignal;
}

/** The client does not come, however often it is started. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

type Event =
  | { kind: "begun"; id: string }
  | { kind: "judged"; result: Result }
  | { kind: "gone"; how: string }
  | { kind: "aborted" };

/**
 * Runs the cases with a client; those for servers are left out. Results come as they are done. A client that hangs or
 * dies is started again for the cases that are left. Throws `ClientGone` if it never comes.
 */
export async function* runClient(options: ClientOptions): AsyncGenerator<Result> {
  const { client, cases = allCases, hangMs = 30_000, signal } = options;
  signal?.throwIfAborted();
  const inbox = new Inbox<Event>();
  const serving = await serveConformance({
    ...options,
    watch: {
      begun: (id) => inbox.put({ kind: "begun", id }),
      judged: (result) => inbox.put({ kind: "judged", result }),
    },
  });
  const abort = () => inbox.put({ kind: "aborted" });
  signal?.addEventListener("abort", abort, { once: true });
  try {
    let left = cases.filter(isForClients).length;
    while (left > 0) {
      for await (const result of round(
        commandOf(client),
        `${serving.url}/?agent=client`,
        left,
        inbox,
        hangMs,
      )) {
        left--;
        yield result;
      }
      signal?.throwIfAborted();
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    await serving.close();
  }
}

// Until all is done, or the client is to be started again.
async function* round(
  command: Command,
  url: string,
  left: number,
  inbox: Inbox<Event>,
  hangMs: number,
): AsyncGenerator<Result> {
  const driver = new Driver(command, url);
  driver.gone.then((how) => inbox.put({ kind: "gone", how }));
  // Judged, but the client has not shown yet that it lived on.
  let held: Result | undefined;
  let running = false;
  let fate: string | undefined;
  try {
    while (left > 0 && !(fate && !running)) {
      // A case that is running ends by itself: every wait in it has a deadline.
      const event = await inbox.take(running ? Number.POSITIVE_INFINITY : hangMs);
      if (event?.kind === "aborted") return;
      if (event?.kind === "begun") {
        if (held) yield held;
        held = undefined;
        running = true;
      } else if (event?.kind === "judged") {
        held = event.result;
        running = false;
        left--;
      } else
        fate = event ? `the client died: ${event.how}` : "the client hung, and did not come to the next case";
    }
    if (fate && !held) throw new ClientGone(`${fate}${driver.lastWords}`);
    if (held) yield left > 0 && fate ? blamed(held, fate) : held;
  } finally {
    await driver.stop();
    inbox.clear();
  }
}

function blamed(result: Result, why: string): Result {
  return { ...result, verdict: "fail", behaviour: { verdict: "fail", why } };
}

function commandOf(client: string | Command): Command {
  if (typeof client !== "string") return client;
  const runtime = client === "node" && !process.versions.bun ? process.execPath : client;
  return client === "node" || client === "bun" ? { run: [runtime, globalDriver()] } : { run: client };
}

/** The program that drives the global `WebSocket` of the runtime that it is started with. */
export function globalDriver(): string {
  // From source or as it is published.
  return fileURLToPath(new URL(`./drivers/global${extname(import.meta.url)}`, import.meta.url));
}

const stopMs = 5_000;
const keptBytes = 2_000;

// The process that drives the client, in a group of its own: a browser is many.
class Driver {
  /** Resolves when the process has ended, with how it did. */
  readonly gone: Promise<string>;
  readonly #child: ChildProcess;
  #output = "";

  constructor({ run, cwd, env }: Command, url: string) {
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

  /** How its output ended. */
  get lastWords(): string {
    const lines = this.#output.trim();
    return lines ? `; its output ends:\n  ${lines.split("\n").slice(-12).join("\n  ")}` : "";
  }

  /** Asks it to end, and ends it. */
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
      // There is nobody left.
    }
  }
}
