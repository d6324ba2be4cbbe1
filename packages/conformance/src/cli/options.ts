// The command line.

import { parseArgs } from "node:util";
import type { Level } from "../model/case-head.ts";
import type { Selection } from "./select.ts";
import { UsageError } from "./usage-error.ts";

/** The task that the command line asks for. */
export type Task =
  | { do: "help" }
  | { do: "version" }
  | { do: "list"; autobahn: boolean; selection: Selection }
  | { do: "explain"; id: string; seed: number }
  | ({ do: "serve" } & ServeTask)
  | ({ do: "run" } & RunTask);

/** A run: what to judge, how, and what to write down. */
export interface RunTask {
  /** URLs, and names of targets. */
  names: string[];
  /** Clients to judge instead of servers: names and commands. */
  clients: string[];
  all: boolean;
  selection: Selection;
  jobs: number;
  seed: number;
  /** `Infinity` for --no-deadline. Left out: the default. */
  deadlineMs: number | undefined;
  headers: [name: string, value: string][];
  insecure: boolean;
  strict: boolean;
  verbose: boolean;
  start?: string;
  baseline?: string;
  files: Files;
}

/** How to wait for clients. */
export interface ServeTask {
  selection: Selection;
  port: number;
  seed: number;
  deadlineMs: number | undefined;
}

/** Which files to write, and where. */
export interface Files {
  json?: string;
  html?: string;
  junit?: string;
  "autobahn-json"?: string;
}

/** Returns the output of `--help`. `names` are those of servers that need no URL, `clients` those of clients. */
export function help(names: readonly string[], clients: readonly string[]): string {
  const ours = names.length > 0;
  return `Judges WebSocket servers and clients against RFC 6455 and RFC 7692. The server or client must echo each message, text
as text and binary as binary.

  conform <ws-url>…              judges one server, or several side by side
${ours ? `  conform <name>…                starts one of ours: ${names.join(", ")}\n  conform --all                  starts all of ours, side by side\n` : ""}  conform <ws-url> --start '<command>'
                                 starts the server, waits for its port, ends it afterwards
  conform --client <name>        judges a client: ${clients.join(", ")}, or a command, which is given the URL of a page
  conform --serve [--port <n>]   waits for clients (on 127.0.0.1:9001) until Ctrl-C
  conform --list [--autobahn]    lists every case; with --autobahn, which of ours cover Autobahn's 517
  conform --explain <id>         shows one case: its clause, the bytes it sends, what it allows

which cases
  --only <a,b,…>      ids (6.4.2), prefixes of ids (6.4), groups (utf-8)
  --level <level>     must, should (and must) or may (all; the default)
  --deflate           only the cases with compression
  --no-deflate        only those without. Default: both; a feature that the peer lacks is "unsupported"

how
  --jobs <n>          how many cases run at the same time (8)
  --seed <n>          the seed of random cuts, keys and payloads (1)
  --timeout <ms>      how long to wait for each answer (5000; clients 20000)
  --no-deadline       waits for ever and runs one case at a time, for a server in a debugger
  --header <'N: v'>   adds a header to every handshake; can be given several times
  --strict            also fails behaviour that the RFC allows but Autobahn fails: see --list --autobahn
  --insecure          accepts a certificate that is not trusted
  --baseline <file>   known failures, a JSON list of {"id", "reason", "link"}; an entry that passes is an error

output
  --json <file>  --html <file>  --junit <file>  --autobahn-json <file>
  --verbose           prints the details of every case that does not pass
  --help, --version

exit code: 0 nothing fails · 1 something fails · 2 the command line is wrong
           3 the target could not be reached, does not echo, or died for good · 130 stopped by Ctrl-C`;
}

const options = {
  all: { type: "boolean" },
  autobahn: { type: "boolean" },
  "autobahn-json": { type: "string" },
  baseline: { type: "string" },
  client: { type: "string", multiple: true },
  deflate: { type: "boolean" },
  explain: { type: "string" },
  header: { type: "string", multiple: true },
  help: { type: "boolean", short: "h" },
  html: { type: "string" },
  insecure: { type: "boolean" },
  jobs: { type: "string" },
  json: { type: "string" },
  junit: { type: "string" },
  level: { type: "string" },
  list: { type: "boolean" },
  "no-deadline": { type: "boolean" },
  "no-deflate": { type: "boolean" },
  only: { type: "string", multiple: true },
  port: { type: "string" },
  seed: { type: "string" },
  serve: { type: "boolean" },
  start: { type: "string" },
  strict: { type: "boolean" },
  timeout: { type: "string" },
  verbose: { type: "boolean" },
  version: { type: "boolean" },
} as const;

type Values = ReturnType<typeof parse>["values"];

/** Parses the command line. Throws a `UsageError`. */
export function readArguments(given: readonly string[]): Task {
  const { values, positionals } = parse(given);
  if (values.help) return { do: "help" };
  if (values.version) return { do: "version" };
  if (values.explain !== undefined) {
    return { do: "explain", id: values.explain, seed: whole("seed", values.seed, 1) };
  }
  const selection = selectionOf(values);
  if (values.list) return { do: "list", autobahn: values.autobahn ?? false, selection };
  if (values.autobahn) throw new UsageError("--autobahn has an effect only with --list");
  if (values.serve) return { do: "serve", ...serveOf(values, positionals, selection) };
  if (values.port !== undefined) throw new UsageError("--port has an effect only with --serve");
  return { do: "run", ...runOf(values, positionals, selection) };
}

