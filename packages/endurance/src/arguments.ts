import { chooseServers, type Manifest, parseCommandLine, readManifests } from "@rosetta/manifest";

/** The task that a command line asks for. */
export interface EnduranceOptions {
  servers: Manifest[];
  numbers: Record<string, number>;
  /** The options that were given and take no value. */
  flags: ReadonlySet<string>;
  /** The options that were given and take a text. */
  texts: Record<string, string>;
}

/** The options of a command besides `--help`. */
export interface KnownOptions {
  /** Options that take a number: their names and defaults. */
  numbers: Readonly<Record<string, number>>;
  /** Options that take no value. Default: none. */
  flags?: readonly string[];
  /** Options that take a text, and have no default. Default: none. */
  texts?: readonly string[];
}

/** Reads `[server …] [--option value]`. `--help` prints `help` and exits; a wrong argument exits with 2 and one line. */
export function readOptions(
  help: string,
  { numbers, flags = [], texts = [] }: KnownOptions,
): EnduranceOptions {
  const parsed = parseCommandLine(process.argv.slice(2), {
    ...Object.fromEntries(
      [...Object.keys(numbers), ...texts].map((name) => [name, { type: "string" as const }]),
    ),
    ...Object.fromEntries(flags.map((name) => [name, { type: "boolean" as const }])),
    help: { type: "boolean", short: "h" },
  });
  if (typeof parsed === "string") return refuseArguments(parsed);
  const { positionals } = parsed;
  const values: Record<string, unknown> = parsed.values;
  if (values.help) {
    const ids = readManifests().map(({ id }) => id);
    console.log(`${help}\n\nServers: ${ids.join(", ")}; default: all of them.`);
    process.exit(0);
  }
  const servers = chooseServers(positionals);
  if (typeof servers === "string") return refuseArguments(servers);
  return {
    servers,
    numbers: Object.fromEntries(
      Object.entries(numbers).map(([name, usual]) => [name, toNumber(name, values[name], usual)]),
    ),
    flags: new Set(flags.filter((name) => values[name])),
    texts: Object.fromEntries(
      texts.flatMap((name) => (values[name] === undefined ? [] : [[name, String(values[name])]])),
    ),
  };
}

/** Says in one line what is wrong with the arguments, and exits with 2. */
export function refuseArguments(message: string): never {
  console.error(message);
  process.exit(2);
}

function toNumber(name: string, text: unknown, usual: number): number {
  if (text === undefined) return usual;
  const number = Number(text);
  if (!/^\d+(\.\d+)?$/.test(String(text)) || number <= 0)
    refuseArguments(`--${name} ${text}: expected a number above 0`);
  return number;
}
