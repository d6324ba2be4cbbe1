// The load generator: a job on each line of stdin, an answer on each line of stdout.

import { createInterface } from "node:readline";
import type { Answer, Job } from "../job.ts";
import { echo } from "./echo.ts";

const kinds = { echo };

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line) as Job;
  const answer: Answer = await kinds[job.kind](job).then(
    (slice) => ({ slice }),
    (error: Error) => ({ error: error.message }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit();
