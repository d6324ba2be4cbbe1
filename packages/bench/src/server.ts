// A server in its own process, on its own core.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { raisedLimits } from "@rosetta/manifest";
import { inheritedEnvironment, isFree } from "@rosetta/manifest/start";
import type { Candidate } from "./candidates.ts";
import type { Peer } from "./job.ts";
import { onCore } from "./machine.ts";

const startMs = 15_000;
const stopMs = 5_000;

const alive = new Set<ChildProcess>();
// Servers are also killed if the run ends halfway.
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** Every limit is far above what any scenario has under way: the stack is measured, not its policy. */
export const settings: Readonly<Record<string, string>> = {
  ...raisedLimits,
  MAX_QUEUE_BYTES: String(256 * 1024 * 1024),
  MAX_MESSAGES_PER_SECOND: "10000000",
  MAX_BURST: "10000000",
  // The generator answers no pings while it measures.
  HEARTBEAT_MS: "600000",
};

// Servers run as built code would. Node's type stripper leaves its mark on a process that had to use it: it
// detaches an ArrayBuffer, and from then on V8 checks every access to any, as in the loop with which ws unmasks
// (twice as slow).
const compiled = join(import.meta.dirname, "../node_modules/.cache/compiled");

/** A running server. */
export class MeasuredServer {
  readonly candidate: Candidate;
  readonly peer: Peer;
  readonly #child: ChildProcess;

  private constructor(candidate: Candidate, child: ChildProcess, port: number) {
    const path = candidate.echoPath;
    this.candidate = candidate;
    this.#child = child;
    this.peer = { host: "127.0.0.1", port, pid: child.pid ?? 0, ...(path !== undefined && { path }) };
  }

  /** Starts a server on a free port and waits until it listens. Rejects with its output if it does not. */
  static async start(
    candidate: Candidate,
    core: number | undefined,
    env: Record<string, string> = {},
  ): Promise<MeasuredServer> {
    const [command = "", ...args] = onCore(core, candidate.command);
    // A hello.ts does not treat port 0 as "any", so it gets a port that was free a moment ago.
    const port = await freePort();
    const child = spawn(command, args, {
      cwd: candidate.cwd,
      env: {
        ...inheritedEnvironment(),
        HOST: "127.0.0.1",
        NO_COLOR: "1",
        NODE_COMPILE_CACHE: compiled,
        NODE_OPTIONS: "",
        ...settings,
        ...env,
        PORT: String(port),
      },
      stdio: ["ignore", "pipe", "pipe"],
      // In its own process group: Ctrl-C then reaches only this process, which ends the server in order.
      detached: true,
    });
    alive.add(child);
    child.once("close", () => alive.delete(child));
    const said: string[] = [];
    const { promise: line, resolve, reject } = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).once("line", () => resolve());
    createInterface({ input: child.stderr }).on("line", (text) => void (said.length < 20 && said.push(text)));
    child.once("error", reject);
    child.once("close", () => reject(new Error("it ended before it listened")));
    const late = setTimeout(() => reject(new Error(`not ready after ${startMs} ms`)), startMs);
    try {
      await line;
    } catch (error) {
      child.kill("SIGKILL");
      throw new Error(`${candidate.id} did not start: ${(error as Error).message}\n${said.join("\n")}`);
    } finally {
      clearTimeout(late);
    }
    return new MeasuredServer(candidate, child, port);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), stopMs);
    await closed;
    clearTimeout(late);
  }
}

// Outside the range of outgoing connections, which a scenario with thousands of them needs.
let lastPort = 26_500;

async function freePort(): Promise<number> {
  do lastPort++;
  while (!(await isFree(lastPort)));
  return lastPort;
}
