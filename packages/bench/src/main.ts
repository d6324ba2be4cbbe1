import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { styleText } from "node:util";
import { readArguments, usage } from "./arguments.ts";
import { type Candidate, readCandidates } from "./candidates.ts";
import { startGenerator } from "./generator.ts";
import { readMachine } from "./machine.ts";
import { type Bench, type Method, measure } from "./measure.ts";
import type { BenchResults, Measure, Row } from "./results.ts";
import { full, methodsOf, quick } from "./scenarios.ts";
import { raisedLimits } from "./server.ts";

const root = resolve(import.meta.dirname, "../../..");
const everybody = readCandidates();
const request = readArguments(
  process.argv.slice(2),
  everybody.map(({ id }) => id),
);

if (typeof request === "string") {
  console.error(request);
  process.exitCode = 2;
} else if (request.help) console.log(usage);
else await run(request);

async function run({
  servers,
  scenarios,
  quick: isQuick,
  pairs,
  json,
}: Exclude<typeof request, string>): Promise<void> {
  const machine = readMachine();
  const effort = { ...(isQuick ? quick : full), ...(pairs !== undefined && { pairs }) };
  const candidates = servers.length > 0 ? everybody.filter(({ id }) => servers.includes(id)) : everybody;
  const stopped = new AbortController();
  process.once("SIGINT", () => stopped.abort(new Error("interrupted")));
  const generator = startGenerator(machine.pinned?.generator);
  const bench = {
    generator,
    candidates,
    everybody,
    core: machine.pinned?.server,
    tell,
    signal: stopped.signal,
  };
  if (!machine.pinned) console.log("Nothing is pinned to a core here (taskset): expect more noise.");
  const measures: Measure[] = [];
  try {
    for (const method of methodsOf(scenarios, effort)) measures.push(await measured(method, bench));
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
    console.log("\nInterrupted: what is complete is kept.");
    process.exitCode = 130;
  } finally {
    generator.end();
    save(resolve(process.env.INIT_CWD ?? root, json ?? `${root}/results/bench.json`), {
      date: new Date().toISOString(),
      commit: commit(),
      quick: isQuick,
      complete: !stopped.signal.aborted,
      machine,
      versions: versions(),
      settings: raisedLimits,
      candidates: candidates.map(({ id, title, kind, control }) => ({
        id,
        title,
        kind,
        ...(control && { control }),
      })),
      measures,
    });
  }
}

async function measured(method: Method, bench: Bench): Promise<Measure> {
  console.log(`\n${bold(method.scenario)} ${method.title}`);
  const result = await measure(method, bench);
  tell("");
  if (result.noise) console.log(dim(`  A/A ${interval(result.noise)}`));
  for (const row of result.rows) console.log(`  ${line(row, result, bench.everybody)}`);
  return result;
}

function line(row: Row, { unit }: Measure, everybody: readonly Candidate[]): string {
  const name = (everybody.find(({ id }) => id === row.candidate)?.title ?? row.candidate).padEnd(42);
  if (row.verdict !== "measured")
    return `${name} ${styleText("yellow", row.verdict, { stream: process.stdout })}: ${row.why}`;
  const { figure, ratio, stalled } = row;
  const value = figure ? `${number(figure.value)} ${unit}` : "";
  const told = stalled
    ? `, the stalled one got ${stalled.prefix}${stalled.closed ? `, closed with ${stalled.closed}` : ", was told nothing"}`
    : "";
  if (!ratio) return `${name} ${value}${told}`;
  return `${name} ${value}  ${dim(`${interval(ratio)} of ${ratio.control}: ${ratio.decision}`)}${told}`;
}

function interval({ value, low, high }: { value: number; low: number; high: number }): string {
  return `× ${value.toFixed(2)} [${low.toFixed(2)}–${high.toFixed(2)}]`;
}

function number(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

// The line that changes, on a terminal only.
function tell(what: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${what && dim(`  … ${what}`)}`);
}

function bold(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}

function dim(text: string): string {
  return styleText("dim", text, { stream: process.stdout });
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

function versions(): Record<string, string> {
  const packages = ["bun", "ws", "hono"].map((name) => {
    const file = resolve(import.meta.dirname, `../node_modules/${name}/package.json`);
    return [name, (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version];
  });
  return { node: process.versions.node, ...Object.fromEntries(packages) };
}

function save(file: string, results: BenchResults): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
  console.log(`\n${file}`);
}
