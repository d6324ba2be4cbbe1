// The command behind `pnpm cost`.

import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { findRedis, redisRemedy } from "@rosetta/cluster/testing";
import { parseCommandLine, root } from "@rosetta/manifest";
import { type Candidate, readCandidates } from "../candidates.ts";
import { readMachine } from "../machine.ts";
import type { Estimate } from "../statistics.ts";
import { readCommit, readVersions } from "../versions.ts";
import { type Contender, type CostRow, measureAppends, measureEngine, measureFanout } from "./measures.ts";

const usage = `pnpm cost [server] [options]

Measures the cost of several servers as one application: an append, a fan-out, and the memory of the engine.
Clusters are measured in turns, and each figure is the median with its 95 % confidence interval. Processor time is that
of the processes, over all their threads. Needs Linux and a Redis. Writes results/cost.json.

  --turns N          how often each is measured (default: 10)
  --listeners N      how many listen to a fan-out (default: 3000)
  --against FOLDER   another checkout of this repository, whose server is measured beside this one, both alone. May be
                     repeated
  --help             print this help

The server is express-ws by default.`;

const parsed = parseCommandLine(process.argv.slice(2), {
  turns: { type: "string", default: "10" },
  listeners: { type: "string", default: "3000" },
  against: { type: "string", multiple: true, default: [] },
  help: { type: "boolean", short: "h" },
});
if (typeof parsed === "string") refuse(parsed);
const { values, positionals } = parsed;
if (values.help) {
  console.log(usage);
  process.exit();
}
const turns = toNumber("turns", values.turns);
const listeners = toNumber("listeners", values.listeners);
const candidate = candidateOf(positionals[0] ?? "express-ws");
if (process.platform !== "linux") refuse("processor time is known only on Linux");
if (!findRedis()) refuse(redisRemedy);

// Servers and engines end with this process.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const alone: Contender = { title: "alone", candidate, count: "alone" };
// The same again shows the noise.
const again: Contender = { ...alone, title: "alone, again" };
const others = values.against.map(
  (folder): Contender => ({ ...alone, title: folder, candidate: inCheckout(folder) }),
);
const shared = (count: number): Contender => ({ title: `${count} with an engine`, candidate, count });

console.error(`${candidate.id}: appends`);
const appends = await measureAppends([alone, again, ...others, shared(1)], turns);
print("an event that nobody follows", appends);
console.error(`${candidate.id}: fan-out to ${listeners}`);
const fanout = await measureFanout([alone, shared(1), shared(3)], turns, listeners);
print(`an event that ${listeners} follow`, fanout);
console.error(`${candidate.id}: memory of the engine`);
const memory = await measureEngine(candidate);
console.log(`\nbytes in the engine: ${JSON.stringify(memory, (_, value) => rounded(value))}`);

mkdirSync(join(root, "results"), { recursive: true });
const facts = {
  date: new Date().toISOString(),
  commit: readCommit(),
  machine: readMachine(),
  versions: readVersions(),
};
const results = { ...facts, server: candidate.id, turns, listeners, appends, fanout, memory };
writeFileSync(join(root, "results/cost.json"), `${JSON.stringify(results, undefined, 2)}\n`);
process.exit();

function print(title: string, rows: readonly CostRow[]): void {
  console.log(`\n${title}`);
  for (const { title: name, ackMs, serverUs, engineUs } of rows) {
    console.log(
      `  ${name}: ack ${shown(ackMs)} ms; servers ${shown(serverUs)} µs; engine ${shown(engineUs)} µs`,
    );
  }
}

function shown({ value, low, high }: Estimate): string {
  return `${rounded(value)} [${rounded(low)}–${rounded(high)}]`;
}

function rounded(value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(3)) : value;
}

function candidateOf(id: string): Candidate {
  const apps = readCandidates().filter(({ kind }) => kind === "app");
  const found = apps.find((each) => each.id === id);
  return found ?? refuse(`there is no server "${id}"; there are: ${apps.map((each) => each.id).join(", ")}`);
}

function inCheckout(folder: string): Candidate {
  return { ...candidate, cwd: join(resolve(folder), "apps", candidate.id) };
}

function toNumber(name: string, text: string): number {
  const number = Number(text);
  return Number.isInteger(number) && number > 0
    ? number
    : refuse(`--${name} ${text}: expected a number above 0`);
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}
