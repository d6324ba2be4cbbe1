// The command behind `pnpm fuzz`.
import { parseArgs } from "node:util";
import { chooseServers, type Manifest, readManifests } from "@rosetta/manifest";
import { declaredOf, describeFound, type FuzzReport, fuzz } from "./fuzz.ts";

const ids = readManifests().map(({ id }) => id);
const help = `pnpm fuzz [server …] [options]    Talks to servers over raw TCP as no client should, and checks that they survive it.

  --conversations <n>   how many per server; default: 2,000, or no limit if --seconds is given
  --seconds <t>         how long per server
  --seed <s>            repeats the conversations of an earlier run; default: a random seed
  --path <p>            with --seed: plays only the conversation that a failing run printed

Servers: ${ids.join(", ")}; default: all of them.
After each conversation the server must still run, serve an honest request and an honest WebSocket, and have released
what the conversation used. Exit code: 1 if a server failed, 2 if the command cannot be understood.`;

const { values, positionals } = readArguments();
if (values.help) console.log(help);
else await run();

async function run(): Promise<void> {
  const seed = number("seed") ?? Math.floor(Math.random() * 2 ** 31);
  if (values.path !== undefined && values.seed === undefined) fail("--path needs the --seed of the same run");
  const seconds = number("seconds");
  const conversations = number("conversations") ?? (seconds === undefined ? 2_000 : undefined);
  const servers = chooseServers(positionals);
  if (typeof servers === "string") return fail(servers);
  for (const manifest of servers) {
    const report = await fuzz({
      manifest,
      seed,
      seconds,
      conversations,
      path: values.path,
      declared: declaredOf(manifest),
    });
    print(manifest, seed, report);
    if (report.found) process.exitCode = 1;
  }
}

function print(
  manifest: Manifest,
  seed: number,
  { conversations, declared, seconds, found }: FuzzReport,
): void {
  const known = declared > 0 ? `, ${declared} of them with a fault declared in server.json` : "";
  const done = `${manifest.id}: ${conversations} conversations${known} in ${seconds.toFixed(1)} s (seed ${seed})`;
  console.log(found ? `${describeFound(manifest, seed, found)}\n${done}` : `${done}: no faults`);
}

function number(name: "seed" | "seconds" | "conversations"): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^-?\d+$/.test(text)) fail(`--${name} ${text}: expected a whole number`);
  return Number(text);
}

function readArguments() {
  const option = { type: "string" } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        conversations: option,
        seconds: option,
        seed: option,
        path: option,
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    return fail((error as Error).message);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
