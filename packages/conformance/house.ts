// `pnpm conform`: the command line, and the servers of this repository by name.

import { readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { folderOf, type Manifest, raisedLimits, readManifests } from "@rosetta/manifest";
import { houseClients } from "./house-clients.ts";
import { main } from "./src/cli.ts";
import type { Setup, Target } from "./src/target.ts";

// What a process needs to run. The rest of the developer's environment would change what is judged.
const inherited = ["PATH", "HOME", "TMPDIR", "TZ", "LANG", "NODE_OPTIONS"];

// Outside the range that Linux takes for outgoing connections: a server that comes back must find its port free.
const firstPort = Number(process.env.PORT_BASE ?? 24_000);

async function targetOf(manifest: Manifest, ports: AsyncGenerator<number, never>): Promise<Target> {
  const { id, title, runtime } = manifest;
  const setup = async (compressed: boolean): Promise<Setup> => {
    const { value: port } = await ports.next();
    const env = { ...environment(port), ...(compressed && { COMPRESSION: "1" }) };
    const run = commandOf(manifest);
    return { url: `ws://127.0.0.1:${port}/echo`, command: { run, cwd: folderOf(id), env }, compressed };
  };
  return {
    id,
    title,
    versions: versionsOf(manifest, runtime),
    policy: { ...raisedLimits, COMPRESSION: "1 (compressed cases only)" },
    setups: [await setup(false), await setup(true)],
  };
}

function environment(port: number): Record<string, string> {
  const kept = inherited.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    ...raisedLimits,
    PORT: String(port),
    HOST: "127.0.0.1",
    NO_COLOR: "1",
  };
}

// The pinned runtimes, also without pnpm on PATH: the node that runs us, and the bun of the app's folder.
function commandOf({ id, start }: Manifest): [string, ...string[]] {
  const [program = "", ...args] = start;
  if (program === "node") return [process.execPath, ...args];
  if (program === "bun") return [join(folderOf(id), "node_modules/.bin/bun"), ...args];
  return [program, ...args];
}

function versionsOf({ id }: Manifest, runtime: string): Record<string, string> {
  const read = (file: string) => JSON.parse(readFileSync(join(folderOf(id), file), "utf8"));
  const { dependencies = {} } = read("package.json");
  const names = Object.keys(dependencies).filter((name) => !name.startsWith("@rosetta/"));
  const versions = names.map((name) => [name, read(`node_modules/${name}/package.json`).version] as const);
  const own = runtime === "node" ? { node: process.versions.node } : {};
  return { ...own, ...Object.fromEntries(versions) };
}

async function* freePorts(): AsyncGenerator<number, never> {
  let port = firstPort;
  for (;;) {
    if (await isFree(port)) yield port;
    port++;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}

// pnpm starts scripts in the package's folder; files are meant as seen from where the command was given.
const { INIT_CWD } = process.env;
if (INIT_CWD !== undefined && process.cwd() === import.meta.dirname) process.chdir(INIT_CWD);

const ports = freePorts();
const targets: Target[] = [];
for (const manifest of readManifests()) targets.push(await targetOf(manifest, ports));
process.exit(await main(process.argv.slice(2), { targets, clients: houseClients }));
