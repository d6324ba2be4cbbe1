import { type AppFolder, parseCommandLine } from "@rosetta/manifest";

/** The task that `pnpm parity` was given. */
export type ParityOptions =
  | { do: "help" }
  | { do: "check"; record: boolean }
  | { do: "bite"; folder: AppFolder; servers: string[]; regions: string[]; jobs: number };

/** A reason not to start. The message is one line for the terminal. */
export class CommandError extends Error {}

export const help = `pnpm parity            compares the servers' code and the suite's tags with the rules of the house
pnpm parity --record   does so and records which regions are equal (packages/compare/equal.json)
pnpm parity --bite [--steps] [server…] [--region name]… [--jobs n]
                       empties each region of each server in turn, in a copy: the region's tests must fail.
                       With --steps it does so with the last rung of each ladder. --jobs defaults to 2
pnpm parity --help     prints this text`;

// Each job has its own ports (see bite.ts), and below 32768 there is room for this many jobs.
const mostJobs = 16;

/** Parses the command line. Throws a `CommandError`. */
export function readArguments(given: string[]): ParityOptions {
  const { values, positionals } = parse(given);
  if (values.help) return { do: "help" };
  if (!values.bite) {
    const [stray] = [
      ...positionals,
      ...(values.region ?? []),
      ...(values.jobs ? [values.jobs] : []),
      ...(values.steps ? ["--steps"] : []),
    ];
    if (stray !== undefined) throw new CommandError(`"${stray}" means something only with --bite`);
    return { do: "check", record: values.record ?? false };
  }
  if (values.record) throw new CommandError("--record and --bite are two commands");
  const jobs = Number(values.jobs ?? 2);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > mostJobs) {
    throw new CommandError(`--jobs is a number from 1 to ${mostJobs}, not "${values.jobs}"`);
  }
  const folder = values.steps ? "steps" : "src";
  return { do: "bite", folder, servers: positionals, regions: values.region ?? [], jobs };
}

function parse(given: string[]) {
  const parsed = parseCommandLine(given, {
    bite: { type: "boolean" },
    help: { type: "boolean", short: "h" },
    jobs: { type: "string" },
    record: { type: "boolean" },
    region: { type: "string", multiple: true },
    steps: { type: "boolean" },
  });
  if (typeof parsed === "string") throw new CommandError(`${parsed}; see pnpm parity --help`);
  return parsed;
}
