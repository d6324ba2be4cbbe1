// A server in its own process, on its own core.

import { join } from "node:path";
import { createInterface } from "node:readline";
import { raisedLimits } from "@rosetta/manifest";
import { inheritedEnvironment, isFree } from "@rosetta/manifest/start";
import { Process } from "@rosetta/testkit/process";
import type { Candidate } from "./candidates.ts";
import type { PeerAddress } from "./generator-job.ts";
import { onCore } from "./machine.ts";

const startMs = 15_000;
const stopMs = 5_000;

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
  readonly peer: PeerAddress;
  readonly #process: Process;

  private constructor(candidate: Candidate, child: Process, port: number) {
    const path = candidate.echoPath;
    this.candidate = candidate;
    this.#process = child;
    this.peer = { host: "127.0.0.1", port, pid: child.pid, ...(path !== undefined && { path }) };
  }

  /** Starts a server on a free port and waits until it listens. Rejects with its output if it does not. */
  static async start(
    candidate: Candidate,
    core: number | undefined,
    env: Record<string, string> = {},
  ): Promise<MeasuredServer> {
    // A rung does not say in JSON where it listens, so it gets a port that was free a moment ago.
    const port = await freePort();
    const child = new Process(onCore(core, candidate.command), {
      cwd: candidate.cwd,
      env: {
        ...inheritedEnvironment(),
        HOST: "127.0.0.1",
        NO_COLOR: "1",
        NODE_COMPILE_CACHE: compiled,
        NODE_OPTIONS: "",
        ...settings,
        ...candidate.env,
        ...env,
        PORT: String(port),
      },
      ownGroup: true,
    });
    const said: string[] = [];
    const { promise: line, resolve, reject } = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).once("line", () => resolve());
    const keep = (text: string) => void (said.length < 20 && said.push(text));
    if (child.stderr) createInterface({ input: child.stderr }).on("line", keep);
    void child.closed.then(() => reject(child.error ?? new Error("it ended before it accepted connections")));
    const late = setTimeout(() => reject(new Error(`not ready after ${startMs} ms`)), startMs);
    try {
      await line;
    } catch (error) {
      child.kill();
      throw new Error(`${candidate.id} did not start: ${(error as Error).message}\n${said.join("\n")}`);
    } finally {
      clearTimeout(late);
    }
    return new MeasuredServer(candidate, child, port);
  }

  async stop(): Promise<void> {
    await this.#process.stop(stopMs);
  }
}

// Outside the range of outgoing connections, which a scenario with thousands of them needs.
let lastPort = 26_500;

async function freePort(): Promise<number> {
  do lastPort++;
  while (!(await isFree(lastPort)));
  return lastPort;
}
