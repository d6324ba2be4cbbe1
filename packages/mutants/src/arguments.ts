import { CommandError } from "@rosetta/compare";
import { parseCommandLine } from "@rosetta/manifest";
import { areaOf, isIn, type Mutant } from "./mutant.ts";

/** The task that `pnpm mutants` was given. */
export type MutantsOptions =
  | { do: "help" }
  | { do: "check" }
  | { do: "list"; areas: string[] }
  | { do: "run"; areas: string[]; jobs: number; quick: boolean; seed: number };

export const help = `pnpm mutants [area…] [--jobs n]  puts each listed mistake into a copy of the code
                                 and runs the tests that should catch it
pnpm mutants --quick [--seed n]  does so for a random selection that takes at most five minutes on two cores;
                                 the seed picks it (default: today's date, as in 20261128)
pnpm mutants --list [area…]      lists the mistakes without trying them
pnpm mutants --check             only checks that each of them still fits the code
pnpm mutants --help              prints this text

An area is a folder under packages/ or apps/, or e2e, or the beginning of a file's path. --jobs defaults to 2.
Results are written to results/mutants.json. The exit code is 0 if a test catches every mistake that is not listed
as open or equal, 1 if one goes unnoticed, 2 if nothing ran: a bad argument, or an entry that no longer fits the code.
Environment: PORT_BASE, the first port that servers use (default: 24000).`;

// Each job has its own ports (see run.ts).
const mostJobs = 16;

/** Reads the command line. `known` are all mistakes; `today` is the seed unless one is given. Throws a `CommandError`. */
export function readArguments(given: string[], known: Pick<Mutant, "file">[], today: Date): MutantsOptions {
  const { values, positionals } = parse(given);
  if (values.help) return { do: "help" };
  if (values.check) return { do: "check" };
  const unknown = positionals.find((area) => !known.some((mutant) => isIn(mutant, area)));
  if (unknown !== undefined) {
    const areas = [...new Set(known.map(areaOf))].join(", ");
    throw new CommandError(`no mutants in "${unknown}"; choose ${areas}, or the beginning of a file's path`);
  }
  if (values.list) return { do: "list", areas: positionals };
  const quick = values.quick ?? false;
  if (values.seed !== undefined && !quick) throw new CommandError("--seed needs --quick");
  const jobs = wholeNumber("--jobs", values.jobs ?? "2", mostJobs);
  const day = today.toISOString().slice(0, 10).replaceAll("-", "");
  const seed = wholeNumber("--seed", values.seed ?? day, 2 ** 32 - 1);
  return { do: "run", areas: positionals, jobs, quick, seed };
}

function wholeNumber(name: string, text: string, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new CommandError(`${name} must be a whole number from 1 to ${most}, not "${text}"`);
}

function parse(given: string[]) {
  const parsed = parseCommandLine(given, {
    check: { type: "boolean" },
    help: { type: "boolean", short: "h" },
    jobs: { type: "string" },
    list: { type: "boolean" },
    quick: { type: "boolean" },
    seed: { type: "string" },
  });
  if (typeof parsed === "string") throw new CommandError(`${parsed}; see pnpm mutants --help`);
  return parsed;
}
