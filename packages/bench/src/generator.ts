// The load generator as its caller sees it: a process on another core that does one job after the other.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { GeneratorAnswer, Job, Slice } from "./generator-job.ts";
import { onCore } from "./machine.ts";

const program = join(import.meta.dirname, "generator/main.ts");
const bunBinary = join(import.meta.dirname, "../node_modules/.bin/bun");

/** A running generator. */
export interface Generator {
  /** Measures one slice. Rejects with what went wrong, or with `GeneratorEnded` if the generator itself ended. */
  run(job: Job): Promise<Slice>;
  end(): void;
}

/** The generator has ended, so a failed job says nothing about the server. */
export class GeneratorEnded extends Error {}

/** The command that starts the generator in Bun. */
export const ownGenerator: readonly string[] = [bunBinary, program];

/** The same program in Node, with Node's sockets. */
export const nodeGenerator: readonly string[] = [process.execPath, program];

/** Starts a generator on a core. It ends at once when `signal` is aborted. */
export function startGenerator(
  core: number | undefined,
  signal: AbortSignal,
  command: readonly string[] = ownGenerator,
): Generator {
  const [program = "", ...args] = onCore(core, command);
  // In its own process group: Ctrl-C then reaches only this process, which ends the generator in order.
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], detached: true });
  signal.addEventListener("abort", () => child.kill("SIGKILL"));
  let why = "the load generator has ended";
  child.on("error", ({ message }) => {
    why = `the load generator did not start: ${message}`;
  });
  // A write to a generator that has ended shows up as a missing answer, so the error here can be ignored.
  child.stdin.on("error", () => {});
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    run: async (job) => {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new GeneratorEnded(why);
      const answer = JSON.parse(value) as GeneratorAnswer;
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer.slice;
    },
    end: () => child.stdin.end(),
  };
}
