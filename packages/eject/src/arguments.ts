import { parseCommandLine } from "@rosetta/manifest";

/** The task that `pnpm eject` was given. */
export type EjectOptions =
  | { do: "help" }
  /** `all`: with the extras and the course. */
  | { do: "app"; server: string; folder: string; all: boolean }
  /** `step`: the number of the rung, or its subject. */
  | { do: "rung"; server: string; folder: string; step: string };

/** A reason not to eject. The message is one line for the terminal. */
export class EjectError extends Error {}

export const help = `pnpm eject <server> <folder>           writes the server to a new folder, as a project that stands alone
pnpm eject --all <server> <folder>     with the weather, the jobs and the failures, and the course as its page
pnpm eject --step 6 <server> <folder>  writes one rung of the ladder instead: a server in a single file
pnpm eject --help                      prints this text

The folder must be outside of this repository, and empty if it exists. A server keeps everything in memory unless it is
started with REDIS_URL; then all that share this Redis are one application. A rung knows nothing of that.`;

/** Parses the command line. Throws an `EjectError`. */
export function readArguments(given: string[]): EjectOptions {
  const { values, positionals } = parse(given);
  if (values.help) return { do: "help" };
  const [server, folder, stray] = positionals;
  if (!server || !folder) {
    // With too few words, --step has taken the server for its rung.
    const rung = values.step === undefined ? "" : "--step 6 ";
    throw new EjectError(
      `name a ${rung && "rung, a "}server and a folder: pnpm eject ${rung}<server> <folder>`,
    );
  }
  if (stray !== undefined) throw new EjectError(`"${stray}" is one word too many; see pnpm eject --help`);
  if (values.step === undefined) return { do: "app", server, folder, all: values.all ?? false };
  if (values.all) throw new EjectError("--all and --step are two commands: a rung has no extras");
  return { do: "rung", server, folder, step: values.step };
}

function parse(given: string[]) {
  const parsed = parseCommandLine(given, {
    all: { type: "boolean" },
    help: { type: "boolean", short: "h" },
    step: { type: "string" },
  });
  if (typeof parsed === "string") throw new EjectError(`${parsed}; see pnpm eject --help`);
  return parsed;
}