function parse(given: readonly string[]) {
  try {
    // pnpm passes on the `--` that separates its own options from ours.
    const args = given[0] === "--" ? given.slice(1) : [...given];
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    // Node's message goes on with advice.
    const [sentence] = (error as Error).message.split(/\.\s/);
    throw new UsageError(`${sentence}; --help names all options`);
  }
}

function serveOf(values: Values, names: readonly string[], selection: Selection): ServeTask {
  const stray = names[0] ?? given(values, ["all", "client", ...forRuns, ...forServers]);
  if (stray !== undefined) throw new UsageError(`--serve waits for clients; leave out ${stray}`);
  const port = whole("port", values.port, 9001, 0, 65_535);
  return { selection, port, seed: whole("seed", values.seed, 1), deadlineMs: deadlineOf(values) };
}

// Options about the reports of a run and about servers. They would have no effect without a run or a server.
const forRuns = ["json", "html", "junit", "autobahn-json", "baseline", "verbose"] as const;
const forServers = ["start", "header", "insecure", "strict", "jobs"] as const;

function given(values: Values, names: readonly (keyof Values)[]): string | undefined {
  const name = names.find((each) => values[each] !== undefined);
  return name && `--${name}`;
}

function runOf(values: Values, names: string[], selection: Selection): RunTask {
  const {
    all = false,
    client: clients = [],
    start,
    baseline,
    insecure = false,
    strict = false,
    verbose = false,
  } = values;
  checkTargets(values, names);
  return {
    names,
    all,
    clients,
    selection,
    jobs: whole("jobs", values.jobs, values["no-deadline"] ? 1 : 8, 1, 256),
    seed: whole("seed", values.seed, 1),
    deadlineMs: deadlineOf(values),
    headers: (values.header ?? []).map(headerOf),
    insecure,
    strict,
    verbose,
    files: filesOf(values),
    ...(start !== undefined && { start }),
    ...(baseline !== undefined && { baseline }),
  };
}

function checkTargets(values: Values, names: readonly string[]): void {
  const { all = false, client = [], start } = values;
  const [first] = names;
  if (all && first !== undefined) throw new UsageError(`--all and "${first}": leave out one of them`);
  if (client.length > 0 && (all || first !== undefined || start !== undefined)) {
    throw new UsageError("--client judges clients; leave out the servers");
  }
  const stray = client.length > 0 && given(values, forServers);
  if (stray) throw new UsageError(`--client judges clients; ${stray} is for servers, leave it out`);
  if (client.includes("")) throw new UsageError("--client: the name is empty");
  if (!all && first === undefined && client.length === 0) {
    throw new UsageError(
      "nothing to judge: give the URL of a server, ws://127.0.0.1:3001/echo, or see --help",
    );
  }
  const targets = [...names, ...client];
  const twice = targets.find((name, index) => targets.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`"${twice}" is given twice; leave out one of them`);
  if (start !== undefined && (all || names.length > 1)) {
    throw new UsageError("--start starts one server; give one URL with it");
  }
}

function deadlineOf({ timeout, "no-deadline": patient }: Values): number | undefined {
  if (timeout !== undefined && patient) {
    throw new UsageError("--timeout and --no-deadline: leave out one of them");
  }
  if (patient) return Number.POSITIVE_INFINITY;
  return timeout === undefined ? undefined : whole("timeout", timeout, 0, 1, 3_600_000);
}

function selectionOf({ only, level, deflate, "no-deflate": noDeflate }: Values): Selection {
  if (deflate && noDeflate) throw new UsageError("--deflate and --no-deflate: leave out one of them");
  const names = only?.flatMap((each) => each.split(",")).map((name) => name.trim());
  if (names?.some((name) => name === "")) {
    throw new UsageError(
      `--only ${only?.join(",")}: a name is empty; expected something like --only 6.4,utf-8`,
    );
  }
  return {
    ...(names && { only: names }),
    ...(level !== undefined && { level: levelOf(level) }),
    ...((deflate || noDeflate) && { deflate: deflate ?? false }),
  };
}

function levelOf(word: string): Level {
  const level = (["MUST", "SHOULD", "MAY"] as const).find((each) => each === word.toUpperCase());
  if (level) return level;
  throw new UsageError(`--level ${word}: expected must, should or may`);
}

function whole(
  name: string,
  value: string | undefined,
  otherwise: number,
  from = 0,
  to = 0xffff_ffff,
): number {
  if (value === undefined) return otherwise;
  const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= from && number <= to) return number;
  throw new UsageError(`--${name} ${value}: expected a whole number from ${from} to ${to}`);
}

// A second one would spoil a handshake that has to be correct.
const ownHeaders = ["host", "upgrade", "connection"].concat(
  ["key", "version", "extensions"].map((each) => `sec-websocket-${each}`),
);

// RFC 9110 §5.1 and §5.5: a token, and a value without control characters.
function headerOf(given: string): [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(given) ?? [];
  if (name !== undefined && ownHeaders.includes(name.toLowerCase())) {
    throw new UsageError(`--header ${name}: every handshake sets this header itself; leave it out`);
  }
  if (name !== undefined && value !== undefined) return [name, value];
  throw new UsageError(`--header "${given}": expected something like --header 'Authorization: Bearer …'`);
}

function filesOf(values: Values): Files {
  const files: Files = {};
  for (const kind of ["json", "html", "junit", "autobahn-json"] as const) {
    const file = values[kind];
    if (file === "") throw new UsageError(`--${kind}: the name of the file is empty`);
    const other = Object.entries(files).find(([, each]) => each === file);
    if (other)
      throw new UsageError(`--${other[0]} and --${kind} name the same file, ${file}; give each its own`);
    if (file !== undefined) files[kind] = file;
  }
  return files;
}
