import { spawn } from "node:child_process";

/** How a process ended: `timedOut` if the deadline ended it. */
export interface Ended {
  code: number | null;
  output: string;
  timedOut: boolean;
}

export interface ProcessOptions {
  cwd: string;
  /** Added to this process' environment. */
  env?: Record<string, string>;
  deadlineMs: number;
  /** Ends it with everything that it started; then the promise is rejected. */
  signal: AbortSignal;
}

/** Runs a script with this very Node, silently. Whatever it leaves behind is killed when it ends. */
export function runNode(args: string[], { cwd, env, deadlineMs, signal }: ProcessOptions): Promise<Ended> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C in the terminal reaches only us, and what is left can be ended as one.
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
    // Nothing is left of it.
  }
}
