// The load generator reads one job from each line of stdin and writes one answer to each line of stdout.

import { createInterface } from "node:readline";
import type { GeneratorAnswer, Job, Slice } from "../generator-job.ts";
import { check } from "./check.ts";
import { connections, idle } from "./connect-and-idle.ts";
import { echo } from "./echo.ts";
import { fanout } from "./fanout.ts";
import { growth } from "./growth.ts";
import { load } from "./load.ts";
import { slow } from "./slow.ts";

for await (const line of createInterface({ input: process.stdin })) {
  const answer: GeneratorAnswer = await run(JSON.parse(line) as Job).then(
    (slice) => ({ slice }),
    (error: Error) => ({ error: error.message }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit();

function run(job: Job): Promise<Slice> {
  if (job.kind === "echo") return echo(job);
  if (job.kind === "fanout") return fanout(job);
  if (job.kind === "check") return check(job);
  if (job.kind === "load") return load(job);
  if (job.kind === "slow") return slow(job);
  if (job.kind === "growth") return growth(job);
  return job.kind === "connect" ? connections(job) : idle(job);
}
