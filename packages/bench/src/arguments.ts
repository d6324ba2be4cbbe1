// What `pnpm bench` was asked for.

import { parseArgs } from "node:util";
import { type ScenarioName, scenarioNames } from "./scenarios.ts";

/** A request that can be done. */
export interface Request {
  help: boolean;
  quick: boolean;
  servers: string[];
  scenarios: ScenarioName[];
  pairs: number | undefined;
  json: string | undefined;
}

export const usage = `pnpm bench [server…] [options]

Measures the servers of the house, the bare libraries they stand on, and a limit without WebSocket, in pairs and
against their own noise. Without a server: all of them.

  --scenario a,b   only these: ${scenarioNames.join(", ")}
  --quick          less than three minutes, and wider intervals
  --pairs N        slices of each server and of its control (default 10; 3 with --quick)
  --json FILE      where the results go (default results/bench.json)
  --help           this

A figure is printed with the interval in which it lies with 95 % confidence. A difference that is not beyond what two
processes of the same server show is "undecided"; a throughput is shown only if the server was busy all the time.`;

/** Reads the arguments; a string says what is wrong with them. */
export function readArguments(args: readonly string[], known: readonly string[]): Request | string {
  const parsed = parse(args);
  if (typeof parsed === "string") return parsed;
  const { values, positionals: servers } = parsed;
  const stranger = servers.find((id) => !known.includes(id));
  if (stranger !== undefined) return `unknown server "${stranger}"; there are: ${known.join(", ")}`;
  const scenarios = values.scenario?.split(",") ?? [...scenarioNames];
  const wrong = scenarios.find((name) => !scenarioNames.includes(name as ScenarioName));
  if (wrong !== undefined) return `unknown scenario "${wrong}"; there are: ${scenarioNames.join(", ")}`;
  const pairs = values.pairs === undefined ? undefined : Number(values.pairs);
  if (pairs !== undefined && !(Number.isInteger(pairs) && pairs >= 2 && pairs <= 1_000)) {
    return `--pairs ${values.pairs} cannot be used: expected a whole number from 2 to 1000`;
  }
  const { help = false, quick = false, json } = values;
  return { help, quick, servers, scenarios: scenarios as ScenarioName[], pairs, json };
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
        json: { type: "string" },
      },
    });
  } catch (error) {
    return `${(error as Error).message.split(". ")[0]}; pnpm bench --help shows what there is`;
  }
}
