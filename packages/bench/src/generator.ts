// The load generator as its caller sees it: a process on another core, one job after the other.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Answer, Job, Slice } from "./job.ts";
import { onCore } from "./machine.ts";

const program = join(import.meta.dirname, "generator/main.ts");
const bunBinary = join(import.meta.dirname, "../node_modules/.bin/bun");

/** A generator that runs. */
export interface Generator {
  /** Measures one slice; rejects with what went wrong, with `GeneratorEnded` if that was the generator. */
  run(job: Job): Promise<Slice>;
  end(): void;
}

/** The generator is gone: whatever was asked of it says nothing about a server. */
export class GeneratorEnded extends Error {}

/** The generator's own command, in Bun. */
export const ownGenerator: readonly string[] = [bunBinary, program];

/** The same program in Node, with its sockets. */
export const nodeGenerator: readonly string[] = [process.execPath, program];

/** Starts a generator on a core; it ends at once when `signal` says so. */
export function startGenerator(
  core: number | undefined,
  signal: AbortSignal,
  command: readonly string[] = ownGenerator,
): Generator {
  const [program = "", ...args] = onCore(core, command);
  // In a group of its own: Ctrl-C is for the one who started it, who ends it in order.
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], detached: true });
  signal.addEventListener("abort", () => child.kill("SIGKILL"));
  let why = "the load generator has ended";
  child.on("error", ({ message }) => {
    why = `the load generator did not start: ${message}`;
  });
  // What is written to one that has ended is told by the missing answer.
  child.stdin.on("error", () => {});
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    run: async (job) => {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new GeneratorEnded(why);
      const answer = JSON.parse(value) as Answer;
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer.slice;
    },
    end: () => child.stdin.end(),
  };
}
