import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/**
 * Parses a command's arguments: options, and words between them. A `--`, as pnpm passes it on, is left out. If an option
 * is unknown or lacks its value, returns one sentence that says so.
 */
export function parseCommandLine<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: args.filter((each) => each !== "--"), allowPositionals: true, options });
  } catch (error) {
    // Node's message continues with advice about escaping a dash.
    return (error as Error).message.split(". ")[0] ?? "";
  }
}
