// Reads the command line of `pnpm dev`.
import { chooseServers, type Manifest, parseCommandLine } from "@rosetta/manifest";

/** A valid command line, parsed. */
export interface DevRequest {
  help: boolean;
  /** The servers to run, in the order of their ports. */
  servers: Manifest[];
  /** What `--port` says, unchecked. Default: the variable `PORT`. */
  port: string | undefined;
  /** Whether the servers are to be one application, behind one address. */
  cluster: boolean;
}

/** Parses the arguments. Returns one line that says what is wrong if they are not valid. */
export function readArguments(args: readonly string[]): DevRequest | string {
  const parsed = parse(args);
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  const servers = chooseServers([...positionals, ...(values.filter ?? [])]);
  if (typeof servers === "string") return servers;
  return { help: values.help ?? false, servers, port: values.port, cluster: values.cluster ?? false };
}

function parse(args: readonly string[]) {
  const parsed = parseCommandLine(args, {
    cluster: { type: "boolean" },
    filter: { type: "string", short: "F", multiple: true },
    help: { type: "boolean", short: "h" },
    port: { type: "string" },
  });
  return typeof parsed === "string" ? `${parsed}; pnpm dev --help lists the options` : parsed;
}
