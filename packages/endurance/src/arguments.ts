import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { chooseServers, type Manifest, readManifests } from "@rosetta/manifest";

/** The task that a command line asks for. */
export interface EnduranceOptions {
  servers: Manifest[];
  numbers: Record<string, number>;
}

/** Options that take a number: their names and defaults. */
export type NumberOptions = Readonly<Record<string, number>>;

/** Reads `[server …] [--option number]`. `--help` prints `help` and exits; a wrong argument exits with 2 and one line. */
export function readOptions(help: string, options: NumberOptions): EnduranceOptions {
  const { values, positionals } = parse(options);
  if (values.help) {
    const ids = readManifests().map(({ id }) => id);
    console.log(`${help}\n\nServers: ${ids.join(", ")}; default: all of them.`);
    process.exit(0);
  }
  const servers = chooseServers(positionals);
  if (typeof servers === "string") return fail(servers);
  const numbers = Object.fromEntries(
    Object.entries(options).map(([name, usual]) => [name, toNumber(name, values[name], usual)]),
  );
  return { servers, numbers };
}

function toNumber(name: string, text: unknown, usual: number): number {
  if (text === undefined) return usual;
  const number = Number(text);
  if (!/^\d+(\.\d+)?$/.test(String(text)) || number <= 0)
    fail(`--${name} ${text}: expected a number above 0`);
  return number;
}

function parse(options: NumberOptions) {
  const named = Object.fromEntries(Object.keys(options).map((name) => [name, { type: "string" as const }]));
  const all: ParseArgsOptionsConfig = { ...named, help: { type: "boolean", short: "h" } };
  try {
    return parseArgs({ allowPositionals: true, options: all });
  } catch (error) {
    return fail((error as Error).message);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
