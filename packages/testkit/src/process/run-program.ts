import { Process } from "./process.ts";

/** How to run a program to its end. */
export interface ProgramOptions {
  cwd: string;
  /** Added to our environment. */
  env?: NodeJS.ProcessEnv;
  /** When to kill it, in ms. Default: never. */
  deadlineMs?: number;
  /** Aborting it interrupts the program, kills it if it has not ended then, and rejects with the reason. */
  signal?: AbortSignal | undefined;
  /** How long an interrupted program may take to end, in ms. Default: 0, it is killed at once. */
  patienceMs?: number;
}

/** How a program ended. */
export interface Ended {
  code: number | null;
  /** The output on stdout and stderr. */
  output: string;
  /** True if its deadline ended it. */
  timedOut: boolean;
}

/**
 * Runs a program silently to its end. Whatever it left running is killed then: it would keep our pipes open, and its
 * ports in use. Rejects if the program cannot be started, or was aborted.
 */
export async function runProgram(command: readonly string[], options: ProgramOptions): Promise<Ended> {
  const { cwd, env, signal } = options;
  signal?.throwIfAborted();
  const child = new Process(command, { cwd, env: { ...process.env, ...env }, ownGroup: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  void child.exited.then(() => child.kill());
  const lift = bound(child, options);
  const { code } = await child.closed;
  const timedOut = lift();
  signal?.throwIfAborted();
  if (child.error) throw child.error;
  return { code, output, timedOut };
}

// Returns the function that lifts the bounds again, and returns whether the deadline has passed.
function bound(child: Process, { deadlineMs, signal, patienceMs = 0 }: ProgramOptions): () => boolean {
  let timedOut = false;
  let late: NodeJS.Timeout | undefined;
  const timeOut = (): void => {
    timedOut = true;
    child.kill();
  };
  const deadline = deadlineMs === undefined ? undefined : setTimeout(timeOut, deadlineMs);
  const interrupt = (): void => {
    if (patienceMs === 0) return child.kill();
    child.interrupt();
    late = setTimeout(() => child.kill(), patienceMs);
  };
  signal?.addEventListener("abort", interrupt, { once: true });
  return () => {
    for (const timer of [deadline, late]) clearTimeout(timer);
    signal?.removeEventListener("abort", interrupt);
    return timedOut;
  };
}
