// Reads the command line of `pnpm bench`.

import { parseCommandLine } from "@rosetta/manifest";
import { type LoadOrder, readLoad } from "./load-order.ts";
import type { Cores } from "./machine.ts";
import { type ScenarioName, scenarioNames } from "./scenarios.ts";

/** A valid command line, parsed. */
export interface BenchOptions {
  mode: "measure" | "report" | "table" | "load" | "generator" | "growth" | "help";
  quick: boolean;
  servers: string[];
  scenarios: ScenarioName[];
  pairs: number | undefined;
  cores: Cores | undefined;
  load: LoadOrder | undefined;
  json: string | undefined;
}

export const usage = `pnpm bench [server…] [options]

Measures the servers of this repository, the bare libraries they stand on, and a limit without WebSocket. Servers are
measured in pairs and compared with their own noise. Without a server, all are measured. The results go to
results/bench.json, and the report made from them to results/bench.html.

  --scenario a,b   run only these: ${scenarioNames.join(", ")}
  --quick          less than three minutes: wider intervals, no compression, first rungs only if you name them
  --pairs N        slices of each server and of its control, wherever servers are compared (default: 5 or 6)
  --cores S,G      the core of the server and the core of the generator (default: the first two)
  --json FILE      where to write the results (default: results/bench.json; the report goes beside them)
  --report         measure nothing and make the report again
  --table          measure nothing and write the results into the table of packages/bench/README.md
  --load '…'       only test whether a server bears this load on one core:
                   'conns=5000 rate=1000/s size=300 fanout=20'
  --growth         only show whether an arrival, a publication and a delivery cost more, the more connections, clients,
                   rooms and members there are
  --generator      only compare the load generator with one in C and with itself on Node. With servers, only compare
                   these with their controls, by the generator in C
  --help           print this help

Each figure is printed with its 95 % confidence interval. A difference is "undecided" unless its interval lies wholly
beyond that of equal servers (measured with two processes of the same server) and beyond the factor by which another
run may differ. A throughput is shown only if the server was busy all the time. A server that loses, changes or
reorders a message is not measured.

--load opens conns connections to /ws (default 1000) in rooms of one publisher and fanout listeners (default 20).
Connections left over stay idle. Over all rooms, rate messages a second (default 1000/s) are published on a schedule,
room after room. Each is a text of size bytes (default 300) and is delivered to fanout listeners. The load holds if, for
ten seconds, every delivery came, in order, and 99 in 100 came within a second of when the message was due. Limits of
messages and queues are raised. The output also gives the use of one core and the memory in RAM, with their intervals
over those seconds.`;

/** Parses the arguments. Returns a string that says what is wrong if they are not valid. */
export function readArguments(args: readonly string[], known: readonly string[]): BenchOptions | string {
  const parsed = parse(args);
  if (typeof parsed === "string") return parsed;
  const { values, positionals: servers } = parsed;
  const modes = (["report", "table", "load", "generator", "growth"] as const).filter(
    (name) => values[name] !== undefined,
  );
  if (modes.length > 1) return `--${modes.join(" and --")} cannot be combined`;
  const stranger = servers.find((id) => !known.includes(id));
  if (stranger !== undefined) return `unknown server "${stranger}"; there are: ${known.join(", ")}`;
  const scenarios = readScenarios(values.scenario);
  const pairs = readPairs(values.pairs);
  const cores = readCores(values.cores);
  const load = readLoad(values.load);
  for (const each of [scenarios, pairs, cores, load]) if (typeof each === "string") return each;
  const read = { scenarios, pairs, cores, load } as Pick<
    BenchOptions,
    "scenarios" | "pairs" | "cores" | "load"
  >;
  const { help, quick = false, json } = values;
  return { mode: help ? "help" : (modes[0] ?? "measure"), quick, servers, json, ...read };
}

function readScenarios(text: string | undefined): ScenarioName[] | string {
  const names = text?.split(",") ?? scenarioNames;
  const wrong = names.find((name) => !scenarioNames.includes(name as ScenarioName));
  if (wrong === undefined) return [...names] as ScenarioName[];
  return `unknown scenario "${wrong}"; there are: ${scenarioNames.join(", ")}`;
}

function readPairs(text: string | undefined): number | undefined | string {
  if (text === undefined) return undefined;
  const pairs = Number(text);
  if (Number.isInteger(pairs) && pairs >= 2 && pairs <= 1_000) return pairs;
  return `--pairs ${text} cannot be used: expected a whole number from 2 to 1000`;
}

function readCores(text: string | undefined): Cores | undefined | string {
  if (text === undefined) return undefined;
  const [, server, generator] = /^(\d+),(\d+)$/.exec(text) ?? [];
  if (server !== undefined && generator !== undefined && server !== generator) {
    return { server: Number(server), generator: Number(generator) };
  }
  return `--cores ${text} cannot be used: expected two different numbers, as in 2,3`;
}

function parse(args: readonly string[]) {
  const parsed = parseCommandLine(args, {
    help: { type: "boolean", short: "h" },
    quick: { type: "boolean" },
    scenario: { type: "string" },
    pairs: { type: "string" },
    cores: { type: "string" },
    json: { type: "string" },
    report: { type: "boolean" },
    table: { type: "boolean" },
    load: { type: "string" },
    generator: { type: "boolean" },
    growth: { type: "boolean" },
  });
  return typeof parsed === "string" ? `${parsed}; pnpm bench --help lists the options` : parsed;
}
