// What `pnpm bench` was asked for.

import { parseArgs } from "node:util";
import { type LoadOrder, readLoad } from "./load-order.ts";
import type { Cores } from "./machine.ts";
import { type ScenarioName, scenarioNames } from "./scenarios.ts";

/** A request that can be done. */
export interface Request {
  mode: "measure" | "report" | "load" | "generator" | "help";
  quick: boolean;
  servers: string[];
  scenarios: ScenarioName[];
  pairs: number | undefined;
  cores: Cores | undefined;
  load: LoadOrder | undefined;
  json: string | undefined;
}

export const usage = `pnpm bench [server…] [options]

Measures the servers of the house, the bare libraries they stand on, and a limit without WebSocket, in pairs and
against their own noise. Without a server: all of them. Everything goes to results/bench.json, and from it to
results/bench.html.

  --scenario a,b   only these: ${scenarioNames.join(", ")}
  --quick          about three minutes: wider intervals, no compression, and no hello.ts that is not named
  --pairs N        slices of each server and of its control, where any are compared (default: 5 to 16)
  --cores S,G      the core of the server and that of the generator (default: the first two)
  --json FILE      where the results go (default results/bench.json; the report goes beside them)
  --report         measure nothing, make the report again
  --load '…'       measure nothing else, ask whether a server bears this load on one core:
                   'conns=5000 rate=1000/s size=300 fanout=20'
  --generator      measure nothing else, compare the load generator with one in C and with itself on Node
  --help           this

A figure is printed with the interval in which it lies with 95 % confidence. A difference is "undecided" if its interval
is not wholly beyond that of equal servers, by what two processes of the same server show, and beyond the factor by
which another run may differ. A throughput is shown only if the server was busy all the time. Who loses, changes or
reorders a message is not measured.

--load: conns connections to /ws (default 1000) in rooms of one who speaks and fanout who listen (default 20); what is
left over stays idle. In all, rate messages a second (default 1000/s) are published on a schedule, room after room,
each a text of size bytes (default 300), and delivered to fanout listeners. It holds if in ten seconds every delivery
came, in order, 99 in 100 of them within a second from when the message was due, and none was left behind. Limits of
messages and queues are raised. Told with intervals over those seconds: the part of one core, the memory in RAM.`;

/** Reads the arguments; a string says what is wrong with them. */
export function readArguments(args: readonly string[], known: readonly string[]): Request | string {
  const parsed = parse(args);
  if (typeof parsed === "string") return parsed;
  const { values, positionals: servers } = parsed;
  const modes = (["report", "load", "generator"] as const).filter((name) => values[name] !== undefined);
  if (modes.length > 1) return `--${modes.join(" and --")} cannot be had at once`;
  const stranger = servers.find((id) => !known.includes(id));
  if (stranger !== undefined) return `unknown server "${stranger}"; there are: ${known.join(", ")}`;
  const scenarios = readScenarios(values.scenario);
  const pairs = readPairs(values.pairs);
  const cores = readCores(values.cores);
  const load = readLoad(values.load);
  for (const each of [scenarios, pairs, cores, load]) if (typeof each === "string") return each;
  const read = { scenarios, pairs, cores, load } as Pick<Request, "scenarios" | "pairs" | "cores" | "load">;
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
  try {
    return parseArgs({
      args: args.filter((each) => each !== "--"),
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        quick: { type: "boolean" },
        scenario: { type: "string" },
        pairs: { type: "string" },
        cores: { type: "string" },
        json: { type: "string" },
        report: { type: "boolean" },
        load: { type: "string" },
        generator: { type: "boolean" },
      },
    });
  } catch (error) {
    return `${(error as Error).message.split(". ")[0]}; pnpm bench --help shows what there is`;
  }
}
