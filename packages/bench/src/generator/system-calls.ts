// How many system calls a process makes, counted by strace. Linux only.

import { spawn } from "node:child_process";

/**
 * Counts the system calls of all threads of a process, which slows it down: strace stops it at each of them. Resolves when
 * counting has begun, with a function that ends it and returns the number. It is NaN where strace cannot do that.
 */
export async function countCalls(pid: number): Promise<() => Promise<number>> {
  const strace = spawn("strace", ["-c", "-f", "-U", "calls,name", "-p", `${pid}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  const ended = new Promise<void>((resolve) => {
    strace.once("close", () => resolve());
    strace.once("error", () => resolve());
  });
  const attached = new Promise<void>((resolve) => {
    strace.stderr.on("data", (text: Buffer) => {
      said += text.toString();
      if (said.includes(" attached")) resolve();
    });
  });
  await Promise.race([attached, ended]);
  return async () => {
    strace.kill("SIGINT");
    await ended;
    return readCalls(said);
  };
}

/** Returns the total of the table that strace prints, or NaN if there is none. */
export function readCalls(table: string): number {
  const [, total] = /^\s*(\d+)\s+total\s*$/m.exec(table) ?? [];
  return Number(total ?? Number.NaN);
}
