import { spawn } from "node:child_process";

/** How a process ended. `timedOut` is true if its deadline ended it. */
export interface Ended {
  code: number | null;
  output: string;
  timedOut: boolean;
}

export interface ProcessOptions {
  cwd: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  deadlineMs: number;
  /** Aborting it kills the process with everything it started, and rejects the promise. */
  signal: AbortSignal;
}

/** Runs a script, silently, with the Node that runs this one. When it ends, whatever it left running is killed. */
export function runNode(args: string[], { cwd, env, deadlineMs, signal }: ProcessOptions): Promise<Ended> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    // In its own process group Ctrl-C in the terminal does not reach it, and leftovers can be killed together.
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    let timedOut = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    const end = () => endGroup(child.pid);
    const deadline = setTimeout(() => {
      timedOut = true;
      end();
    }, deadlineMs);
    signal.addEventListener("abort", end, { once: true });
    child.on("error", reject);
    child.on("exit", end);
    child.on("close", (code) => {
      clearTimeout(deadline);
      signal.removeEventListener("abort", end);
      if (signal.aborted) reject(signal.reason);
      else resolve({ code, output, timedOut });
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}
