import { parseArgs } from "node:util";
import { Refusal } from "@rosetta/compare";
import { areaOf, isIn, type Mutant } from "./mutant.ts";

/** What `pnpm mutants` was asked to do. */
export type Request =
  | { do: "help" }
  | { do: "check" }
  | { do: "list"; areas: string[] }
  | { do: "run"; areas: string[]; jobs: number; quick: boolean; seed: number };

export const help = `pnpm mutants [area…] [--jobs n]  puts each listed mistake into a copy and runs the tests that must see it
pnpm mutants --quick [--seed n]  the same for a selection that takes at most five minutes on two cores;
                                 the seed chooses it (default: today, as in 20261128)
pnpm mutants --list [area…]      the mistakes, without running anything
pnpm mutants --check             only whether each of them still fits the code
pnpm mutants --help              this text

An area is a folder's name below packages/ or apps/, or e2e, or the beginning of a file's path. --jobs is 2 by default.
The result is written to results/mutants.json. The exit code is 0 if every mistake is seen by a test,
1 if one is not, 2 if nothing was begun: a wrong argument, or an entry of the list that no longer fits.
Environment: PORT_BASE=24000, the first port of the servers.`;

// Each job has ports of its own (see judge.ts).
const mostJobs = 16;

/** Reads the arguments of the command line. `known` are all mistakes; `today` stands in for a seed that is not given. */
export function readArguments(given: string[], known: Pick<Mutant, "file">[], today: Date): Request {
  const { values, positionals } = parse(given);
  if (values.help) return { do: "help" };
  if (values.check) return { do: "check" };
  const unknown = positionals.find((area) => !known.some((mutant) => isIn(mutant, area)));
  if (unknown !== undefined) {
    const areas = [...new Set(known.map(areaOf))].join(", ");
    throw new Refusal(`no mutants of "${unknown}": ${areas}, or the beginning of a file's path`);
  }
  if (values.list) return { do: "list", areas: positionals };
  const quick = values.quick ?? false;
  if (values.seed !== undefined && !quick) throw new Refusal("--seed means something only with --quick");
  const jobs = wholeNumber("--jobs", values.jobs ?? "2", mostJobs);
  const day = today.toISOString().slice(0, 10).replaceAll("-", "");
  const seed = wholeNumber("--seed", values.seed ?? day, 2 ** 32 - 1);
  return { do: "run", areas: positionals, jobs, quick, seed };
}

function wholeNumber(name: string, text: string, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new Refusal(`${name} is a number from 1 to ${most}, not "${text}"`);
}

function parse(given: string[]) {
  try {
    return parseArgs({
      args: given,
      allowPositionals: true,
      options: {
        check: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        jobs: { type: "string" },
        list: { type: "boolean" },
        quick: { type: "boolean" },
        seed: { type: "string" },
      },
    });
  } catch (error) {
    // Node's message goes on with advice about escaping a dash.
    const [sentence] = (error as Error).message.split(". ");
    throw new Refusal(`${sentence}; see pnpm mutants --help`);
  }
}
