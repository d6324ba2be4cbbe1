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
  /** Measures one slice; rejects with what went wrong. */
  run(job: Job): Promise<Slice>;
  end(): void;
}

/** Starts a generator on a core, in Bun; `runtime` is another one to compare it with. */
export function startGenerator(core: number | undefined, runtime: string = bunBinary): Generator {
  const [command = "", ...args] = onCore(core, [runtime, program]);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    run: async (job) => {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error("the generator has ended");
      const answer = JSON.parse(value) as Answer;
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer.slice;
    },
    end: () => child.stdin.end(),
  };
}
